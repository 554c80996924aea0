//! How the configuration in use stands to the one on disk, in words for pages and numbers for metrics.

use std::net::SocketAddr;

use jiff::Timestamp;

use super::Inputs;
use crate::config::{Config, LogFormat};
use crate::problem::Problems;

/// Of a configuration with many mistakes, pages show so many.
const MISTAKES_ON_PAGES: usize = 3;

/// The present standing.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    /// When the configuration in use was loaded.
    pub(super) loaded_at: Timestamp,
    /// Digest of the catalogue in use.
    pub(super) sha256: String,
    /// Since when the one on disk is not in use, and why.
    pub(super) refused: Option<(Timestamp, Problems)>,
    /// What of it waits for a restart, in sentences.
    pub(super) waiting: Vec<String>,
    fixed: Fixed,
}

/// Settings that only a start can change.
#[derive(Debug, Clone, Copy)]
struct Fixed {
    listen: SocketAddr,
    log_format: LogFormat,
}

impl Standing {
    /// As it is at the start.
    pub(super) fn new(inputs: &Inputs, loaded_at: Timestamp) -> Self {
        Self {
            loaded_at,
            sha256: inputs.catalog.sha256.clone(),
            refused: None,
            waiting: Vec::new(),
            fixed: Fixed {
                listen: inputs.config.web.listen,
                log_format: inputs.config.log_format,
            },
        }
    }

    /// As it is when `inputs` have come into use.
    pub(super) fn adopted(&self, inputs: &Inputs, now: Timestamp) -> Self {
        Self {
            loaded_at: now,
            sha256: inputs.catalog.sha256.clone(),
            refused: None,
            waiting: self.fixed.waiting(&inputs.config),
            fixed: self.fixed,
        }
    }

    /// As it is when what was read is no good.
    pub(super) fn refused(&self, problems: Problems, now: Timestamp) -> Self {
        let since = self.refused.as_ref().map_or(now, |(since, _)| *since);
        Self {
            refused: Some((since, problems)),
            ..self.clone()
        }
    }

    /// What a reader of pages must know.
    pub(super) fn notices(&self) -> impl Iterator<Item = String> {
        let refused = self.refused.as_ref().map(|(since, problems)| {
            format!(
                "the configuration on disk is refused since {}, and the one of before is in use: {}",
                since.strftime("%Y-%m-%d %H:%M:%S UTC"),
                problems.brief(MISTAKES_ON_PAGES).join("; ")
            )
        });
        refused.into_iter().chain(self.waiting.iter().cloned())
    }
}

impl Fixed {
    fn waiting(self, wanted: &Config) -> Vec<String> {
        let waits = |key: &str, wanted: String, in_use: String| {
            (wanted != in_use).then(|| {
                format!("`{key}: {wanted}` waits for a restart of the agent; {in_use} is in use")
            })
        };
        let listen = waits(
            "web.listen",
            wanted.web.listen.to_string(),
            self.listen.to_string(),
        );
        let log_format = waits(
            "log_format",
            wanted.log_format.to_string(),
            self.log_format.to_string(),
        );
        listen.into_iter().chain(log_format).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    fn standing() -> Standing {
        let config = Config::from(Settings::default());
        Standing {
            loaded_at: Timestamp::UNIX_EPOCH,
            sha256: String::new(),
            refused: None,
            waiting: Vec::new(),
            fixed: Fixed {
                listen: config.web.listen,
                log_format: config.log_format,
            },
        }
    }

    #[test]
    fn what_only_a_start_can_change_is_named() {
        let wanted = Config::from(Settings {
            listen: Some(([127, 0, 0, 1], 9110).into()),
            log_format: Some(LogFormat::Json),
            ..Settings::default()
        });
        let fixed = standing().fixed;
        let expected = [
            "`web.listen: 127.0.0.1:9110` waits for a restart of the agent; 0.0.0.0:9100 is in use",
            "`log_format: json` waits for a restart of the agent; text is in use",
        ];
        assert_eq!(fixed.waiting(&wanted), expected);
        let same = Config::from(Settings::default());
        assert_eq!(fixed.waiting(&same), [""; 0]);
    }

    #[test]
    fn a_refusal_counts_from_the_first_and_names_the_first_mistakes_of_the_last() {
        let mut problems = Problems::default();
        for line in 1..=5 {
            problems.add("a.yaml".as_ref(), Some(line), "", "wrong");
        }
        let (first, second) = (Timestamp::UNIX_EPOCH, Timestamp::now());
        let standing = standing().refused(Problems::default(), first);
        let standing = standing.refused(problems, second);
        let notices: Vec<_> = standing.notices().collect();
        let expected = "the configuration on disk is refused since 1970-01-01 00:00:00 UTC, and the one of before is \
             in use: a.yaml:1: wrong; a.yaml:2: wrong; a.yaml:3: wrong; and 2 more";
        assert_eq!(notices, [expected]);
    }
}

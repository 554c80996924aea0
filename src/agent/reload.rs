//! When the configuration is to be read again, and the reading: never on the thread that probes, never twice at once.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use tokio::signal::unix::Signal;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep_until};

use super::files::Files;
use super::watch::Watch;
use super::{Inputs, Sources};
use crate::config::Config;
use crate::logging::Logging;
use crate::problem::Problems;
use crate::reload::{Caller, Callers};

/// Rest after a reload: whoever asks without end gets few of them.
const REST: Duration = Duration::from_millis(100);

/// What a reload needs that was there before the agent.
#[derive(Debug)]
pub struct Reloading {
    /// Where everything is read from.
    pub sources: Sources,
    /// What stood in the files when the agent's inputs were read from them.
    pub files: Files,
    /// SIGHUP.
    pub hangups: Signal,
    /// What is logged.
    pub logging: Logging,
}

/// Why the configuration is read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trigger {
    Signal,
    Request,
    Change,
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Signal => "SIGHUP",
            Self::Request => "POST /-/reload",
            Self::Change => "a file changed",
        })
    }
}

/// Reads again when asked.
pub(super) struct Reloader {
    sources: Sources,
    watch: Watch,
    hangups: Signal,
    callers: Callers,
    logging: Logging,
    rested: Instant,
}

impl Reloader {
    pub(super) fn new(reloading: Reloading, callers: Callers, config: &Config) -> Self {
        let Reloading {
            mut sources,
            files,
            hangups,
            logging,
        } = reloading;
        sources.hold_on_to(&files);
        callers.let_in(config.web.reload);
        Self {
            sources,
            watch: Watch::new(files),
            hangups,
            callers,
            logging,
            rested: Instant::now(),
        }
    }

    /// Waits until somebody or something asks. May be dropped at any time.
    pub(super) async fn asked(&mut self) -> (Trigger, Option<Caller>) {
        tokio::select! {
            Some(()) = self.hangups.recv() => (Trigger::Signal, None),
            caller = self.callers.next() => (Trigger::Request, Some(caller)),
            () = self.watch.changed() => (Trigger::Change, None),
        }
    }

    /// Reads everything, once for `first` and all who have asked since.
    pub(super) async fn read(
        &mut self,
        first: Option<Caller>,
    ) -> (Result<Inputs, Problems>, Vec<Caller>) {
        sleep_until(self.rested).await;
        let mut callers: Vec<Caller> = first.into_iter().collect();
        while let Some(caller) = self.callers.waiting() {
            callers.push(caller);
        }
        let sources = self.sources.clone();
        let read = match spawn_blocking(move || read(&sources)).await {
            Ok((read, files)) => {
                if read.is_ok() {
                    self.sources.hold_on_to(&files);
                }
                self.watch.loaded(files);
                read
            }
            Err(error) => Err(self.sources.trouble(&error.to_string())),
        };
        self.rested = Instant::now() + REST;
        (read, callers)
    }

    /// What takes effect outside of the plan.
    pub(super) fn apply(&self, config: &Config) {
        self.callers.let_in(config.web.reload);
        self.logging.set(config.log_level);
    }
}

/// A file that makes a parser panic is a file that is refused; what was noted by then is watched.
fn read(sources: &Sources) -> (Result<Inputs, Problems>, Files) {
    let mut files = Files::default();
    let read = catch_unwind(AssertUnwindSafe(|| sources.load(&mut files)));
    let trouble = "cannot be understood because of a mistake in the agent itself; please report it";
    let read = read.unwrap_or_else(|_| Err(sources.trouble(trouble)));
    (read, files)
}

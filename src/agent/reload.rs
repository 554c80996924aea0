//! When the configuration is to be read again, and the reading: never on the thread that probes, never twice at once.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use tokio::signal::unix::Signal;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep_until, timeout};

use super::files::Files;
use super::watch::Watch;
use super::{Inputs, Sources};
use crate::config::Config;
use crate::logging::Logging;
use crate::problem::Problems;
use crate::reload::{Caller, Callers};

/// Rest after a reload: whoever asks without end gets few of them.
const REST: Duration = Duration::from_millis(100);

/// A file system that does not answer by then most likely never will; callers wait no longer than 30 s.
const PATIENCE: Duration = Duration::from_secs(20);

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
        let read = self.read_aside().await;
        self.rested = Instant::now() + REST;
        (read, callers)
    }

    async fn read_aside(&mut self) -> Result<Inputs, Problems> {
        let sources = self.sources.clone();
        let mut reading = spawn_blocking(move || read(&sources));
        let Ok(ended) = timeout(PATIENCE, &mut reading).await else {
            // It holds its thread as long as it hangs, but no more of them may gather behind it.
            reading.abort();
            let trouble = format!("cannot be read, or a file it names, within {PATIENCE:?}");
            return Err(self.sources.trouble(&trouble));
        };
        let (read, files) = ended.map_err(|error| self.sources.trouble(&error.to_string()))?;
        if read.is_ok() {
            self.sources.hold_on_to(&files);
        }
        self.watch.loaded(files);
        read
    }

    /// What takes effect outside of the plan.
    pub(super) fn apply(&self, config: &Config) {
        self.callers.let_in(config.web.reload);
        self.logging.set(config.log_level);
    }
}

fn read(sources: &Sources) -> (Result<Inputs, Problems>, Files) {
    guarded(sources, |files| sources.load(files))
}

/// A file that makes a parser panic is a file that is refused; what was noted by then is watched.
fn guarded(
    sources: &Sources,
    load: impl FnOnce(&mut Files) -> Result<Inputs, Problems>,
) -> (Result<Inputs, Problems>, Files) {
    let mut files = Files::default();
    let read = catch_unwind(AssertUnwindSafe(|| load(&mut files)));
    let trouble = "cannot be understood because of a mistake in the agent itself; please report it";
    let read = read.unwrap_or_else(|_| Err(sources.trouble(trouble)));
    (read, files)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;
    use tokio::signal::unix::{SignalKind, signal};

    use super::*;
    use crate::config::{LogFormat, LogLevel, Settings};
    use crate::discover::Environment;
    use crate::logging;
    use crate::reload::{Answer, Door, door};

    const CONFIG: &str = "builtin: false\nweb: {reload: true}\n";

    fn bench() -> (TempDir, Door, Reloader) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.yaml");
        fs::write(&path, CONFIG).unwrap();
        let sources = Sources::new(Some(path), Settings::default(), Environment::default());
        let mut files = Files::default();
        let inputs = sources.load(&mut files).unwrap();
        let (door, callers) = door();
        let reloading = Reloading {
            sources,
            files,
            hangups: signal(SignalKind::hangup()).unwrap(),
            logging: logging::start(LogLevel::Error, LogFormat::Text, false),
        };
        let reloader = Reloader::new(reloading, callers, &inputs.config);
        (folder, door, reloader)
    }

    #[tokio::test(start_paused = true)]
    async fn all_who_wait_are_answered_by_one_reading_and_the_next_one_comes_after_a_rest() {
        let (_folder, door, mut reloader) = bench();
        let mut knocks = tokio::task::JoinSet::new();
        for _ in 0..10 {
            let door = door.clone();
            knocks.spawn(async move { door.knock().await });
        }
        let (trigger, first) = reloader.asked().await;
        assert_eq!(trigger, Trigger::Request);
        let (read, callers) = reloader.read(first).await;
        assert!(read.is_ok() && callers.len() == 10, "{}", callers.len());
        let ended = Instant::now();
        for caller in callers {
            caller.send(Answer::Adopted(Vec::new())).unwrap();
        }
        assert_eq!(knocks.join_all().await.len(), 10);
        reloader.read(None).await.0.unwrap();
        assert!(ended.elapsed() >= REST, "{:?}", ended.elapsed());
    }

    #[tokio::test]
    async fn what_makes_the_agent_panic_is_a_file_that_is_refused() {
        let (_folder, _door, reloader) = bench();
        let (read, _) = guarded(&reloader.sources, |_| panic!("scripted"));
        let problems = read.unwrap_err().to_string();
        assert!(
            problems.contains("a mistake in the agent itself"),
            "{problems}"
        );
    }
}

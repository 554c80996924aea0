//! Watches the files that the configuration is made of. Polled: a `ConfigMap` swaps a symbolic link beside them, an
//! editor replaces them, a network file system tells nobody.

use std::time::Duration;

use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::files::Files;

/// The files are looked at this often.
const LOOK: Duration = Duration::from_secs(5);
/// A change is believed when it is still there after this time: a file may be half written, or gone for a moment.
const SETTLE: Duration = Duration::from_secs(1);

/// What a look has shown.
#[derive(Debug, PartialEq, Eq)]
enum Look {
    /// What was loaded is there.
    Same,
    /// Something else, for the first time.
    Unsettled,
    /// Something else, as at the look before.
    Changed,
}

/// Looks again and again.
#[derive(Debug)]
pub(super) struct Watch {
    /// What stood in the files when they were read.
    loaded: Files,
    /// What stands there instead.
    other: Option<Files>,
    ticks: Interval,
    /// On a thread of its own: a disk may be slow, and a network file system may hang.
    looking: Option<JoinHandle<Files>>,
}

impl Watch {
    /// Watches files that were just read.
    pub(super) fn new(loaded: Files) -> Self {
        let mut ticks = interval_at(Instant::now() + LOOK, LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            loaded,
            other: None,
            ticks,
            looking: None,
        }
    }

    /// The files were read again, whether or not they were any good.
    pub(super) fn loaded(&mut self, files: Files) {
        self.loaded = files;
        self.other = None;
    }

    /// Waits until something else stands in the files than what was loaded. May be dropped at any time.
    pub(super) async fn changed(&mut self) {
        loop {
            if self.looking.is_none() {
                self.ticks.tick().await;
            }
            let before = self.other.as_ref().unwrap_or(&self.loaded);
            let looking = self.looking.get_or_insert_with(|| {
                let before = before.clone();
                spawn_blocking(move || before.again())
            });
            let seen = looking.await;
            self.looking = None;
            match seen.map(|seen| self.judge(seen)) {
                Ok(Look::Changed) => return,
                Ok(Look::Unsettled) => self.ticks.reset_after(SETTLE),
                Ok(Look::Same) => {}
                Err(error) => tracing::debug!(%error, "a look at the configuration failed"),
            }
        }
    }

    fn judge(&mut self, seen: Files) -> Look {
        if seen == self.loaded {
            self.loaded(seen);
            return Look::Same;
        }
        let before = self.other.replace(seen);
        if before == self.other {
            Look::Changed
        } else {
            Look::Unsettled
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use tempfile::TempDir;

    use super::*;

    struct Bench {
        _folder: TempDir,
        path: PathBuf,
        watch: Watch,
    }

    impl Bench {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("config.yaml");
            fs::write(&path, "good").unwrap();
            let mut files = Files::default();
            files.look_at(&path);
            Self {
                watch: Watch::new(files),
                _folder: folder,
                path,
            }
        }

        fn look(&mut self) -> Look {
            let seen = self.watch.loaded.again();
            self.watch.judge(seen)
        }
    }

    #[tokio::test]
    async fn a_file_that_is_half_written_for_a_moment_changes_nothing() {
        let mut bench = Bench::new();
        assert_eq!(bench.look(), Look::Same);
        for moment in ["", "go"] {
            fs::write(&bench.path, moment).unwrap();
            assert_eq!(bench.look(), Look::Unsettled, "{moment:?}");
        }
        fs::remove_file(&bench.path).unwrap();
        assert_eq!(bench.look(), Look::Unsettled);
        fs::write(&bench.path, "good").unwrap();
        assert_eq!(bench.look(), Look::Same);
    }

    #[tokio::test]
    async fn what_stays_is_believed_and_told_once_per_load() {
        let mut bench = Bench::new();
        fs::write(&bench.path, "other").unwrap();
        assert_eq!(bench.look(), Look::Unsettled);
        assert_eq!(bench.look(), Look::Changed);
        bench.watch.loaded(bench.watch.loaded.again());
        assert_eq!(bench.look(), Look::Same, "good or bad, it was read");
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_is_told_within_two_looks() {
        let mut bench = Bench::new();
        fs::write(&bench.path, "other").unwrap();
        let before = Instant::now();
        bench.watch.changed().await;
        let took = before.elapsed();
        assert!((LOOK + SETTLE..LOOK * 2).contains(&took), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_that_is_given_up_again_and_again_misses_nothing() {
        let mut bench = Bench::new();
        fs::write(&bench.path, "other").unwrap();
        let mut patience = 0;
        while tokio::time::timeout(Duration::from_millis(900), bench.watch.changed())
            .await
            .is_err()
        {
            patience += 1;
            assert!(patience < 20, "the change is never told");
        }
    }
}

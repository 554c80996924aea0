//! Looks into confirmed failures, one at a time and within the limits of the agenda. Probing never waits for it.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::agenda::Agenda;
use crate::diagnosis::diagnose;
use crate::experiment::{Case, Experiment};
use crate::schedule::Confirmed;
use crate::store::Store;
use crate::target::TargetId;

/// Confirmed failures on their way; what comes while so many are is not looked into.
const QUEUE: usize = 256;

/// What makes the experiments; none while they are switched off.
pub(super) type Switch<E> = Arc<ArcSwapOption<E>>;

/// Who decides when.
pub(super) struct Experimenter<E> {
    experiment: Switch<E>,
    store: Arc<Store>,
    confirmed: mpsc::Receiver<Confirmed>,
    agenda: Agenda,
}

impl<E: Experiment> Experimenter<E> {
    /// One that has nothing to do yet; and where it is told of failures.
    pub(super) fn new(experiment: Switch<E>, store: Arc<Store>) -> (Self, mpsc::Sender<Confirmed>) {
        let (tell, confirmed) = mpsc::channel(QUEUE);
        let experimenter = Self {
            experiment,
            store,
            confirmed,
            agenda: Agenda::default(),
        };
        (experimenter, tell)
    }

    /// Runs until `stop`; experiments under way are dropped then.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let work = async {
            loop {
                let next = self.agenda.next_at();
                tokio::select! {
                    Some(failure) = self.confirmed.recv() => self.agenda.add(failure, Instant::now()),
                    () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {
                        if let Some(failure) = self.agenda.take(Instant::now()) {
                            self.look_into(&failure).await;
                        }
                    }
                    else => return,
                }
            }
        };
        stop.run_until_cancelled(work).await;
    }

    /// Unless it is over, or another failure, by now.
    async fn look_into(&self, failure: &Confirmed) {
        let records = self.store.snapshot();
        let Some(record) = records.iter().find(|record| failure.is_of(record)) else {
            return;
        };
        let case = Case::find(record, &records);
        if let (Some(case), Some(experiment)) = (case, self.experiment.load_full()) {
            // A task of its own: a panic in it is missing evidence, and not the end of the agent.
            let mut task = JoinSet::new();
            task.spawn(async move { experiment.examine(&case).await });
            let ended = tokio::select! {
                biased;
                // Silence that nobody listened to would be found, and stand until the target heals.
                () = standstill() => None,
                ended = task.join_next() => ended,
            };
            if let Some(Ok(Some(findings))) = ended {
                self.store.note(&failure.id, Arc::new(findings));
            }
        }
        log_cause(&failure.id, &self.store);
    }
}

/// Returns when the process was stopped meanwhile, and goes on.
async fn standstill() {
    const TICK: Duration = Duration::from_secs(1);
    /// As the schedule has it.
    const STALL: Duration = Duration::from_secs(5);
    let mut due = Instant::now();
    while due.elapsed() <= STALL {
        due = Instant::now() + TICK;
        sleep_until(due).await;
    }
}

/// One line on what stands behind a failure, if it still stands.
fn log_cause(id: &TargetId, store: &Store) {
    let of_targets = diagnose(&store.snapshot()).targets;
    let Some(diagnosis) = of_targets.get(id) else {
        return;
    };
    let place = diagnosis.place.map(|place| place.to_string());
    tracing::info!(
        target = %id.target, probe = %id.probe, cause = %diagnosis.cause, certainty = %diagnosis.certainty,
        place, evidence = diagnosis.evidence.join("; "), "failure diagnosed"
    );
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::Mutex;

    use jiff::Timestamp;
    use tokio::task::JoinHandle;
    use tokio::time::{advance, sleep};

    use super::*;
    use crate::outcome::{
        AddressResult, ControlDial, Facts, Failure, Findings, Outcome, Phase, Reason, Verdict,
    };
    use crate::target::{Host, Probe, Target};

    const LENGTH: Duration = Duration::from_secs(3);
    const MINUTE: Duration = Duration::from_mins(1);

    /// Takes its time, and remembers when it was asked about whom.
    #[derive(Default)]
    struct Script {
        began: Mutex<Vec<(Arc<str>, Instant)>>,
        panics: bool,
    }

    impl Experiment for Arc<Script> {
        async fn examine(&self, case: &Case) -> Option<Findings> {
            let began = (Arc::clone(&case.target.id.target), Instant::now());
            self.began.lock().unwrap().push(began);
            sleep(LENGTH).await;
            assert!(!self.panics, "scripted");
            Some(Findings {
                at: Timestamp::now(),
                names: None,
                control: Some(ControlDial {
                    address: case.address,
                    accepted: false,
                }),
                path: None,
                control_path: None,
                hello_path: None,
                size: None,
            })
        }
    }

    struct Bench {
        script: Arc<Script>,
        switch: Switch<Arc<Script>>,
        store: Arc<Store>,
        tell: mpsc::Sender<Confirmed>,
        targets: Vec<Arc<Target>>,
        running: JoinHandle<()>,
    }

    impl Bench {
        fn start(targets: u16, script: Script) -> Self {
            let (script, store) = (Arc::new(script), Arc::new(Store::default()));
            let targets: Vec<_> = (1..=targets).map(target).collect();
            store.set_targets(&targets);
            let experiment = Arc::new(Arc::clone(&script));
            let experiment = Arc::new(ArcSwapOption::from(Some(experiment)));
            let switch = Arc::clone(&experiment);
            let (experimenter, tell) = Experimenter::new(experiment, Arc::clone(&store));
            let running = tokio::spawn(experimenter.run(CancellationToken::new()));
            Self {
                script,
                switch,
                store,
                tell,
                targets,
                running,
            }
        }

        /// As the scheduler does it.
        fn fail(&self, target: usize, reason: Reason) {
            let id = &self.targets[target].id;
            for _ in 0..2 {
                let outcome = outcome(Some(reason));
                if let Some(failure) = self.store.record(id, outcome).unwrap().confirmed {
                    let id = id.clone();
                    self.tell.try_send(Confirmed { id, failure }).unwrap();
                }
            }
        }

        fn heal(&self, target: usize) {
            self.store.record(&self.targets[target].id, outcome(None));
        }

        fn has_findings(&self, target: usize) -> bool {
            let record = self.store.get(&self.targets[target].id);
            record.unwrap().findings.is_some()
        }

        fn began(&self) -> Vec<Instant> {
            let began = self.script.began.lock().unwrap();
            began.iter().map(|(_, at)| *at).collect()
        }
    }

    fn target(port: u16) -> Arc<Target> {
        let host = Host::Name("host.example".to_owned());
        Arc::new(Target::bare(Probe::Tcp, host, Some(port)))
    }

    fn outcome(reason: Option<Reason>) -> Outcome {
        let failure = reason.map(|reason| Failure {
            phase: Phase::Connect,
            reason,
            detail: "scripted".to_owned(),
        });
        Outcome {
            started_at: Timestamp::now(),
            elapsed: Duration::ZERO,
            phases: Vec::new(),
            addresses: vec![AddressResult {
                address: SocketAddr::from(([203, 0, 113, 1], 443)),
                failure: failure.clone(),
            }],
            facts: Facts::default(),
            warnings: Vec::new(),
            verdict: failure.map_or(Verdict::Reachable, Verdict::Unreachable),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn cases_are_looked_into_one_at_a_time_and_ten_in_a_minute() {
        let bench = Bench::start(25, Script::default());
        for target in 0..25 {
            bench.fail(target, Reason::Timeout);
        }
        sleep(MINUTE * 3).await;
        let began = bench.began();
        assert_eq!(began.len(), 25, "each once");
        assert!(began.windows(2).all(|pair| pair[1] - pair[0] >= LENGTH));
        assert!(began.windows(11).all(|few| few[10] - few[0] >= MINUTE));
        assert!((0..25).all(|target| bench.has_findings(target)));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_found_over_a_standstill_is_not_believed() {
        let bench = Bench::start(2, Script::default());
        bench.fail(0, Reason::Timeout);
        sleep(LENGTH).await;
        assert_eq!(bench.began().len(), 1, "under way");
        advance(MINUTE).await;
        sleep(LENGTH).await;
        assert!(!bench.has_findings(0));
        bench.fail(1, Reason::Timeout);
        sleep(MINUTE).await;
        assert!(bench.has_findings(1), "life goes on");
    }

    #[tokio::test(start_paused = true)]
    async fn the_same_failure_waits_ten_minutes_and_another_does_not() {
        let bench = Bench::start(1, Script::default());
        bench.fail(0, Reason::Timeout);
        sleep(MINUTE).await;
        bench.heal(0);
        assert!(!bench.has_findings(0));
        bench.fail(0, Reason::Timeout);
        sleep(MINUTE).await;
        assert_eq!(bench.began().len(), 1, "it waits");
        bench.fail(0, Reason::ConnectionRefused);
        sleep(MINUTE).await;
        assert_eq!(bench.began().len(), 2, "another failure");
        bench.fail(0, Reason::Timeout);
        sleep(MINUTE * 10).await;
        let began = bench.began();
        assert_eq!(began.len(), 3);
        assert_eq!(began[2] - began[0], MINUTE * 10);
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_healed_meanwhile_is_left_alone() {
        let bench = Bench::start(1, Script::default());
        bench.fail(0, Reason::Timeout);
        bench.heal(0);
        sleep(MINUTE).await;
        assert_eq!(bench.began().len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn what_heals_during_the_experiments_keeps_no_findings() {
        let bench = Bench::start(1, Script::default());
        bench.fail(0, Reason::Timeout);
        while bench.began().is_empty() {
            sleep(LENGTH / 10).await;
        }
        bench.heal(0);
        sleep(MINUTE).await;
        assert!(!bench.has_findings(0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_is_missing_evidence_and_no_more() {
        let panics = true;
        let script = Script {
            panics,
            ..Script::default()
        };
        let bench = Bench::start(2, script);
        bench.fail(0, Reason::Timeout);
        bench.fail(1, Reason::Timeout);
        sleep(MINUTE).await;
        assert_eq!(bench.began().len(), 2);
        assert!(!bench.has_findings(0) && !bench.running.is_finished());
    }

    #[tokio::test(start_paused = true)]
    async fn a_queue_that_is_full_holds_nobody_up() {
        let bench = Bench::start(1, Script::default());
        let failure = (Phase::Connect, Reason::Timeout);
        let id = bench.targets[0].id.clone();
        let told = (0..1000).map(|_| {
            let id = id.clone();
            bench.tell.try_send(Confirmed { id, failure })
        });
        assert_eq!(told.flatten().count(), QUEUE);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_switched_off_makes_none_until_it_is_switched_on() {
        let bench = Bench::start(2, Script::default());
        let experiment = bench.switch.swap(None);
        bench.fail(0, Reason::Timeout);
        sleep(MINUTE).await;
        assert_eq!(bench.began().len(), 0);
        bench.switch.store(experiment);
        bench.fail(1, Reason::Timeout);
        sleep(MINUTE).await;
        assert_eq!(bench.began().len(), 1);
    }
}

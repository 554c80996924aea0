//! The scheduler on paused time, with attempts that follow a script: no socket, no waiting.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use egress_probe::heartbeat::Heartbeat;
use egress_probe::outcome::{Facts, Failure, NtpReply, Outcome, Phase, Reason, Verdict};
use egress_probe::probe::Attempt;
use egress_probe::schedule::{Confirmed, Scheduler, Work};
use egress_probe::store::{State, Store};
use egress_probe::target::{Group, Host, Probe, Requirement, Target, TargetId};
use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, advance, sleep};
use tokio_util::sync::CancellationToken;

const INTERVAL: Duration = Duration::from_mins(1);
const ATTEMPT: Duration = Duration::from_millis(50);

/// What a scripted attempt does.
#[derive(Clone, Copy, PartialEq)]
enum Act {
    Succeed,
    Fail,
    Kiss,
    Panic,
}

#[derive(Default)]
struct Script {
    acts: Mutex<HashMap<String, Act>>,
    started: Mutex<Vec<(String, Instant)>>,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
}

impl Script {
    fn set(&self, host: &str, act: Act) {
        self.acts.lock().unwrap().insert(host.to_owned(), act);
    }

    fn starts(&self, host: &str) -> Vec<Instant> {
        let started = self.started.lock().unwrap();
        started
            .iter()
            .filter(|(name, _)| name == host)
            .map(|(_, at)| *at)
            .collect()
    }

    fn forget(&self) {
        self.started.lock().unwrap().clear();
    }
}

impl Attempt for Script {
    async fn attempt(&self, target: &Target, _ordinal: u64) -> Outcome {
        let host = target.host.to_string();
        let act = self
            .acts
            .lock()
            .unwrap()
            .get(&host)
            .copied()
            .unwrap_or(Act::Succeed);
        self.started.lock().unwrap().push((host, Instant::now()));
        let now = self.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_in_flight.fetch_max(now, Ordering::SeqCst);
        sleep(ATTEMPT).await;
        self.in_flight.fetch_sub(1, Ordering::SeqCst);
        assert!(act != Act::Panic, "scripted");
        outcome(act)
    }
}

fn outcome(act: Act) -> Outcome {
    let failure = Failure {
        phase: Phase::Tls,
        reason: Reason::ConnectionReset,
        detail: "scripted".to_owned(),
    };
    let kiss = NtpReply {
        offset_seconds: None,
        delay_seconds: None,
        root_delay_seconds: 0.0,
        root_dispersion_seconds: 0.0,
        stratum: 0,
        leap: 0,
        kiss_code: Some("RATE".to_owned()),
    };
    Outcome {
        started_at: Timestamp::now(),
        elapsed: ATTEMPT,
        phases: Vec::new(),
        addresses: Vec::new(),
        facts: Facts {
            ntp: (act == Act::Kiss).then_some(kiss),
            ..Facts::default()
        },
        warnings: Vec::new(),
        verdict: if act == Act::Fail {
            Verdict::Unreachable(failure)
        } else {
            Verdict::Reachable
        },
    }
}

fn target(last: u8, probe: Probe) -> Arc<Target> {
    let host = Host::Address(IpAddr::V4(Ipv4Addr::new(203, 0, 113, last)));
    Arc::new(Target {
        id: TargetId {
            target: host.with_port(443).into(),
            probe: probe.kind(),
        },
        host,
        port: Some(443),
        probe,
        groups: vec![Group::Core],
        requirement: Requirement::Required,
        purpose: String::new(),
    })
}

struct Bench {
    script: Arc<Script>,
    store: Arc<Store>,
    confirmed: mpsc::Receiver<Confirmed>,
    work: watch::Sender<Arc<Work<Script>>>,
    stop: CancellationToken,
    running: JoinHandle<()>,
}

impl Bench {
    fn start(targets: Vec<Arc<Target>>, interval: Duration, concurrency: usize) -> Self {
        let (script, store) = (Arc::new(Script::default()), Arc::new(Store::default()));
        let attempt = Arc::clone(&script);
        let (work, receiver) = watch::channel(Arc::new(Work {
            targets,
            attempt,
            interval,
            concurrency,
        }));
        let heartbeat = Arc::new(Heartbeat::new());
        let (tell, confirmed) = mpsc::channel(2);
        let scheduler =
            Scheduler::new("node-1".to_owned(), receiver, Arc::clone(&store), heartbeat)
                .telling(tell);
        let stop = CancellationToken::new();
        let running = tokio::spawn(scheduler.run(stop.clone()));
        Self {
            script,
            store,
            confirmed,
            work,
            stop,
            running,
        }
    }

    fn state(&self, target: &Target) -> State {
        self.store.get(&target.id).unwrap().state
    }

    async fn first_round(&self) {
        sleep(Duration::from_secs(10)).await;
        assert!(self.store.first_round_done());
        self.script.forget();
    }
}

fn gaps(starts: &[Instant]) -> Vec<Duration> {
    starts.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

#[tokio::test(start_paused = true)]
async fn a_confirmed_failure_is_told_once_and_nobody_is_waited_for() {
    let targets: Vec<_> = (1..=5).map(|n| target(n, Probe::Tcp)).collect();
    let mut bench = Bench::start(targets.clone(), INTERVAL, 8);
    bench.first_round().await;
    assert!(bench.confirmed.is_empty());
    bench.script.set("203.0.113.1", Act::Fail);
    sleep(INTERVAL * 3).await;
    let told = bench.confirmed.try_recv().unwrap();
    let expected = (Phase::Tls, Reason::ConnectionReset);
    assert_eq!((told.id, told.failure), (targets[0].id.clone(), expected));
    assert!(bench.confirmed.is_empty());
    for host in 2..=5 {
        bench.script.set(&format!("203.0.113.{host}"), Act::Fail);
    }
    sleep(INTERVAL * 3).await;
    assert_eq!(bench.confirmed.len(), 2, "as many as the queue holds");
    let failing = |target: &&Arc<Target>| bench.state(target) == State::Unreachable;
    assert_eq!(targets.iter().filter(failing).count(), 5);
}

#[tokio::test(start_paused = true)]
async fn every_target_is_tried_soon_and_then_once_an_interval() {
    let targets: Vec<_> = (1..=40).map(|n| target(n, Probe::Tcp)).collect();
    let bench = Bench::start(targets.clone(), INTERVAL, 4);
    sleep(Duration::from_secs(10)).await;
    assert!(bench.store.first_round_done());
    bench.script.forget();
    sleep(INTERVAL * 10).await;
    for target in &targets {
        let starts = bench.script.starts(&target.host.to_string());
        assert!(
            (9..=11).contains(&starts.len()),
            "{}: {}",
            target.id,
            starts.len()
        );
        for gap in gaps(&starts) {
            let off = gap.abs_diff(INTERVAL);
            assert!(off < Duration::from_secs(2), "{}: {gap:?}", target.id);
        }
    }
    assert_eq!(bench.script.most_in_flight.load(Ordering::SeqCst), 4);
    bench.stop.cancel();
    bench.running.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn another_interval_takes_effect_at_once() {
    let targets: Vec<_> = (1..=10).map(|n| target(n, Probe::Tcp)).collect();
    let bench = Bench::start(targets.clone(), INTERVAL * 60, 4);
    bench.first_round().await;
    let work = |interval| {
        Arc::new(Work {
            targets: targets.clone(),
            attempt: Arc::clone(&bench.script),
            interval,
            concurrency: 4,
        })
    };
    bench.work.send_replace(work(INTERVAL));
    sleep(INTERVAL * 3).await;
    for target in &targets {
        let starts = bench.script.starts(&target.host.to_string()).len();
        assert!((2..=4).contains(&starts), "{}: {starts}", target.id);
    }
    bench.work.send_replace(work(INTERVAL * 60));
    sleep(INTERVAL).await;
    bench.script.forget();
    sleep(INTERVAL * 5).await;
    let late = bench.script.started.lock().unwrap().len();
    assert!(late <= targets.len(), "{late} attempts");
}

#[tokio::test(start_paused = true)]
async fn slots_are_spread_over_the_interval() {
    let targets: Vec<_> = (1..=100).map(|n| target(n, Probe::Tcp)).collect();
    let bench = Bench::start(targets, INTERVAL, 100);
    bench.first_round().await;
    sleep(INTERVAL * 2).await;
    bench.script.forget();
    sleep(INTERVAL).await;
    let starts = bench.script.started.lock().unwrap().clone();
    let first = starts.iter().map(|(_, at)| *at).min().unwrap();
    let mut per_quarter = [0; 4];
    for (_, at) in starts {
        per_quarter[((at - first).as_secs() / 15).min(3) as usize] += 1;
    }
    assert!(
        per_quarter.iter().all(|count| *count > 10),
        "{per_quarter:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_failure_changes_the_state_only_when_a_second_attempt_confirms_it() {
    let target = target(1, Probe::Tcp);
    let bench = Bench::start(vec![Arc::clone(&target)], INTERVAL, 4);
    bench.first_round().await;
    let host = target.host.to_string();
    bench.script.set(&host, Act::Fail);
    while bench.script.starts(&host).is_empty() {
        sleep(Duration::from_millis(100)).await;
    }
    sleep(ATTEMPT * 2).await;
    assert_eq!(bench.state(&target), State::Reachable);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(bench.state(&target), State::Unreachable);
    let starts = bench.script.starts(&host);
    assert_eq!(starts.len(), 2);
    assert!(gaps(&starts)[0] < Duration::from_secs(2));
    bench.script.set(&host, Act::Succeed);
    sleep(INTERVAL).await;
    assert_eq!(bench.state(&target), State::Reachable);
}

#[tokio::test(start_paused = true)]
async fn when_a_target_becomes_unreachable_all_others_are_tried_once_at_most_once_a_minute() {
    let broken = target(1, Probe::Tcp);
    let (other, time) = (target(2, Probe::Tcp), target(3, Probe::Ntp));
    let bench = Bench::start(
        vec![Arc::clone(&broken), Arc::clone(&other), Arc::clone(&time)],
        INTERVAL * 10,
        4,
    );
    bench.first_round().await;
    bench.script.set(&broken.host.to_string(), Act::Fail);
    while bench.state(&broken) != State::Unreachable {
        sleep(Duration::from_millis(10)).await;
    }
    let changed = Instant::now();
    sleep(Duration::from_secs(1)).await;
    let swept = bench.script.starts(&other.host.to_string());
    assert!(
        swept
            .iter()
            .any(|at| *at + Duration::from_secs(1) >= changed),
        "the other one is tried at once"
    );
    bench.script.set(&other.host.to_string(), Act::Fail);
    bench.script.forget();
    sleep(Duration::from_secs(40)).await;
    assert!(bench.script.starts(&time.host.to_string()).len() <= 1);
}

#[tokio::test(start_paused = true)]
async fn time_servers_are_asked_at_most_every_64_seconds() {
    let (time, web) = (target(1, Probe::Ntp), target(2, Probe::Tcp));
    let bench = Bench::start(
        vec![Arc::clone(&time), Arc::clone(&web)],
        Duration::from_secs(5),
        4,
    );
    for round in 0..10 {
        let act = if round % 2 == 0 {
            Act::Succeed
        } else {
            Act::Fail
        };
        bench.script.set(&web.host.to_string(), act);
        sleep(Duration::from_secs(61)).await;
    }
    let gaps = gaps(&bench.script.starts(&time.host.to_string()));
    assert!(gaps.len() > 5);
    assert!(
        gaps.iter().all(|gap| *gap >= Duration::from_secs(64)),
        "{gaps:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_time_server_that_asks_for_less_is_asked_less() {
    let time = target(1, Probe::Ntp);
    let bench = Bench::start(vec![Arc::clone(&time)], INTERVAL, 4);
    bench.script.set(&time.host.to_string(), Act::Kiss);
    sleep(Duration::from_mins(100)).await;
    let gaps = gaps(&bench.script.starts(&time.host.to_string()));
    assert!(gaps[0] >= Duration::from_secs(128), "{gaps:?}");
    assert!(
        gaps.iter()
            .skip(3)
            .all(|gap| *gap >= Duration::from_secs(1024)),
        "{gaps:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_the_agents_own_trouble_and_the_target_goes_on() {
    let target = target(1, Probe::Tcp);
    let bench = Bench::start(vec![Arc::clone(&target)], INTERVAL, 4);
    bench.script.set(&target.host.to_string(), Act::Panic);
    sleep(Duration::from_secs(10)).await;
    let record = bench.store.get(&target.id).unwrap();
    assert_eq!(record.state, State::Unproven);
    assert_eq!(record.failure.unwrap().reason, Reason::Internal);
    bench.script.set(&target.host.to_string(), Act::Succeed);
    sleep(INTERVAL * 2).await;
    assert_eq!(bench.state(&target), State::Reachable);
}

#[tokio::test(start_paused = true)]
async fn after_a_standstill_nothing_is_lost_and_nothing_starts_all_at_once() {
    let targets: Vec<_> = (1..=60).map(|n| target(n, Probe::Tcp)).collect();
    let bench = Bench::start(targets.clone(), INTERVAL, 60);
    bench.first_round().await;
    advance(INTERVAL * 5).await;
    sleep(Duration::from_secs(1)).await;
    let at_once = bench.script.started.lock().unwrap().len();
    assert!(
        at_once < 10,
        "{at_once} attempts within a second of the end of the standstill"
    );
    bench.script.forget();
    sleep(INTERVAL * 2).await;
    for target in &targets {
        assert!(
            !bench.script.starts(&target.host.to_string()).is_empty(),
            "{} is lost",
            target.id
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_plan_keeps_the_history_of_targets_that_stay() {
    let (stays, goes, comes) = (
        target(1, Probe::Tcp),
        target(2, Probe::Tcp),
        target(3, Probe::Tcp),
    );
    let bench = Bench::start(vec![Arc::clone(&stays), Arc::clone(&goes)], INTERVAL, 4);
    bench.first_round().await;
    let attempt = Arc::clone(&bench.script);
    let targets = vec![Arc::clone(&stays), Arc::clone(&comes)];
    let work = Work {
        targets,
        attempt,
        interval: INTERVAL,
        concurrency: 4,
    };
    bench.work.send(Arc::new(work)).unwrap();
    sleep(Duration::from_secs(5)).await;
    assert_eq!(bench.store.get(&stays.id).unwrap().attempts, 1);
    assert_eq!(bench.state(&comes), State::Reachable);
    assert!(bench.store.get(&goes.id).is_none());
    bench.script.forget();
    sleep(INTERVAL * 2).await;
    assert!(bench.script.starts(&goes.host.to_string()).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_time_server_that_falls_silent_after_it_asked_for_less_is_still_asked_less() {
    let time = target(1, Probe::Ntp);
    let bench = Bench::start(vec![Arc::clone(&time)], INTERVAL, 4);
    let host = time.host.to_string();
    bench.script.set(&host, Act::Kiss);
    sleep(Duration::from_mins(10)).await;
    bench.script.set(&host, Act::Fail);
    bench.script.forget();
    sleep(Duration::from_mins(100)).await;
    let gaps = gaps(&bench.script.starts(&host));
    assert!(
        gaps.iter().all(|gap| *gap >= Duration::from_secs(256)),
        "{gaps:?}"
    );
    assert_eq!(bench.state(&time), State::Unreachable);
}

#[tokio::test(start_paused = true)]
async fn a_time_server_that_leaves_the_plan_and_comes_back_is_not_asked_too_soon() {
    let time = target(1, Probe::Ntp);
    let bench = Bench::start(vec![Arc::clone(&time)], INTERVAL, 4);
    bench.first_round().await;
    for targets in [Vec::new(), vec![Arc::clone(&time)]] {
        let attempt = Arc::clone(&bench.script);
        let work = Work {
            targets,
            attempt,
            interval: INTERVAL,
            concurrency: 4,
        };
        bench.work.send(Arc::new(work)).unwrap();
        sleep(Duration::from_secs(1)).await;
    }
    sleep(Duration::from_secs(50)).await;
    assert!(bench.script.starts(&time.host.to_string()).is_empty());
    sleep(Duration::from_secs(20)).await;
    assert_eq!(bench.script.starts(&time.host.to_string()).len(), 1);
}

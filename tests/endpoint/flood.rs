//! Callers who dawdle, never read, come in thousands or ask without end: probing keeps its pace, memory and descriptors
//! stay bounded, the kubelet and Prometheus are answered all the while, and everybody at once afterwards.

use std::collections::VecDeque;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use egress_lab::Namespace;
use tokio::time::Instant;

use crate::LAB;
use crate::agent::{Agent, folder};
use crate::pki::{Pki, hash, tls};
use crate::support::cgroup::Cgroup;
use crate::support::samples::{gauge, sample};
use crate::support::wait::until;

/// The limit that the `DaemonSet` gives.
const LIMIT: u64 = 64 << 20;
/// Each attack, in seconds.
const LENGTH: u64 = 2;
/// As the `DaemonSet` tells the kubelet, and as Prometheus has it by default.
const KUBELET: [&str; 2] = ["--max-time", "3"];
const PROMETHEUS: [&str; 2] = ["--max-time", "10"];

/// Between two of their requests.
const PACE: Duration = Duration::from_millis(100);

/// What was seen while others did their worst.
#[derive(Debug, Default)]
struct Seen {
    scrapes: usize,
    worst_lag: f64,
    most_files: f64,
    most_resident: f64,
}

impl Seen {
    fn note(&mut self, metrics: &str) {
        self.scrapes += 1;
        self.worst_lag = self
            .worst_lag
            .max(gauge(metrics, "egress_scheduler_lag_seconds"));
        self.most_files = self.most_files.max(gauge(metrics, "process_open_fds"));
        self.most_resident = self
            .most_resident
            .max(gauge(metrics, "process_resident_memory_bytes"));
    }
}

fn attempts(metrics: &str) -> f64 {
    let labels = [("target", "well.example:443"), ("probe", "https")];
    sample(metrics, "egress_probe_attempts_total", &labels).expect("a counter")
}

/// Scrapes as Prometheus does, from an address of its own, and asks for health as a kubelet does.
fn watch(agent: &Agent, scheme: &str, login: &[&str], done: &AtomicBool) -> Seen {
    let mut seen = Seen::default();
    while !done.load(Ordering::Relaxed) {
        let health = agent.curl(
            LAB.node(),
            scheme,
            &[&["-k"], &KUBELET[..]].concat(),
            "/healthz",
        );
        assert_eq!(health.status, 200, "the kubelet: {health:?}");
        let prometheus = [&["-k"], &PROMETHEUS[..], login].concat();
        let scrape = agent.curl(LAB.internet(), scheme, &prometheus, "/metrics");
        assert_eq!(scrape.status, 200, "Prometheus: {scrape:?}");
        seen.note(&scrape.body);
        // Neither of them asks without end.
        thread::sleep(PACE);
    }
    seen
}

#[expect(clippy::print_stderr, reason = "shown with --nocapture, never judged")]
fn tell(seen: &Seen, tried: f64, passed: f64, cgroup: &Cgroup) {
    let most = cgroup.peak();
    eprintln!("{seen:?}, {tried} attempts in {passed:.1} s, memory {most:?}");
}

/// Lets `attack` do its worst, and holds the agent to its promises.
fn withstands(
    agent: &mut Agent,
    scheme: &str,
    login: &[&str],
    attack: impl FnOnce(SocketAddr) + Send,
) {
    let scrape = |agent: &Agent| {
        agent.curl(
            LAB.internet(),
            scheme,
            &[&["-k"], login].concat(),
            "/metrics",
        )
    };
    let before = scrape(agent).body;
    let address = SocketAddr::from(agent.address);
    let done = AtomicBool::new(false);
    let begun = Instant::now();
    let seen = thread::scope(|scope| {
        let watching = scope.spawn(|| watch(agent, scheme, login, &done));
        let attacking = scope.spawn(move || attack(address));
        let attacked = attacking.join();
        done.store(true, Ordering::Relaxed);
        attacked.expect("the attack itself works");
        watching.join().expect("the agent holds")
    });
    agent.assert_alive();
    let after = scrape(agent);
    assert_eq!(after.status, 200, "at once afterwards: {after:?}");
    let passed = begun.elapsed().as_secs_f64();
    let tried = attempts(&after.body) - attempts(&before);
    tell(&seen, tried, passed, agent.cgroup());
    assert!(
        tried >= (passed / 2.0).floor(),
        "one each second is due: {tried} in {passed} s"
    );
    assert!(seen.worst_lag < 2.0, "{seen:?}");
    // 72 slots, and 64 that are being closed.
    let files = gauge(&before, "process_open_fds") + 140.0;
    assert!(seen.most_files < files, "{seen:?}");
    let resident = gauge(&before, "process_resident_memory_bytes") + f64::from(24 << 20);
    assert!(seen.most_resident < resident, "{seen:?}");
}

/// Where attacks come from.
fn afar() -> &'static Namespace {
    LAB.firewall()
}

fn run(mut command: Command) {
    let output = command
        .stdin(Stdio::null())
        .output()
        .expect("ip netns exec starts");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(
        output.status.success(),
        "{command:?} (is its Debian package installed? `make packages` does it): {said}"
    );
}

fn slowhttptest(address: SocketAddr, path: &str, how: &[&str]) {
    let mut command = afar().command("slowhttptest");
    command.args([
        "-c",
        "1000",
        "-r",
        "1000",
        "-p",
        "1",
        "-l",
        &LENGTH.to_string(),
    ]);
    command
        .args(how)
        .args(["-u", &format!("http://{address}{path}")]);
    run(command);
}

fn wrk(address: SocketAddr, path: &str, how: &[&str]) {
    let mut command = afar().command("wrk");
    command
        .args(["-t", "1", "-c", "100", "-d", &format!("{LENGTH}s")])
        .args(how);
    command.arg(path.replace("ADDRESS", &address.to_string()));
    run(command);
}

/// Opens connections as fast as it can, says something on each, and keeps many of them. How many it has opened.
fn thousands(address: SocketAddr, words: &'static [u8]) -> usize {
    const THREADS: usize = 8;
    let threads = (0..THREADS).map(|_| {
        let thread = afar().thread(move || Ok(hundreds(address, words)));
        thread.expect("a thread in the namespace")
    });
    let threads: Vec<_> = threads.collect();
    let opened = threads
        .into_iter()
        .map(|thread| thread.join().expect("no panic"));
    opened.map(|opened| opened.expect("the namespace")).sum()
}

fn hundreds(address: SocketAddr, words: &[u8]) -> usize {
    const MOST: usize = 1_000;
    const KEPT: usize = 100;
    let end = Instant::now() + Duration::from_secs(LENGTH);
    let (mut kept, mut opened) = (VecDeque::new(), 0);
    while opened < MOST && Instant::now() < end {
        // The agent's queue may be full.
        let Ok(mut stream) = TcpStream::connect_timeout(&address, Duration::from_secs(1)) else {
            continue;
        };
        // It may hang up first.
        let _ = stream.write_all(words);
        opened += 1;
        kept.push_back(stream);
        if kept.len() > KEPT {
            kept.pop_front();
        }
    }
    opened
}

#[test]
fn an_agent_in_64_mebibytes_withstands_all_of_them() {
    let folder = folder(9200, 120, "");
    let mut agent = Agent::start_within(Cgroup::new("floods", LIMIT), 9200, &folder, &[]);
    until("the first round", || {
        let ready = agent.curl(LAB.node(), "http", &[], "/readyz");
        (ready.status == 200).then_some(()).ok_or(ready)
    });
    withstands(&mut agent, "http", &[], |address| {
        slowhttptest(address, "/metrics", &["-H", "-i", "1"]);
    });
    withstands(&mut agent, "http", &[], |address| {
        slowhttptest(
            address,
            "/api/v1/status",
            &["-X", "-w", "1", "-y", "64", "-n", "1", "-z", "8"],
        );
    });
    withstands(&mut agent, "http", &[], |address| {
        let opened = thousands(address, b"GET /status HTTP/1.1\r\nHost: x\r\n");
        assert!(opened > 1_000, "{opened} are not thousands");
    });
    withstands(&mut agent, "http", &[], |address| {
        wrk(address, "http://ADDRESS/metrics", &[]);
    });
    withstands(&mut agent, "http", &[], |address| {
        wrk(address, "http://ADDRESS/status/well.example:443/https", &[]);
    });
    until("a page even for the address of the flood", || {
        let page = agent.curl(afar(), "http", &[], "/status");
        (page.status == 200).then_some(()).ok_or(page)
    });
}

#[test]
fn who_guesses_passwords_and_who_shakes_hands_without_end_keep_nobody_else_out() {
    let pki = Pki::new("flood");
    let folder = folder(9201, 20, "web: {config_file: web.yml}\n");
    pki.lay_into(&folder);
    let config = format!(
        "{}basic_auth_users:\n  prometheus: {}\n",
        tls(""),
        hash("right", 8)
    );
    std::fs::write(folder.join("web.yml"), config).expect("a new file");
    let mut agent = Agent::start_within(Cgroup::new("guesses", LIMIT), 9201, &folder, &[]);
    let login = ["--user", "prometheus:right"];
    withstands(&mut agent, "https", &login, |address| {
        let guess = ["-H", "Authorization: Basic cHJvbWV0aGV1czp3cm9uZw=="];
        wrk(address, "https://ADDRESS/metrics", &guess);
    });
    withstands(&mut agent, "https", &login, |address| {
        // The beginning of a ClientHello that never ends.
        let opened = thousands(address, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03");
        assert!(opened > 1_000, "{opened} are not thousands");
    });
    until("words for who does not speak TLS", || {
        let plain = agent.curl(LAB.internet(), "http", &[], "/");
        (plain.body == "TLS is spoken here: the address begins with https://.\n")
            .then_some(())
            .ok_or(plain)
    });
}

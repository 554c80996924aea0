//! The node's clock is wrong, and is stepped while the agent runs. The machine's clock is nobody's to step: libfaketime
//! gives the agent's process another one, and leaves it the monotonic clock.

use std::ffi::OsStr;
use std::fs;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::PathBuf;
use std::process::Command;

use egress_lab::Namespace;
use jiff::Timestamp;
use serde_json::Value;

use crate::support::file;
use crate::support::report::{Report, Target};
use crate::support::running::{PORT, Running};
use crate::support::samples::gauge;
use crate::support::wait::until;
use crate::survivor::{LAB, Survivor, own_node, quick};

/// Three of them, in seconds: longer than any certificate of the lab is valid.
const YEARS: &str = "+94608000";

/// One name more, so that it shows what is alike. The time server is asked once: it is left alone for 64 s.
const ROWS: &str = "entries:
  - {name: time, hosts: [\"time.example\"], protocols: {ntp: {port: 123}}}
  - {name: more, hosts: [\"more.example\"], protocols: {https: {port: 443}}}
";

fn libfaketime() -> PathBuf {
    let mut find = Command::new("find");
    find.args(["/usr/lib", "/lib", "-name", "libfaketime.so.1"]);
    let output = find.output().expect("find starts");
    let found = String::from_utf8(output.stdout).expect("text");
    let first = found.lines().next();
    first
        .expect("libfaketime; on Debian: apt-get install faketime")
        .into()
}

/// What the agent takes for the time: that of the machine, and so much more.
struct Clock(PathBuf);

impl Clock {
    fn new(name: &str, ahead: &str) -> Self {
        Self(file(&LAB, name, ahead))
    }

    fn step(&self, ahead: &str) {
        // Read at any moment: never half of it.
        let next = self.0.with_extension("next");
        fs::write(&next, ahead).expect("a file");
        fs::rename(next, &self.0).expect("in the same folder");
    }

    fn start(&self, (node, address): (&Namespace, Ipv4Addr)) -> Running<'static> {
        let listen = SocketAddrV4::new(address, PORT);
        let rows = file(&LAB, "clock.yaml", ROWS);
        let mut command = quick(node, listen, &[OsStr::new("--catalog"), rows.as_os_str()]);
        command
            .env("LD_PRELOAD", libfaketime())
            .env("FAKETIME_TIMESTAMP_FILE", &self.0)
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        Running::of(&LAB, LAB.firewall(), listen, command)
    }
}

/// Whether a time of the report is what the machine's clock and so many hours more make it.
fn is_ahead(time: &Value, hours: f64) -> bool {
    let time: Timestamp = time.as_str().expect("a time").parse().expect("RFC 3339");
    let ahead = time.duration_since(Timestamp::now()).as_secs_f64() / 3600.0;
    (ahead - hours).abs() < 0.1
}

/// Waits until every target but the time server was tried again with the clock as it is now.
fn await_attempts(agent: &Running<'_>, hours: f64) {
    until("attempts at the new time", || {
        let report: Value = serde_json::from_str(&agent.page("/api/v1/status", &[])).expect("JSON");
        let targets = report["targets"].as_array().expect("a list").iter();
        let mut tried = targets.filter(|target| target["probe"] != "ntp");
        let all = tried.all(|target| is_ahead(&target["last_attempt"], hours));
        (all && is_ahead(&report["generated_at"], hours))
            .then_some(())
            .ok_or(hours)
    });
}

#[test]
fn a_clock_that_is_stepped_hours_there_and_back_changes_no_verdict() {
    let clock = Clock::new("stepped.time", "+0");
    let agent = Survivor::new(clock.start(own_node()));
    for (ahead, hours) in [("+7200", 2.0), ("-10800", -3.0), ("+0", 0.0)] {
        clock.step(ahead);
        await_attempts(&agent, hours);
        let (text, metrics) = (agent.page("/status", &[]), agent.metrics());
        assert!(text.starts_with("OK "), "{text}");
        assert!(!text.contains("-1 h") && !text.contains("-3 h"), "{text}");
        let lag = gauge(&metrics, "egress_scheduler_lag_seconds");
        assert!(lag < 60.0, "no attempt is hours late: {lag}");
    }
    agent.assert_survived(&[]);
}

/// Phase, reason and cause of every target that is not plainly reachable.
fn troubles(report: &Report) -> Vec<String> {
    let troubled = report.targets.iter().filter(|target| !target.is_well());
    let line =
        |target: &Target| format!("{}: {}", target.line(), target.cause().unwrap_or_default());
    troubled.map(line).collect()
}

#[test]
fn a_clock_that_is_years_ahead_is_blamed_and_not_the_servers() {
    let clock = Clock::new("wrong.time", YEARS);
    let agent = clock.start(own_node());
    let expected = [
        "more.example:443 https unreachable tls certificate_expired: clock_wrong certain",
        "time.example:123 ntp reachable clock_offset: clock_wrong certain",
        "web.example:443 https unreachable tls certificate_expired: clock_wrong certain",
    ];
    until("the clock's fault", || {
        let seen = troubles(&agent.report());
        (seen == expected).then_some(()).ok_or(seen)
    });
    let text = agent.page("/status", &[]);
    let story = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        story.contains("this node's clock is -94608000 s off"),
        "{text}"
    );
}

#[test]
fn a_clock_that_is_stepped_by_years_is_blamed_although_the_time_server_found_it_right_before() {
    let clock = Clock::new("outdated.time", "+0");
    let agent = Survivor::new(clock.start(own_node()));
    clock.step(YEARS);
    let expected = [
        "more.example:443 https unreachable tls certificate_expired: clock_wrong likely",
        "web.example:443 https unreachable tls certificate_expired: clock_wrong likely",
    ];
    until("the clock's fault", || {
        let seen = troubles(&agent.report());
        (seen == expected).then_some(()).ok_or(seen)
    });
    clock.step("+0");
    agent.assert_survived(&["certificate_expired"]);
}

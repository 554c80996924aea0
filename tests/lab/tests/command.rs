//! The lab for people, from the outside: `up` with an agent that only pretends, and the commands beside it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Prints a plan, or serves a page at the port of its configuration until it is told to end.
const AGENT: &str = r#"#!/bin/sh
if [ "$1" = catalog ]; then
    ip -o link show | grep -qv ' lo:' && exit 3 # asked where something could be reached
    cat <<'JSON'
{"targets": [
  {"pattern": "mcr.microsoft.com", "host": "mcr.microsoft.com", "target": "mcr.microsoft.com:443", "port": 443,
   "probe": "https", "groups": ["core"], "requirement": "required"},
  {"pattern": "mcr.microsoft.com", "host": "mcr.microsoft.com", "target": "mcr.microsoft.com", "port": null,
   "probe": "dns", "groups": ["core"], "requirement": "required"},
  {"pattern": "APIServerPublicIP", "host": "203.0.113.250", "target": "203.0.113.250:443", "port": 443,
   "probe": "tcp", "groups": ["core"], "requirement": "required"}],
 "untestable": []}
JSON
    exit
fi
cat "$3"
trap 'echo told to end; exit 0' TERM
while :; do sleep 0.1; done
"#;

struct People {
    folder: tempfile::TempDir,
}

impl People {
    fn new(agent: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let program = folder.path().join("agent");
        fs::write(&program, agent).expect("a script");
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(&program, mode).expect("a program");
        Self { folder }
    }

    fn agent(&self) -> PathBuf {
        self.folder.path().join("agent")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_egress-lab"));
        let beacon = self.folder.path().join("beacon");
        command.arg("--beacon").arg(beacon).args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("egress-lab runs")
    }

    fn up(&self) -> Child {
        let mut up = self.command(&["up", "--agent"]);
        let child = up.arg(self.agent()).stdout(Stdio::piped()).spawn();
        wait_until("a lab", || self.run(&["status"]).status.success());
        child.expect("egress-lab runs")
    }
}

fn wait_until(what: &str, done: impl Fn() -> bool) {
    for _ in 0..500 {
        if done() {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("waited in vain for {what}");
}

fn text(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&both).into_owned()
}

/// The folder of the lab of a process, and its namespaces.
fn traces(process: u32) -> (bool, String) {
    let folder = format!("/tmp/egress-lab-{process}-0");
    let namespaces = Command::new("ip").args(["netns", "list"]).output();
    let namespaces = text(&namespaces.expect("ip runs"));
    let own = namespaces
        .lines()
        .filter(|line| line.starts_with(&format!("egl-{process}-")));
    (Path::new(&folder).exists(), own.collect())
}

#[test]
fn a_lab_is_built_from_the_plan_and_leaves_nothing_behind() {
    let people = People::new(AGENT);
    let mut up = people.up();
    let status = text(&people.run(&["status"]));
    for expected in [
        "mcr.microsoft.com",
        "https:443",
        "203.0.113.250",
        "nginx",
        "faults: none",
    ] {
        assert!(status.contains(expected), "{expected}: {status}");
    }
    let second = people.run(&["up", "--agent", "/bin/true"]);
    assert!(text(&second).contains("a lab is up already"), "{second:?}");

    let process = up.id();
    let log = format!("/tmp/egress-lab-{process}-0/agent.log");
    let log = fs::read_to_string(log).unwrap();
    assert!(log.contains("nameservers: [\"198.18.1.2\"]"), "{log}");
    kill(Pid::from_raw(process.try_into().unwrap()), Signal::SIGINT).unwrap();
    assert!(up.wait().unwrap().success());
    assert_eq!(traces(process), (false, String::new()));
    assert!(text(&people.run(&["status"])).contains("no lab is up"));
}

#[test]
fn faults_are_laid_and_healed_from_another_terminal() {
    let people = People::new(AGENT);
    let mut up = people.up();
    let curl = [
        "exec",
        "--",
        "curl",
        "-sS",
        "--max-time",
        "2",
        "https://mcr.microsoft.com/",
    ];
    assert_eq!(text(&people.run(&curl)), "mcr.microsoft.com\n");
    let block = [
        "block",
        "--host",
        "mcr.microsoft.com",
        "--fault",
        "tls-reset",
        "--port",
        "443",
    ];
    assert!(people.run(&block).status.success());
    assert_eq!(people.run(&curl).status.code(), Some(35));
    assert!(text(&people.run(&["status"])).contains("mcr.microsoft.com (443): tls-reset"));
    let heal = text(&people.run(&["heal", "--host", "mcr.microsoft.com"]));
    assert!(heal.contains("1 healed"), "{heal}");
    assert!(people.run(&curl).status.success());
    let mistake = text(&people.run(&["block", "--host", "no.example"]));
    assert!(
        mistake.contains("the lab has no host \"no.example\""),
        "{mistake}"
    );
    assert!(people.run(&["down"]).status.success());
    assert!(up.wait().unwrap().success());
}

#[test]
fn a_fault_is_laid_by_its_name_where_it_shows() {
    let people = People::new(AGENT);
    let list = text(&people.run(&["faults"]));
    for name in ["sni-reset", "proxy-407", "mtu-blackhole", "tls-reset"] {
        assert!(list.contains(&format!("\n  {name} ")), "{list}");
    }
    let mut up = people.up();
    let curl = [
        "exec",
        "--",
        "curl",
        "-sS",
        "-m2",
        "https://mcr.microsoft.com/",
    ];
    let laid = text(&people.run(&["fault", "sni-reset"]));
    assert!(
        laid.starts_with("mcr.microsoft.com (all ports): "),
        "{laid}"
    );
    let seen = text(&people.run(&curl));
    assert!(seen.contains("reset by peer"), "{seen}");
    let elsewhere = ["fault", "syn-drop", "--host", "203.0.113.250"];
    assert!(people.run(&elsewhere).status.success());
    assert!(people.run(&["heal"]).status.success());
    assert_eq!(text(&people.run(&curl)), "mcr.microsoft.com\n");
    let mistake = text(&people.run(&["fault", "bad-luck"]));
    assert!(
        mistake.contains("there is no fault \"bad-luck\""),
        "{mistake}"
    );
    let nowhere = text(&people.run(&["fault", "ntp-kiss"]));
    assert!(
        nowhere.contains("this lab has no host with NTP"),
        "{nowhere}"
    );
    assert!(people.run(&["down"]).status.success());
    assert!(up.wait().unwrap().success());
}

#[test]
fn down_ends_a_lab_from_another_terminal() {
    let people = People::new(AGENT);
    let mut up = people.up();
    assert!(text(&people.run(&["down"])).contains("the running lab has ended"));
    assert!(up.wait().unwrap().success());
    assert_eq!(traces(up.id()), (false, String::new()));
}

#[test]
fn a_killed_lab_is_removed_by_its_guard() {
    let people = People::new(AGENT);
    let mut up = people.up();
    up.kill().unwrap();
    up.wait().unwrap();
    wait_until("the guard", || traces(up.id()) == (false, String::new()));
    assert!(text(&people.run(&["status"])).contains("no lab is up"));
}

#[test]
fn an_agent_that_ends_ends_the_lab_and_its_last_words_are_shown() {
    let sick = AGENT.replace("trap", "echo cannot go on >&2; exit 7; trap");
    let people = People::new(&sick);
    let output = people
        .command(&["up", "--agent"])
        .arg(people.agent())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("cannot go on"), "{output:?}");
}

#[test]
fn an_agent_without_a_plan_is_an_error_with_its_words() {
    let people = People::new("#!/bin/sh\necho no such cloud >&2; exit 2\n");
    let output = people
        .command(&["up", "--agent"])
        .arg(people.agent())
        .output()
        .unwrap();
    assert!(text(&output).contains("no such cloud"), "{output:?}");
}

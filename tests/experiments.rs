//! What experiments find out about each fault, at which hop, and when they are made at all.

mod support;

use std::fmt::Write;
use std::path::PathBuf;

use egress_lab::{Fault, HostSpec, Lab, LabSpec, Named};
use serde_json::Value;

use support::check::checked;
use support::clients::{count_packets, counted_packets};
use support::file;
use support::report::Report;
use support::running::Running;
use support::wait::until;

/// Reachable whatever happens to others: what failing hosts are compared with.
const CONTROL: &str = "a-control.example";
/// The routers that a TTL of 1, 2 and 3 ends at; the second one is the firewall.
const HOPS: [[&str; 3]; 2] = [
    ["198.18.0.3", "198.18.0.1", "198.18.2.2"],
    ["2001:db8::3", "2001:db8::1", "2001:db8:3::2"],
];

/// One target and what is found out about it, in the words of `told`.
struct Row {
    host: HostSpec,
    protocol: &'static str,
    /// By its name in the list of faults, on the host unless said otherwise.
    fault: (&'static str, Option<&'static str>),
    /// When it is not the host's.
    target: Option<&'static str>,
    found: &'static str,
}

impl Row {
    fn new(fault: &'static str, protocol: &'static str, found: &'static str) -> Self {
        let host = HostSpec::new(format!("{fault}.example"));
        let host = match protocol {
            "ntp: {port: 123}" => host.ntp(),
            "http: {port: 80}" => host.http(),
            "tcp: {port: 9000}" => host.tcp(9000),
            _ => host.https(),
        };
        Self {
            host,
            protocol,
            fault: (fault, None),
            target: None,
            found,
        }
    }

    fn https(fault: &'static str, found: &'static str) -> Self {
        Self::new(fault, "https: {port: 443}", found)
    }

    fn ntp(fault: &'static str, found: &'static str) -> Self {
        Self::new(fault, "ntp: {port: 123}", found)
    }

    fn at(mut self, address: &'static str, target: &'static str) -> Self {
        address.clone_into(&mut self.host.name);
        self.target = Some(target);
        self
    }

    fn on(mut self, whom: &'static str, target: Option<&'static str>) -> Self {
        self.fault.1 = Some(whom);
        self.target = target;
        self
    }

    fn lay(&self, lab: &Lab) {
        let (name, whom) = self.fault;
        let Named { scope, fault, .. } = Named::find(name).expect("a named fault");
        let laid = lab.block_port(whom.unwrap_or(&self.host.name), scope, fault);
        laid.expect("a fault is laid");
    }

    fn id(&self) -> (String, &'static str) {
        let (probe, port) = self.protocol.split_once(": {port: ").expect("a port");
        let port = port.trim_end_matches('}');
        match self.target {
            Some("198.18.1.2:53") => ("198.18.1.2:53".to_owned(), "dns-tcp"),
            Some(target) => (target.to_owned(), probe),
            None => (format!("{}:{port}", self.host.name), probe),
        }
    }

    fn entry(&self) -> String {
        let (host, protocol) = (&self.host.name, self.protocol);
        let name = host.replace(':', "_");
        format!("  - {{name: \"{name}\", hosts: [\"{host}\"], protocols: {{{protocol}}}}}\n")
    }
}

/// Lays all faults in one lab, lets the agent look once, and holds what it found out against the rows.
fn play(rows: &[Row]) {
    let control = HostSpec::new(CONTROL).https().ntp();
    let hosts = rows.iter().map(|row| row.host.clone());
    let lab = Lab::start(&LabSpec {
        middleboxes: true,
        second_nameserver: true,
        ..LabSpec::of(hosts.chain([control]))
    });
    let lab = lab.expect("the lab starts");
    for row in rows {
        row.lay(&lab);
    }
    let nameservers =
        [lab.nameserver(), lab.second_nameserver()].map(|address| address.to_string());
    let [first, second] = &nameservers;
    let report = look(&lab, rows, &["--nameserver", first, "--nameserver", second]);
    let wrong: Vec<_> = rows.iter().filter_map(|row| wrong(row, &report)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn wrong(row: &Row, report: &Report) -> Option<String> {
    let (target, probe) = row.id();
    let seen = report.target(&target, probe);
    let (found, expected) = (told(&seen.findings), row.found);
    let words = format!("{}\n found    {found}\n expected {expected}", seen.line());
    (found != expected).then_some(words)
}

fn catalog(lab: &Lab, rows: &[Row]) -> PathBuf {
    let control = Row::new("none", "https: {port: 443}, ntp: {port: 123}", "");
    let mut text = format!("entries:\n{}", control.at(CONTROL, "").entry());
    text.extend(rows.iter().map(Row::entry));
    file(lab, "catalog.yaml", &text)
}

fn look(lab: &Lab, rows: &[Row], more: &[&str]) -> Report {
    let catalog = catalog(lab, rows);
    let catalog = catalog.to_str().expect("a plain path");
    let arguments = ["--no-builtin", "--timeout", "3s", "--catalog", catalog];
    checked(lab, &[&arguments[..], more].concat()).1
}

/// Findings in one line: for names what the other name, no name and the other address drew; for paths the hops that
/// answered and what came at which TTL.
fn told(findings: &Value) -> String {
    let mut words = Vec::new();
    let text = |pointer: &str| findings.pointer(pointer).and_then(Value::as_str);
    if findings.get("names").is_some() {
        let answers = ["other_name/answer", "no_name", "other_address/answer"];
        let answers = answers.map(|what| text(&format!("/names/{what}")).unwrap_or("-"));
        words.push(format!("names {}", answers.join(" ")));
    }
    if let Some(accepted) = findings.pointer("/control/accepted") {
        words.push(format!("control {accepted}"));
    }
    for part in ["path", "control_path", "hello_path"] {
        words.extend(
            findings
                .get(part)
                .map(|path| format!("{part} {}", way(path))),
        );
    }
    if let (Some(small), Some(large)) = (text("/size/small"), text("/size/large")) {
        words.push(format!("size {small} {large}"));
    }
    words.join(", ")
}

fn way(path: &Value) -> String {
    let mut words = String::new();
    for hop in path["hops"].as_array().expect("a list") {
        let (ttl, address) = (&hop["ttl"], hop["address"].as_str().expect("an address"));
        let known = HOPS.iter().any(|hops| {
            let position = hops.iter().position(|hop| *hop == address);
            position.is_some_and(|position| *ttl == position + 1)
        });
        let stranger = if known { "" } else { address };
        write!(words, "{ttl}{stranger} ").expect("text");
    }
    let answer = path["answer"].as_str().expect("a word");
    write!(words, "{answer}@{}", path["answered_at"]).expect("text");
    match path.get("rejected_by").and_then(Value::as_str) {
        Some(sender) => format!("{words} by {sender}"),
        None => words,
    }
}

#[test]
fn faults_between_node_and_host_show_at_which_hop_they_act() {
    let established = "names silence silence answered, control false, path 1 2 3 answered@4, \
                       hello_path 1 2 silence@3, size silence silence";
    let nothing_compares = "names silence silence -, control false, path 1 2 3 answered@4, \
                            hello_path 1 2 silence@3, size silence silence";
    let dns = Row::https(
        "dns-tcp-blocked",
        "path 1 2 silence@3, control_path 1 2 3 answered@4",
    );
    let v6 = Row::https("cut-established", nothing_compares);
    play(&[
        Row::https(
            "syn-drop",
            "path 1 2 silence@3, control_path 1 2 3 answered@4",
        ),
        Row::https(
            "syn-reset",
            "path 1 2 reset@3, control_path 1 2 3 answered@4",
        ),
        Row::https(
            "icmp-prohibited",
            "path 1 2 rejected@3 by 198.18.0.1, control_path 1 2 3 answered@4",
        ),
        Row::https("cut-established", established),
        v6.at("2001:db8:1::77", "[2001:db8:1::77]:443"),
        Row::https(
            "hello-reset",
            "names answered answered answered, control false, path 1 2 3 answered@4, hello_path 1 2 reset@3",
        ),
        Row::https(
            "mtu-blackhole",
            "names silence silence answered, control false, path 1 2 3 answered@4, \
             hello_path 1 2 3 silence@4, size answered silence",
        ),
        Row::ntp(
            "ntp-dropped",
            "path 1 2 silence@3, control_path 1 2 3 answered@4",
        ),
        dns.on("nameserver", Some("198.18.1.2:53")),
        Row::https("no-route", ""),
    ]);
}

#[test]
fn faults_of_the_host_itself_show_behind_the_last_hop() {
    play(&[
        Row::https(
            "port-closed",
            "path 1 2 3 reset@4, control_path 1 2 3 answered@4",
        ),
        Row::https(
            "tls-silent",
            "names silence silence answered, control false, path 1 2 3 answered@4, \
             hello_path 1 2 3 silence@4, size silence silence",
        ),
        Row::https(
            "certificate-expired",
            "names answered answered answered, control false, path 1 2 3 answered@4, \
             hello_path 1 2 3 answered@4",
        ),
        Row::ntp(
            "ntp-refused",
            "path 1 2 3 rejected@4 by 203.0.113.4, control_path 1 2 3 answered@4",
        ),
        Row::ntp("ntp-wrong-origin", ""),
    ]);
}

#[test]
fn a_transparent_proxy_shows_before_the_host_and_by_the_names_it_denies() {
    play(&[
        Row::https(
            "sni-reset",
            "names answered closed reset, control true, path 1 answered@2, hello_path 1 reset@2",
        ),
        Row::https(
            "sni-close",
            "names answered closed closed, control true, path 1 answered@2, hello_path 1 closed@2",
        ),
        Row::https(
            "sni-drop",
            "names answered closed silence, control true, path 1 answered@2, hello_path 1 silence@2, \
             size silence silence",
        ),
        Row::https(
            "sni-alert",
            "names answered closed alert, control true, path 1 answered@2, hello_path 1 alert@2",
        ),
        Row::new(
            "http-470",
            "http: {port: 80}",
            "control true, path 1 answered@2",
        ),
        Row::new("tcp-intercepted", "tcp: {port: 9000}", "path 1 answered@2").on("*", None),
    ]);
}

/// Nothing but an experiment sends packets that do not come far.
fn count_short_lived(lab: &Lab) {
    let script = "add table inet short
        add chain inet short output { type filter hook output priority 0; }
        add rule inet short output ip ttl < 60 counter";
    let added = lab.node().command("nft").arg(script).status();
    assert!(added.expect("nft starts").success());
}

fn short_lived(lab: &Lab) -> bool {
    let mut nft = lab.node().command("nft");
    let output = nft.args(["list", "table", "inet", "short"]).output();
    let text = String::from_utf8(output.expect("nft starts").stdout).expect("text");
    assert!(text.contains("counter packets "), "{text}");
    !text.contains("counter packets 0 ")
}

#[test]
fn the_switch_switches_off_and_what_is_well_is_left_alone() {
    let rows = [Row::https("hello-reset", "")];
    let hosts = rows.iter().map(|row| row.host.clone());
    let lab = Lab::start(&LabSpec::of(
        hosts.chain([HostSpec::new(CONTROL).https().ntp()]),
    ));
    let lab = lab.expect("the lab starts");
    let target = rows[0].id().0;
    count_short_lived(&lab);
    count_packets(&lab);
    let well = look(&lab, &rows, &[]);
    assert_eq!(well.troubled(), [""; 0]);
    let with = counted_packets(&lab);
    look(&lab, &rows, &["--no-experiments"]);
    assert_eq!(counted_packets(&lab), with * 2, "the same with and without");

    rows[0].lay(&lab);
    let off = look(&lab, &rows, &["--no-experiments"]);
    let configured = file(&lab, "off.yaml", "experiments: false\n");
    let configured = configured.to_str().expect("a plain path");
    let off_by_file = look(&lab, &rows, &["--config", configured]);
    for report in [off, off_by_file] {
        let failing = report.target(&target, "https");
        assert_eq!(failing.verdict(), "unreachable tls connection_reset");
        assert_eq!(failing.findings, Value::Null);
    }
    assert!(!short_lived(&lab));
    let on = look(&lab, &rows, &[]);
    assert_ne!(on.target(&target, "https").findings, Value::Null);
    assert!(short_lived(&lab));
}

#[test]
fn a_running_agent_looks_into_a_failure_and_forgets_what_it_found_when_it_heals() {
    let rows = [Row::https("syn-reset", "")];
    let hosts = rows.iter().map(|row| row.host.clone());
    let lab = Lab::start(&LabSpec::of(
        hosts.chain([HostSpec::new(CONTROL).https().ntp()]),
    ));
    let lab = lab.expect("the lab starts");
    let (target, probe) = rows[0].id();
    count_short_lived(&lab);
    let catalog = catalog(&lab, &rows);
    let catalog = catalog.to_str().expect("a plain path");
    let arguments = [
        "--no-builtin",
        "--metadata",
        "off",
        "--interval",
        "1s",
        "--catalog",
        catalog,
    ];
    let agent = Running::start(&lab, 9100, &arguments, &[]);
    assert!(!short_lived(&lab));
    lab.block(&rows[0].host.name, Fault::Reject)
        .expect("a fault is laid");
    until("findings", || {
        let findings = agent.report().target(&target, probe).findings.clone();
        let found = told(&findings) == "path 1 2 reset@3, control_path 1 2 3 answered@4";
        found.then_some(()).ok_or(findings)
    });
    lab.heal_all().expect("it heals");
    let healed = agent.await_verdict(&target, probe, "reachable");
    assert_eq!(healed.findings, Value::Null);
    let (status, _) = agent.terminate();
    assert!(status.success());
}

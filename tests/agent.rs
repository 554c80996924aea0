//! The agent at work on a node: it finds out where it is, shows what it sees, follows what changes, and ends.

#[path = "support/pages.rs"]
mod pages;
mod support;

use std::ffi::OsString;
use std::fs;
use std::sync::LazyLock;

use egress_lab::{Cluster, Fault, HostSpec, Lab, LabSpec};

use pages::{assert_all_say_the_same, assert_exposition};
use support::check::Check;
use support::running::Running;
use support::samples::sample;
use support::wait::until;
use support::{agent, agent_in, file, trusting};

/// A small internet for agents that have little to do. Every agent in it has a port of its own.
static SMALL: LazyLock<Lab> = LazyLock::new(|| {
    let spec = LabSpec {
        second_nameserver: true,
        ..LabSpec::of([HostSpec::new("well.example").https()])
    };
    Lab::start(&spec).expect("the lab starts")
});

const SMALL_CATALOG: &str = "entries:
  - {name: well, hosts: [\"well.example\"], protocols: {https: {port: 443}}}
";

/// What the built-in catalogue has no target for: one that stays unproven, one that stays with a warning.
const MORE: &str = "entries:
  - {name: two, hosts: [\"two.example\"], protocols: {https: {port: 443}}, requirement: optional}
  - {name: vpn, hosts: [\"vpn.example\"], protocols: {udp: {port: 5000}}, requirement: optional}
";
const ALWAYS_TROUBLED: [&str; 2] = [
    "two.example:443 https reachable partial_addresses",
    "vpn.example:5000 udp unproven exchange no_rejection",
];

/// The public cloud with everything in it, and `MORE`.
fn public_cloud() -> Lab {
    let cluster = Cluster::PUBLIC;
    let plan = cluster.plan(agent(), "latest", &[]).expect("a plan");
    let mut spec = LabSpec::from_plan_json(&plan).expect("a plan that the lab can serve");
    spec.metadata = Some(cluster.metadata());
    let more = [
        HostSpec::new("two.example").https().addresses(2),
        HostSpec::new("vpn.example").udp_silent(5000),
    ];
    spec.hosts.extend(more);
    let lab = Lab::start(&spec).expect("the lab starts");
    let half = lab.addresses_of("two.example")[1].to_string();
    lab.block(&half, Fault::Refused).expect("a fault is laid");
    lab
}

/// An agent that must find out by itself where it is and whose API server it has.
fn on_a_node(lab: &Lab) -> Running<'_> {
    let catalog = file(lab, "more.yaml", MORE);
    let mut arguments: Vec<OsString> = ["--all-features", "--interval", "1s", "--catalog"]
        .map(Into::into)
        .to_vec();
    arguments.push(catalog.into());
    for (name, value) in Cluster::PUBLIC.parameters() {
        if !["location", "apiserver_fqdn"].contains(&name) {
            arguments.extend(["--set".into(), format!("{name}={value}").into()]);
        }
    }
    let api_server = Cluster::PUBLIC.api_server();
    let variables = [
        ("NODE_NAME", "aks-nodepool1-000007"),
        ("KUBERNETES_SERVICE_HOST", api_server.as_str()),
    ];
    let running = Running::start(lab, 9100, &arguments, &variables);
    // Two addresses take turns, so that the broken one shows at the second attempt.
    until("both addresses", || {
        let troubled = running.report().troubled();
        (troubled == ALWAYS_TROUBLED).then_some(()).ok_or(troubled)
    });
    running
}

fn small(port: u16, more: &[&str]) -> Running<'static> {
    let lab = &*SMALL;
    let catalog = file(lab, &format!("catalog-{port}.yaml"), SMALL_CATALOG);
    let catalog = catalog.to_str().expect("a path of plain letters");
    let arguments = ["--no-builtin", "--catalog", catalog, "--metadata", "off"];
    Running::start(lab, port, &[&arguments[..], more].concat(), &[])
}

#[test]
fn what_the_agent_finds_out_is_shown_with_its_source() {
    let lab = public_cloud();
    let running = on_a_node(&lab);
    assert_eq!(running.get("/healthz", &[]).0, 200);
    let report = running.report();
    assert_eq!(report.summary.pending, 0, "ready after the first round");
    let environment = &report.environment;
    assert_eq!(report.agent.node, "aks-nodepool1-000007");
    assert_eq!(environment.cloud.as_deref(), Some("public"));
    assert_eq!(environment.location.as_deref(), Some("eastus"));
    let api_server = Cluster::PUBLIC.api_server();
    assert_eq!(environment.parameters["apiserver_fqdn"], api_server);
    for (fact, source) in [
        ("cloud", "instance metadata service"),
        ("location", "instance metadata service"),
        ("node", "environment variable NODE_NAME"),
        (
            "apiserver_fqdn",
            "environment variable KUBERNETES_SERVICE_HOST",
        ),
    ] {
        assert_eq!(environment.sources[fact], source, "{fact}");
    }
    let page = running.page("/status", &[]);
    assert!(
        page.contains("eastus (instance metadata service)"),
        "{page}"
    );
    let target = report.target(&format!("{api_server}:443"), "https");
    assert_eq!(target.verdict(), "reachable");
    let regional = report.target("eastus.data.mcr.microsoft.com:443", "https");
    assert_eq!(regional.verdict(), "reachable");
}

#[test]
fn a_blocked_name_is_the_only_one_that_turns_and_heals_again() {
    let lab = public_cloud();
    let running = on_a_node(&lab);
    let (host, target) = ("mcr.microsoft.com", "mcr.microsoft.com:443");
    let labels = [("target", target), ("probe", "https")];
    let why = [
        &labels[..],
        &[("phase", "tls"), ("reason", "connection_reset")],
    ]
    .concat();
    let success = |metrics: &str| sample(metrics, "egress_probe_success", &labels);
    let failure_info = |metrics: &str| sample(metrics, "egress_probe_failure_info", &why);
    let metrics = running.metrics();
    assert_eq!(
        (success(&metrics), failure_info(&metrics)),
        (Some(1.0), None)
    );

    lab.block(host, Fault::TlsReset).expect("a fault is laid");
    let verdict = "unreachable tls connection_reset";
    running.await_verdict(target, "https", verdict);
    let blocked = format!("{target} https {verdict}");
    let [two, vpn] = ALWAYS_TROUBLED;
    assert_eq!(running.report().troubled(), [&blocked, two, vpn]);
    let metrics = running.metrics();
    assert_eq!(
        (success(&metrics), failure_info(&metrics)),
        (Some(0.0), Some(1.0))
    );
    assert_all_say_the_same(&running);

    lab.heal(host).expect("the fault is taken away");
    running.await_verdict(target, "https", "reachable");
    let metrics = running.metrics();
    assert_eq!(
        (success(&metrics), failure_info(&metrics)),
        (Some(1.0), None)
    );
    let changes = sample(&metrics, "egress_probe_state_changes_total", &labels);
    assert_eq!(changes, Some(2.0));
    assert_exposition(&metrics);
    assert_the_log_tells_of_changes_only(&running.log(), target);
}

/// One warning and one recovery of this target, and no line for any attempt.
fn assert_the_log_tells_of_changes_only(log: &str, target: &str) {
    let of_target = |line: &&str| line.contains(&format!("target={target} probe=https"));
    let lines: Vec<_> = log.lines().filter(of_target).collect();
    assert_eq!(
        lines.len(),
        2,
        "the log tells of changes, and of no attempt: {lines:#?}"
    );
    assert!(
        lines[0].contains(" WARN ") && lines[0].contains("reason=connection_reset"),
        "{lines:#?}"
    );
    assert!(
        lines[1].contains(" INFO ") && lines[1].contains("to=reachable"),
        "{lines:#?}"
    );
}

#[test]
fn without_a_metadata_service_the_agent_starts_and_says_what_it_lacks() {
    let lab = &*SMALL;
    let running = Running::start(lab, 9101, &["--timeout", "1s"], &[]);
    let report = running.report();
    assert_eq!(report.environment.sources["cloud"], "default");
    assert_eq!(report.environment.location, None);
    let api_server = "*.hcp.{location}.azmk8s.io https:443 needs apiserver_fqdn";
    let untestable = report.untestable();
    assert!(
        untestable.iter().any(|row| row == api_server),
        "{untestable:?}"
    );
    let page = running.page("/status", &[]);
    let notice = "the instance metadata service at 169.254.169.254:80 did not tell";
    assert!(page.contains(notice), "{page}");
}

#[test]
fn nameservers_that_are_replaced_while_the_agent_runs_replace_their_targets() {
    let (first, second) = (SMALL.nameserver(), SMALL.second_nameserver());
    let resolv_conf = file(&SMALL, "followed.conf", &format!("nameserver {first}\n"));
    let path = resolv_conf.to_str().expect("a path of plain letters");
    let arguments = [
        "--resolv-conf",
        path,
        "--interval",
        "1s",
        "--log-level",
        "debug",
    ];
    let running = small(9102, &arguments);
    let (old, new) = (format!("{first}:53"), format!("{second}:53"));
    let report = running.report();
    assert_eq!(report.target(&old, "dns-udp").verdict(), "reachable");
    assert!(report.find(&new, "dns-udp").is_none());

    // As a DHCP client does it: a new file takes the place of the old one.
    let next = file(&SMALL, "next.conf", &format!("nameserver {second}\n"));
    fs::rename(next, &resolv_conf).expect("in the same folder");
    for probe in ["dns-udp", "dns-tcp"] {
        running.await_verdict(&new, probe, "reachable");
    }
    assert!(running.report().find(&old, "dns-udp").is_none());
    let metrics = running.metrics();
    assert!(!metrics.contains(&old), "{metrics}");
    let well = running.await_verdict("well.example:443", "https", "reachable");
    until("names from the new nameserver", || {
        let seen = running.report().target("well.example", "dns").facts["nameserver"].clone();
        (seen == new.as_str()).then_some(()).ok_or(seen)
    });
    assert!(well.address.is_some());
    let attempt = "attempt ended target=well.example:443 probe=https verdict=reachable seconds=";
    assert!(running.log().contains(attempt), "{}", running.log());
}

#[test]
#[expect(clippy::print_stderr, reason = "shown with --nocapture, never judged")]
fn a_request_to_end_is_obeyed_at_once_and_without_complaint() {
    // Attempts are under way at any time: nothing ever answers this one.
    let nowhere =
        "entries:\n  - {name: nowhere, hosts: [\"192.0.2.1\"], protocols: {tcp: {port: 443}}}\n";
    let nowhere = file(&SMALL, "nowhere.yaml", nowhere);
    let nowhere = nowhere.to_str().expect("a path of plain letters");
    let arguments = ["--catalog", nowhere, "--timeout", "3s", "--interval", "1s"];
    let running = small(9103, &arguments);
    let (status, took) = running.terminate();
    eprintln!("ended {took:?} after SIGTERM");
    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_busy_port_fails_the_start_and_says_whose_it_may_be() {
    let lab = &*SMALL;
    let _owner = small(9100, &[]);
    let mut command = agent_in(lab);
    command.args(["run", "--listen", "127.0.0.1:9100", "--metadata", "off"]);
    command.args(trusting(lab));
    let second = Check::of(command);
    assert_eq!(second.exit, 2);
    let sentence = "127.0.0.1:9100 is in use (9100 is also the port of node_exporter); \
                    choose another address with `--listen ADDR:PORT`";
    assert!(second.stderr.contains(sentence), "{}", second.stderr);
}

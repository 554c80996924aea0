//! `egress-probe check` as scripts and pipelines use it: exit codes, what is selected, and every form of report.

mod support;

use std::sync::LazyLock;

use egress_lab::{Cluster, Fault, HostSpec, Lab, LabSpec};
use serde_json::Value;

use support::check::{Check, check, checked};
use support::clients::{count_packets, counted_packets, junit_cases, promtool};
use support::{agent, file};

/// Something of everything: required and optional, three groups, one host without its service.
const CATALOG: &str = "entries:
  - {name: core, hosts: [\"core.example\"], protocols: {https: {port: 443}}, group: core}
  - {name: gpu, hosts: [\"gpu.example\"], protocols: {https: {port: 443}}, group: gpu}
  - {name: closed, hosts: [\"gpu.example\"], protocols: {tcp: {port: 9000}}, requirement: optional}
  - {name: vpn, hosts: [\"core.example\"], protocols: {udp: {port: 5000}}, requirement: optional}
  - {name: private, hosts: [\"{key_vault}.example\"], protocols: {https: {port: 443}}}
";

static LAB: LazyLock<Lab> = LazyLock::new(|| {
    let hosts = [
        HostSpec::new("core.example").https().udp_silent(5000),
        HostSpec::new("gpu.example").https(),
    ];
    let lab = Lab::start(&LabSpec::of(hosts)).expect("the lab starts");
    file(&lab, "catalog.yaml", CATALOG);
    lab
});

fn with_catalog<'a>(more: &[&'a str]) -> Vec<&'a str> {
    static PATH: LazyLock<String> = LazyLock::new(|| {
        let path = LAB.folder().join("catalog.yaml");
        path.to_str().expect("a path of plain letters").to_owned()
    });
    let usual = [
        "--no-builtin",
        "--catalog",
        &PATH,
        "--feature",
        "gpu",
        "--timeout",
        "2s",
    ];
    [&usual[..], more].concat()
}

fn run(more: &[&str]) -> Check {
    check(&LAB, &with_catalog(more))
}

#[test]
fn the_exit_code_follows_one_required_name() {
    let cluster = Cluster::PUBLIC;
    let plan = cluster.plan(agent(), "latest", &[]).expect("a plan");
    let spec = LabSpec::from_plan_json(&plan).expect("a plan that the lab can serve");
    let lab = Lab::start(&spec).expect("the lab starts");
    let mut arguments = vec!["--all-features".to_owned()];
    for (name, value) in cluster.parameters() {
        arguments.extend(["--set".to_owned(), format!("{name}={value}")]);
    }
    let (exit, report) = checked(&lab, &arguments);
    assert_eq!((exit, report.troubled()), (0, vec![]));

    lab.block("mcr.microsoft.com", Fault::TlsReset)
        .expect("a fault is laid");
    let (exit, report) = checked(&lab, &arguments);
    let blocked = "mcr.microsoft.com:443 https unreachable tls connection_reset";
    assert_eq!((exit, report.troubled()), (1, vec![blocked.to_owned()]));
    assert_eq!(report.summary.unreachable_required, 1);
}

#[test]
fn optional_targets_count_only_when_the_check_is_strict() {
    let plain = run(&["--format", "json"]);
    let troubled = [
        "core.example:5000 udp unproven exchange no_rejection",
        "gpu.example:9000 tcp unreachable connect connection_refused",
    ];
    assert_eq!(plain.report().troubled(), troubled);
    assert_eq!(plain.exit, 0);
    assert_eq!(run(&["--strict"]).exit, 1);
    for target in ["core.example:5000", "gpu.example:9000"] {
        assert_eq!(run(&["--strict", "--target", target]).exit, 1, "{target}");
    }
    assert_eq!(run(&["--strict", "--target", "*.example:443"]).exit, 0);
}

fn ids(check: &Check) -> Vec<String> {
    let report = check.report();
    let targets = report.targets.iter();
    targets
        .map(|target| format!("{} {}", target.target, target.probe))
        .collect()
}

#[test]
fn only_what_is_asked_for_is_tested() {
    let gpu = run(&["--format", "json", "--group", "gpu"]);
    assert_eq!(ids(&gpu), ["gpu.example dns", "gpu.example:443 https"]);
    assert_eq!(gpu.report().untestable().len(), 0);
    let like = run(&["--format", "json", "--target", "core.example:*"]);
    assert_eq!(
        ids(&like),
        ["core.example:443 https", "core.example:5000 udp"]
    );
    let both = run(&["--format", "json", "--target", "*:443", "--group", "core"]);
    assert_eq!(ids(&both), ["core.example:443 https"]);
    let nothing = run(&["--target", "nowhere.example:443"]);
    assert_eq!((nothing.exit, nothing.stdout.as_str()), (2, ""));
    assert!(
        nothing.stderr.contains("no target matches"),
        "{}",
        nothing.stderr
    );
}

#[test]
fn junit_is_xml_with_a_case_for_every_target_and_row() {
    let check = run(&["--format", "junit"]);
    let cases = junit_cases(&check.stdout);
    let with = |part: &str| {
        let like = cases.iter().filter(|(_, parts)| parts == part);
        like.map(|(name, _)| name.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(with("failure"), ["gpu.example:9000"]);
    assert_eq!(with("error"), ["core.example:5000"]);
    assert_eq!(with("skipped"), ["{key_vault}.example"]);
    let passed = [
        "198.18.1.2:53",
        "198.18.1.2:53",
        "core.example",
        "core.example:443",
        "gpu.example",
        "gpu.example:443",
    ];
    assert_eq!(with(""), passed);
}

#[test]
fn the_prometheus_form_pleases_promtool() {
    let check = run(&["--format", "prometheus"]);
    assert_eq!(promtool(&check.stdout), "");
    let success = "egress_probe_success{probe=\"https\",target=\"core.example:443\"} 1";
    let other_order = "egress_probe_success{target=\"core.example:443\",probe=\"https\"} 1";
    let mut lines = check.stdout.lines();
    assert!(lines.any(|line| line == success || line == other_order));
}

#[test]
fn the_json_form_has_the_fields_of_the_contract() {
    let report: Value = serde_json::from_str(&run(&["--format", "json"]).stdout).expect("JSON");
    let has = |value: &Value, fields: &str| {
        for field in fields.split(' ') {
            assert!(value.get(field).is_some(), "no {field} in {value}");
        }
    };
    has(
        &report,
        "agent environment generated_at summary targets untestable",
    );
    has(&report["agent"], "version node started_at");
    has(&report["environment"], "cloud location edition parameters");
    let summary =
        "targets reachable degraded unreachable unreachable_required unproven pending untestable";
    has(&report["summary"], summary);
    for target in report["targets"].as_array().expect("a list") {
        has(
            target,
            "target probe host port groups requirement purpose state since last_attempt",
        );
        has(
            target,
            "duration_seconds phases address addresses failure warnings facts history",
        );
        for phase in target["phases"].as_array().expect("a list") {
            has(phase, "phase seconds");
        }
        if target["state"] != "reachable" {
            has(&target["failure"], "phase reason detail");
        }
    }
    has(&report["untestable"][0], "pattern protocols groups needs");
}

#[test]
fn what_goes_into_a_pipe_is_plain() {
    for format in ["text", "json", "junit", "prometheus"] {
        let mut command = support::agent_in(&LAB);
        // A terminal that can show everything: it is not where the report goes.
        command.envs([("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]);
        command.args(["check", "--metadata", "off", "--format", format]);
        command
            .args(support::trusting(&LAB))
            .args(with_catalog(&[]));
        let check = Check::of(command);
        let escape = |text: &str| text.contains('\x1b') || text.contains('\r');
        assert!(!escape(&check.stdout), "{format}: {}", check.stdout);
        assert_eq!(check.stderr, "", "{format}");
    }
}

const FIVE_MISTAKES: &str = "cloud: publik
edition: \"2020-13\"
probe:
  timeout: 10
  intervall: 60s
nameservers: [\"198.18.1.2\"]
features: [core, gpus]
";

#[test]
fn a_bad_configuration_is_told_whole_and_nothing_is_sent() {
    let lab = Lab::start(&LabSpec::of([HostSpec::new("core.example").https()]));
    let lab = lab.expect("the lab starts");
    count_packets(&lab);
    let config = file(&lab, "bad.yaml", FIVE_MISTAKES);
    let config = config.to_str().expect("a path of plain letters");
    let bad = check(&lab, &["--config", config]);
    assert_eq!((bad.exit, bad.stdout.as_str()), (2, ""));
    let places: Vec<_> = bad
        .stderr
        .lines()
        .filter_map(|line| line.split_once("bad.yaml:")?.1.split(':').next())
        .collect();
    assert_eq!(places, ["1", "2", "4", "5", "7"], "{}", bad.stderr);
    assert_eq!(counted_packets(&lab), 0);

    let good = file(&lab, "good.yaml", "cloud: public\n");
    let good = good.to_str().expect("a path of plain letters");
    check(
        &lab,
        &["--config", good, "--group", "core", "--timeout", "1s"],
    );
    assert!(counted_packets(&lab) > 0, "the counter counts");
}

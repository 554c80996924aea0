//! The exposition: names, kinds and labels are a contract with dashboards and alerts.

#[path = "support/fixture.rs"]
mod fixture;

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use egress_probe::metrics::{
    AgentGauges, CatalogInfo, FAMILIES, Format, Kind, exposition, families,
};
use egress_probe::outcome::{Facts, Phase, Reason};
use egress_probe::store::{Record, State};
use prometheus::proto::MetricFamily;

/// Section 4 of the design, as a table.
const CONTRACT: &[(&str, &str, &str)] = &[
    ("egress_probe_success", "gauge", "target probe"),
    ("egress_probe_unproven", "gauge", "target probe reason"),
    ("egress_probe_warning", "gauge", "target probe warning"),
    ("egress_probe_attempts_total", "counter", "target probe"),
    ("egress_probe_failures_total", "counter", "target probe"),
    (
        "egress_probe_failures_by_reason_total",
        "counter",
        "target probe phase reason",
    ),
    (
        "egress_probe_failure_info",
        "gauge",
        "target probe phase reason",
    ),
    ("egress_diagnosis_info", "gauge", "target probe cause"),
    ("egress_probe_duration_seconds", "gauge", "target probe"),
    (
        "egress_probe_phase_duration_seconds",
        "gauge",
        "target probe phase",
    ),
    (
        "egress_probe_last_attempt_timestamp_seconds",
        "gauge",
        "target probe",
    ),
    (
        "egress_probe_last_success_timestamp_seconds",
        "gauge",
        "target probe",
    ),
    (
        "egress_probe_state_changes_total",
        "counter",
        "target probe",
    ),
    (
        "egress_target_info",
        "gauge",
        "target probe host port groups requirement",
    ),
    ("egress_untestable_info", "gauge", "pattern groups needs"),
    ("egress_targets", "gauge", "requirement"),
    ("egress_resolved_addresses", "gauge", "target family"),
    ("egress_failing_addresses", "gauge", "target family"),
    ("egress_tls_certificate_trusted", "gauge", "target"),
    (
        "egress_tls_certificate_not_after_timestamp_seconds",
        "gauge",
        "target",
    ),
    ("egress_http_response_status", "gauge", "target"),
    ("egress_ntp_offset_seconds", "gauge", "target"),
    ("egress_ntp_delay_seconds", "gauge", "target"),
    ("egress_ntp_stratum", "gauge", "target"),
    ("egress_ntp_root_dispersion_seconds", "gauge", "target"),
    ("egress_scheduler_lag_seconds", "gauge", ""),
    ("egress_config_last_reload_successful", "gauge", ""),
    (
        "egress_config_last_reload_success_timestamp_seconds",
        "gauge",
        "",
    ),
    (
        "egress_catalog_info",
        "gauge",
        "edition cloud location sha256",
    ),
    ("egress_build_info", "gauge", "version revision rustc"),
];

fn gauges() -> AgentGauges {
    AgentGauges {
        scheduler_lag: Duration::from_micros(1_250),
        last_reload_successful: false,
        last_reload_success: fixture::before(11_000),
        catalog: CatalogInfo {
            edition: "2026-06".to_owned(),
            cloud: "public".to_owned(),
            location: "eastus".to_owned(),
            sha256: "0f1e2d".to_owned(),
        },
    }
}

fn exposed(records: &[Record]) -> Vec<MetricFamily> {
    families(records, &fixture::about(), &gauges()).collect()
}

fn written(records: &[Record], format: Format) -> String {
    exposition(records, &fixture::about(), &gauges(), format).expect("an exposition")
}

fn text_of(records: &[Record]) -> String {
    written(records, Format::Text)
}

/// The samples of one series name, as `labels -> value`.
fn samples(text: &str, name: &str) -> BTreeMap<String, String> {
    let of_name = |line: &&str| {
        line.strip_prefix(name)
            .is_some_and(|rest| rest.starts_with(['{', ' ']))
    };
    let split = |line: &str| {
        line.rsplit_once(' ')
            .map(|(series, value)| (series.to_owned(), value.to_owned()))
    };
    text.lines().filter(of_name).filter_map(split).collect()
}

#[test]
fn the_table_of_families_is_the_contract() {
    let table: Vec<_> = FAMILIES
        .iter()
        .map(|family| {
            let kind = match family.kind {
                Kind::Counter => "counter",
                Kind::Gauge => "gauge",
            };
            (family.name, kind, family.labels.join(" "))
        })
        .collect();
    let contract: Vec<_> = CONTRACT
        .iter()
        .map(|&(name, kind, labels)| (name, kind, labels.to_owned()))
        .collect();
    assert_eq!(table, contract);
}

#[test]
fn the_fixture_exposes_every_family_with_its_labels() {
    let families = exposed(&fixture::records());
    for (name, _, labels) in CONTRACT {
        let family = families.iter().find(|family| family.name() == *name);
        let family = family.unwrap_or_else(|| panic!("{name} is not exposed"));
        for metric in family.get_metric() {
            let exposed: Vec<_> = metric
                .get_label()
                .iter()
                .map(prometheus::proto::LabelPair::name)
                .collect();
            assert_eq!(exposed.join(" "), *labels, "{name}");
        }
    }
    let unknown = families.iter().map(MetricFamily::name).find(|name| {
        !name.starts_with("process_") && !CONTRACT.iter().any(|(known, _, _)| known == name)
    });
    assert_eq!(unknown, None);
}

#[test]
fn the_exposition_of_the_fixture() {
    let text = text_of(&fixture::records());
    let own: Vec<_> = text
        .lines()
        .filter(|line| !line.contains("process_") && !line.contains("build_info"))
        .collect();
    insta::assert_snapshot!(own.join("\n"));
}

#[test]
fn promtool_finds_nothing_to_complain_about() {
    let text = text_of(&fixture::records());
    let promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut promtool = promtool.expect("promtool: install Debian's package prometheus");
    promtool
        .stdin
        .take()
        .expect("a pipe")
        .write_all(text.as_bytes())
        .expect("written");
    let output = promtool.wait_with_output().expect("an end");
    let complaint = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && complaint.is_empty(),
        "{complaint}"
    );
}

#[test]
fn success_is_absent_until_the_network_decided() {
    let records = fixture::records();
    let text = text_of(&records);
    let success = samples(&text, "egress_probe_success");
    let decided = records
        .iter()
        .filter(|r| matches!(r.state, State::Reachable | State::Unreachable));
    assert_eq!(success.len(), decided.count());
    let attempts = samples(&text, "egress_probe_attempts_total");
    assert_eq!(attempts.len(), records.len(), "counters start at zero");
    assert_eq!(
        samples(&text, "egress_probe_failures_total").len(),
        records.len()
    );
    let untried = attempts
        .iter()
        .find(|(series, _)| series.contains("nvidia.github.io:443"));
    assert_eq!(untried.map(|(_, value)| value.as_str()), Some("0"));
}

#[test]
fn what_is_not_a_number_is_left_out() {
    let mut records = fixture::records();
    for record in &mut records {
        if let Some(latest) = &record.latest {
            let mut outcome = (**latest).clone();
            if let Some(ntp) = &mut outcome.facts.ntp {
                ntp.offset_seconds = Some(f64::NAN);
                ntp.delay_seconds = Some(f64::INFINITY);
            }
            record.latest = Some(Arc::new(outcome));
        }
    }
    let text = text_of(&records);
    let values = || {
        text.lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.rsplit_once(' '))
    };
    assert_eq!(
        values().find(|(_, value)| !value.parse::<f64>().is_ok_and(f64::is_finite)),
        None
    );
    assert!(samples(&text, "egress_ntp_offset_seconds").is_empty());
    assert_eq!(samples(&text, "egress_ntp_stratum").len(), 1);
}

#[test]
fn a_time_server_without_time_has_neither_offset_nor_delay() {
    let mut records = fixture::records();
    for record in &mut records {
        if let Some(latest) = &record.latest {
            let mut outcome = (**latest).clone();
            if let Some(ntp) = &mut outcome.facts.ntp {
                (ntp.offset_seconds, ntp.delay_seconds) = (None, None);
            }
            record.latest = Some(Arc::new(outcome));
        }
    }
    let text = text_of(&records);
    assert!(samples(&text, "egress_ntp_offset_seconds").is_empty());
    assert!(samples(&text, "egress_ntp_delay_seconds").is_empty());
    assert_eq!(samples(&text, "egress_ntp_stratum").len(), 1);
}

#[test]
fn a_failing_https_target_stays_within_the_series_budget() {
    let target = fixture::https("worst.example", "cost as much as it can");
    let facts = Facts {
        certificate: Some(fixture::certificate(false)),
        ..fixture::https_facts()
    };
    let record = fixture::failed(
        &target,
        60,
        Phase::Request,
        Reason::HttpDenied,
        "denied",
        facts,
    );
    let text = text_of(&[record]);
    let of_target = || {
        text.lines()
            .filter(|line| line.contains(r#"target="worst.example:443""#))
    };
    let of_probe = of_target()
        .filter(|line| line.contains(r#"probe="https""#))
        .count();
    // Of the budget of 14, and the diagnosis, which only a target that fails has.
    assert!(of_probe <= 15, "{of_probe} series with target and probe");
    assert!(
        of_target().count() <= 20,
        "{} series with the target",
        of_target().count()
    );
}

#[test]
fn open_metrics_says_the_same_as_text() {
    let records = fixture::records();
    let (text, open) = (text_of(&records), written(&records, Format::OpenMetrics));
    let samples = |exposition: &str| -> Vec<String> {
        exposition
            .lines()
            // Those of the process go on between the two.
            .filter(|line| !line.starts_with(['#', 'p']))
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(samples(&open), samples(&text));
    assert!(open.ends_with("\n# EOF\n"));
    assert!(open.contains("# TYPE egress_probe_attempts counter\n"));
    assert!(open.contains("# TYPE process_cpu_seconds counter\n"));
    assert!(!open.contains("# TYPE egress_probe_attempts_total"));
}

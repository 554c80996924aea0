//! Every query of every panel and variable on a real Prometheus that scrapes two agents, with faults standing:
//! valid, and not empty where there must be something.

use std::collections::BTreeMap;

use egress_lab::{Fault, HostSpec, Lab, LabSpec};
use serde_json::Value;

use crate::lint::{Asked, asked_values, list, panels, text};
use crate::prometheus::{self, Prometheus};
use crate::rules;
use crate::shipped::all;
use crate::support::file;
use crate::support::running::Running;
use crate::support::wait::until;

const CATALOG: &str = "entries:
  - {name: well, hosts: [\"well.example\"], protocols: {https: {port: 443}, http: {port: 80}}, group: core}
  - {name: blocked, hosts: [\"blocked.example\"], protocols: {https: {port: 443}}, group: core}
  - {name: expired, hosts: [\"expired.example\"], protocols: {https: {port: 443}}, group: azure-monitor}
  - {name: also-well, hosts: [\"well.example\"], protocols: {https: {port: 443}}, group: azure-policy}
  - {name: time, hosts: [\"time.example\"], protocols: {ntp: {port: 123}}}
  - {name: vpn, hosts: [\"vpn.example\"], protocols: {udp: {port: 5000}}}
  - {name: half, hosts: [\"half.example\"], protocols: {https: {port: 443}}}
  - {name: vault, hosts: [{pattern: \"*.vault.example\", probe: [\"{key_vault}.vault.example\"]}], protocols: {https: {port: 443}}}
";

/// Chosen one after the other in the details. Each has something that the others have not.
const TARGETS: [&str; 5] = [
    "blocked.example:443",
    "expired.example:443",
    "half.example:443",
    "time.example:123",
    "vpn.example:5000",
];

/// Queries that may have no answer here, by what is in them, and why.
const MAY_BE_EMPTY: [(&str, &str); 4] = [
    (
        "_seconds:past",
        "the past is what was recorded more than an hour ago",
    ),
    (
        "last_reload_successful",
        "no agent has refused its configuration",
    ),
    (
        "egress_build_info, cluster",
        "nobody gives a label cluster here, as in a Prometheus of one cluster",
    ),
    ("ALERTS", "a page waits for two minutes"),
];

fn lab() -> Lab {
    let spec = LabSpec {
        nodes: 2,
        ..LabSpec::of([
            HostSpec::new("well.example").https().http(),
            HostSpec::new("blocked.example").https(),
            HostSpec::new("expired.example").https(),
            HostSpec::new("time.example").ntp(),
            HostSpec::new("vpn.example").udp_silent(5000),
            HostSpec::new("half.example").https().addresses(2),
        ])
    };
    let lab = Lab::start(&spec).expect("the lab starts");
    lab.block("expired.example", Fault::CertificateExpired)
        .expect("a fault is laid");
    let half = lab.addresses_of("half.example")[1].to_string();
    lab.block(&half, Fault::Refused).expect("a fault is laid");
    lab
}

fn agents(lab: &Lab) -> Vec<Running<'_>> {
    let catalog = file(lab, "catalog.yaml", CATALOG);
    let catalog = catalog.to_str().expect("a path of plain letters");
    let arguments = [
        "--no-builtin",
        "--all-features",
        "--metadata",
        "off",
        "--interval",
        "1s",
        "--timeout",
        "2s",
        "--catalog",
        catalog,
    ];
    Running::start_everywhere(lab, &arguments)
}

/// What Grafana puts in the place of variables.
struct Choice(BTreeMap<&'static str, String>);

impl Choice {
    /// Everything, as the variables are when a dashboard is opened.
    fn everything(prometheus: &Prometheus<'_>) -> Self {
        let mut choice = Self(BTreeMap::new());
        for (name, value) in [
            ("cluster", ".*"),
            ("job", ".+"),
            ("node", ".*"),
            ("group", ".+"),
            ("probe", ".+"),
        ] {
            choice.0.insert(name, value.to_owned());
        }
        let targets = prometheus.label_values("egress_target_info", "target");
        choice
            .0
            .insert("target", format!("({})", targets.join("|")));
        choice.0.insert("__rate_interval", "15s".to_owned());
        choice
    }

    fn of_target(mut self, target: &str) -> Self {
        self.0.insert("target", target.replace('.', "\\\\."));
        self.0.insert("node", "(node-1|node-2)".to_owned());
        self
    }

    fn fill(&self, expression: &str) -> String {
        let mut filled = expression.to_owned();
        for (name, value) in &self.0 {
            filled = filled.replace(&format!("${name}"), value);
        }
        assert!(!filled.contains('$'), "a variable is left in {filled}");
        filled
    }
}

fn may_be_empty(query: &str) -> bool {
    MAY_BE_EMPTY.iter().any(|(part, _)| query.contains(part))
}

/// Every query of a panel is valid, and has an answer under one of the choices.
fn judge(
    asked: &Asked<'_>,
    prometheus: &Prometheus<'_>,
    choices: &[&Choice],
) -> Result<(), String> {
    for expression in asked.expressions() {
        let mut answers = 0;
        for choice in choices {
            let filled = choice.fill(expression);
            let found = prometheus.query(&filled);
            answers += found
                .map_err(|error| format!("{}: {error}\n{filled}", asked.title))?
                .len();
        }
        if answers == 0 && !may_be_empty(expression) {
            return Err(format!(
                "{}: {} has no answer to {expression}",
                asked.board, asked.title
            ));
        }
    }
    Ok(())
}

#[test]
fn every_query_of_every_dashboard_is_answered_by_a_prometheus_that_scrapes_two_agents() {
    let lab = lab();
    let agents = agents(&lab);
    let prometheus = scraping(&lab);
    // A change that Prometheus sees: what failed from the start is none.
    lab.block("blocked.example", Fault::TlsReset)
        .expect("a fault is laid");
    for agent in &agents {
        agent.await_verdict(
            "blocked.example:443",
            "https",
            "unreachable tls connection_reset",
        );
    }
    let everything = Choice::everything(&prometheus);
    let of_targets = TARGETS.map(|target| Choice::everything(&prometheus).of_target(target));
    let [(fleet, overview), (target, details)] = all();
    for asked in panels(fleet, &overview) {
        until(asked.title, || judge(&asked, &prometheus, &[&everything]));
    }
    for asked in panels(target, &details) {
        let choices: Vec<_> = of_targets.iter().collect();
        until(asked.title, || judge(&asked, &prometheus, &choices));
    }
    for dashboard in [&overview, &details] {
        judge_variables(dashboard, &prometheus, &everything);
        for mark in list(&dashboard["annotations"]["list"]) {
            let filled = everything.fill(text(&mark["expr"]));
            prometheus
                .query(&filled)
                .unwrap_or_else(|error| panic!("{error}: {filled}"));
        }
    }
    a_group_selects_its_targets(&prometheus, &overview);
}

/// With both agents in the records.
fn scraping(lab: &Lab) -> Prometheus<'_> {
    let configuration = prometheus::everywhere(lab, &rules::path());
    let prometheus = Prometheus::start(lab, lab.folder(), &configuration, &[]);
    until("both agents in the records", || {
        let seen = prometheus.query("fleet:egress_agents:count")?;
        let both = seen.iter().any(|sample| sample.value.1 == "2");
        if both {
            Ok(())
        } else {
            Err(format!("{seen:?}"))
        }
    });
    prometheus
}

fn judge_variables(dashboard: &Value, prometheus: &Prometheus<'_>, choice: &Choice) {
    for variable in list(&dashboard["templating"]["list"]) {
        let definition = text(&variable["definition"]);
        if !definition.is_empty() {
            let values = values(prometheus, choice, definition);
            let well = !values.is_empty() || may_be_empty(definition);
            assert!(well, "{} has no value", variable["name"]);
        }
    }
}

fn values(prometheus: &Prometheus<'_>, choice: &Choice, definition: &str) -> Vec<String> {
    let label = definition
        .rsplit_once(", ")
        .expect("a label")
        .1
        .trim_end_matches(')');
    prometheus.label_values(&choice.fill(asked_values(definition)), label)
}

/// A target may be in several groups: their names are joined in one label.
fn a_group_selects_its_targets(prometheus: &Prometheus<'_>, dashboard: &Value) {
    let mut variables = list(&dashboard["templating"]["list"]).iter();
    let target = variables
        .find(|variable| variable["name"] == "target")
        .expect("a variable");
    let of = |group: &str| {
        let mut choice = Choice::everything(prometheus);
        choice.0.insert("group", group.to_owned());
        values(prometheus, &choice, text(&target["definition"]))
    };
    assert_eq!(of("azure-policy"), ["well.example", "well.example:443"]);
    assert_eq!(
        of("azure-monitor"),
        ["expired.example", "expired.example:443"]
    );
    assert_eq!(of("(azure-policy|azure-monitor)").len(), 4);
    assert_eq!(of("azure"), Vec::<String>::new());
}

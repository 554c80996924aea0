//! Everything between a network and the people who are told: agents, Prometheus, Alertmanager, a webhook.

use std::fmt::Write;

use egress_lab::{HostSpec, Lab, LabSpec};
use tokio::time::Instant;

use crate::alertmanager::{self, Alertmanager};
use crate::faster::faster;
use crate::notified::{Notification, Webhook};
use crate::prometheus::{self, Prometheus};
use crate::rules;
use crate::support::file;
use crate::support::running::Running;
use crate::support::wait::until;

const CATALOG: &str = "entries:
  - {name: registry, hosts: [\"mcr.microsoft.com\"], protocols: {https: {port: 443}}, group: core}
  - {name: sign-in, hosts: [\"login.microsoftonline.com\"], protocols: {https: {port: 443}}, group: core}
  - {name: management, hosts: [\"management.azure.com\"], protocols: {https: {port: 443}}, group: core}
";

pub(crate) fn lab(nodes: u8) -> Lab {
    let hosts = [
        "mcr.microsoft.com",
        "login.microsoftonline.com",
        "management.azure.com",
    ];
    let spec = LabSpec {
        nodes,
        ..LabSpec::of(hosts.map(|host| HostSpec::new(host).https()))
    };
    Lab::start(&spec).expect("the lab starts")
}

pub(crate) struct Pipeline<'a> {
    /// In the order of the nodes.
    pub(crate) agents: Vec<Running<'a>>,
    prometheus: Prometheus<'a>,
    _alertmanager: Alertmanager,
    webhook: Webhook,
}

impl<'a> Pipeline<'a> {
    /// Returns when everything has been well for as long as an alert looks back.
    pub(crate) fn start(lab: &'a Lab) -> Self {
        let catalog = file(lab, "catalog.yaml", CATALOG);
        let catalog = catalog.to_str().expect("a path of plain letters");
        let mut arguments = vec!["--no-builtin", "--catalog", catalog, "--metadata", "off"];
        arguments.extend(["--interval", "2s", "--timeout", "2s"]);
        let agents = Running::start_everywhere(lab, &arguments);
        let webhook = Webhook::open(lab);
        let alertmanager = Alertmanager::start(lab, &webhook.url);
        let source = std::fs::read_to_string(rules::path()).expect("the rules are there");
        let rules = file(lab, "rules.yaml", &faster(&source));
        let alerting = format!(
            "alerting: {{alertmanagers: [{{static_configs: [{{targets: [\"{}\"]}}]}}]}}\n",
            alertmanager::ADDRESS
        );
        let configuration = prometheus::everywhere(lab, &rules) + &alerting;
        // What is 5 and 1 min by default, made shorter as everything else.
        let flags = [
            "--query.lookback-delta=10s",
            "--rules.alert.resend-delay=2s",
        ];
        let pipeline = Self {
            prometheus: Prometheus::start(lab, lab.folder(), &configuration, &flags),
            agents,
            _alertmanager: alertmanager,
            webhook,
        };
        let well = format!(
            "count(node:egress_agent_settled:group offset {}) == {} and min(egress_probe_success) == 1",
            faster("2m"),
            pipeline.agents.len()
        );
        pipeline.await_answer(&well);
        pipeline
    }

    /// Waits until an expression has an answer.
    pub(crate) fn await_answer(&self, expression: &str) {
        until(expression, || {
            let answer = self.prometheus.query(expression)?;
            if answer.is_empty() {
                let alerts = self.prometheus.query("ALERTS");
                Err(format!("nothing; {alerts:?}"))
            } else {
                Ok(())
            }
        });
    }

    /// Every notification so far, as a line. The laboratory's certificates live for a few days only, and on a slow
    /// machine the warning of that comes in time to be seen.
    pub(crate) fn notified(&self) -> Vec<String> {
        let all = self.webhook.notifications();
        let lines = all.iter().map(Notification::line);
        lines
            .filter(|line| !line.contains("EgressCertificateNearEnd"))
            .collect()
    }

    /// Waits for a notification by its line.
    pub(crate) fn await_notification(&self, line: &str) -> Notification {
        until(line, || {
            let mut all = self.webhook.notifications().into_iter();
            let found = all.find(|notification| notification.line() == line);
            found.ok_or_else(|| self.notified())
        })
    }
}

/// What happened when after a change, for people: machines differ, so nothing judges it.
pub(crate) struct Stopwatch {
    started: Instant,
    said: String,
}

impl Stopwatch {
    pub(crate) fn start(change: &str) -> Self {
        Self {
            started: Instant::now(),
            said: format!("{change}:"),
        }
    }

    pub(crate) fn lap(&mut self, what: &str) {
        let seconds = self.started.elapsed().as_secs_f64();
        write!(self.said, " {what} after {seconds:.1} s;").expect("a String takes text");
    }

    #[expect(clippy::print_stderr, reason = "for whoever runs it with --nocapture")]
    pub(crate) fn print(self) {
        eprintln!("{} a minute is two seconds here", self.said);
    }
}

//! promtool, which evaluates the rules over a pretended fleet.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::{Value, json};

use crate::source::{self, Source};
use crate::world::World;

/// What must be true of a world.
pub(crate) struct Scenario {
    series: Vec<Value>,
    expressions: Vec<Value>,
    alerts: Vec<Value>,
}

/// A firing alert: its name, and its own labels as `name=value`.
pub(crate) type Firing<'a> = (&'a str, &'a [(&'a str, &'a str)]);

impl Scenario {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a scenario is said in one breath"
    )]
    pub(crate) fn of(world: World) -> Self {
        Self {
            series: world.series(),
            expressions: Vec::new(),
            alerts: Vec::new(),
        }
    }

    /// Two fleets that one Prometheus scrapes.
    pub(crate) fn of_both(one: World, other: &World) -> Self {
        let mut scenario = Self::of(one);
        scenario.series.extend(other.series());
        scenario
    }

    /// Exactly these alerts fire in that minute, no other.
    pub(crate) fn firing(mut self, minute: usize, alerts: &[Firing<'_>]) -> Self {
        let source = Source::read();
        let series: Vec<_> = alerts
            .iter()
            .map(|(name, labels)| {
                let severity = source.alert(name).severity().to_owned();
                let fixed = [
                    ("alertname", *name),
                    ("alertstate", "firing"),
                    ("job", "egress-probe"),
                ];
                let mut all: BTreeMap<&str, &str> =
                    fixed.into_iter().chain(labels.iter().copied()).collect();
                all.insert("severity", &severity);
                let all: Vec<_> = all
                    .iter()
                    .map(|(name, value)| format!("{name}=\"{value}\""))
                    .collect();
                json!({"labels": format!("ALERTS{{{}}}", all.join(",")), "value": 1})
            })
            .collect();
        self.expressions.push(json!({
            "expr": "ALERTS{alertstate=\"firing\"}",
            "eval_time": format!("{minute}m"),
            "exp_samples": series,
        }));
        self
    }

    pub(crate) fn quiet(self, minute: usize) -> Self {
        self.firing(minute, &[])
    }

    /// This alert fires in that minute with this description (and the summary and runbook that it always has).
    pub(crate) fn describes(
        mut self,
        minute: usize,
        (name, labels): Firing<'_>,
        description: &str,
    ) -> Self {
        let source = Source::read();
        let alert = source.alert(name);
        let mut all: BTreeMap<&str, &str> = labels.iter().copied().collect();
        all.insert("severity", alert.severity());
        all.insert("job", "egress-probe");
        self.alerts.push(json!({
            "alertname": name,
            "eval_time": format!("{minute}m"),
            "exp_alerts": [{
                "exp_labels": all,
                "exp_annotations": {
                    "summary": alert.annotations.summary,
                    "description": description,
                    "runbook_url": alert.annotations.runbook_url,
                },
            }],
        }));
        self
    }

    /// An expression has this one value, without labels, in that minute.
    pub(crate) fn value(mut self, minute: usize, expression: &str, value: f64) -> Self {
        self.expressions.push(json!({
            "expr": expression,
            "eval_time": format!("{minute}m"),
            "exp_samples": [{"labels": "{}", "value": value}],
        }));
        self
    }

    /// # Panics
    /// With promtool's words if one of them is not.
    pub(crate) fn holds(self) {
        let groups: Vec<_> = Source::read()
            .groups
            .into_iter()
            .map(|group| group.name)
            .collect();
        let file = json!({
            "rule_files": [source::path()],
            "evaluation_interval": "1m",
            "group_eval_order": groups,
            "tests": [{
                "interval": "1m",
                "input_series": self.series,
                "promql_expr_test": self.expressions,
                "alert_rule_test": self.alerts,
            }],
        });
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("scenario.json");
        std::fs::write(&path, file.to_string()).expect("a file");
        let path = path.to_str().expect("a path of plain letters");
        let (well, said) = promtool(&["test", "rules", path]);
        assert!(well, "{said}");
    }
}

/// Whether it succeeded, and what it said.
pub(crate) fn promtool(arguments: &[&str]) -> (bool, String) {
    let output = Command::new("promtool").args(arguments).output();
    let output = output.expect("promtool: install Debian's package prometheus");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    (output.status.success(), said)
}

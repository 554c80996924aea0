//! A plan of the built-in catalogue, and what its `catalog list` asks a firewall for.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{egress_probe, rules};

/// What, port, destination.
pub(crate) type Written = BTreeSet<(String, u16, String)>;

/// Every parameter, so that nothing is left open but what nobody can know.
const PARAMETERS: [(&str, &str); 8] = [
    ("location", "westeurope"),
    ("apiserver_fqdn", API_SERVER),
    ("apiserver_ip", "203.0.113.7"),
    ("workspace_id", "0a1b2c3d"),
    ("key_vault", "vault"),
    ("dce_logs", "a.westeurope-1.ingest.monitor.azure.com"),
    (
        "dce_metrics",
        "a.westeurope-1.metrics.ingest.monitor.azure.com",
    ),
    (
        "app_insights",
        "westeurope-5.in.applicationinsights.azure.com",
    ),
];
const API_SERVER: &str = "a-1.hcp.westeurope.azmk8s.io";
const CONDITIONS: [&str; 4] = [
    "classic-tunnel",
    "custom-dns",
    "old-node-image",
    "public-api-server",
];

#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) arguments: Vec<String>,
    parameters: &'static [(&'static str, &'static str)],
}

/// Each cloud in both editions, with everything given and with nothing.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for cloud in ["public", "china", "government"] {
        for edition in ["2020-01", "2026-06"] {
            cases.extend([true, false].map(|whole| Case::new(cloud, edition, whole)));
        }
    }
    cases
}

/// A row of the list.
struct Row<'a>(&'a Value);

impl Row<'_> {
    fn word(&self, key: &str) -> &str {
        self.0[key].as_str().expect("a text")
    }

    fn port(&self) -> u16 {
        let port = self.0["port"].as_u64().expect("a port");
        u16::try_from(port).expect("a port")
    }

    fn is_web(&self) -> bool {
        self.word("probe").starts_with("http")
    }

    /// `Https`, `Http`, `UDP` or `TCP`.
    fn what(&self) -> String {
        let what = match self.word("probe") {
            "https" => "Https",
            "http" => "Http",
            "ntp" | "udp" | "dns-udp" => "UDP",
            _ => "TCP",
        };
        what.to_owned()
    }

    /// As it stands where rows are left out.
    fn line(&self) -> String {
        format!(
            "{}:{} to {}",
            self.word("probe"),
            self.port(),
            self.word("pattern")
        )
    }
}

impl Case {
    fn new(cloud: &str, edition: &str, whole: bool) -> Self {
        let base = ["--all-features", "--cloud", cloud, "--edition", edition];
        let mut arguments = base.map(str::to_owned).to_vec();
        let parameters: &[_] = if whole { &PARAMETERS } else { &[] };
        for (name, value) in parameters {
            arguments.extend(["--set".to_owned(), format!("{name}={value}")]);
        }
        for condition in CONDITIONS.iter().filter(|_| whole) {
            arguments.extend(["--condition".to_owned(), (*condition).to_owned()]);
        }
        Self {
            arguments,
            parameters,
        }
    }

    pub(crate) fn with(&self, flag: &str) -> Self {
        let mut case = self.clone();
        case.arguments.push(flag.to_owned());
        case
    }

    pub(crate) fn name(&self) -> String {
        self.arguments.join(" ")
    }

    pub(crate) fn rules(&self, form: &str) -> String {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        rules(form, &arguments)
    }

    /// The rules of the JSON form.
    pub(crate) fn values(&self) -> Vec<Value> {
        let document: Value = serde_json::from_str(&self.rules("json")).expect("JSON");
        document["rules"].as_array().expect("a list").clone()
    }

    fn list(&self) -> Value {
        let mut arguments = ["catalog", "list", "--format", "json"]
            .map(str::to_owned)
            .to_vec();
        arguments.extend(self.arguments.iter().cloned());
        serde_json::from_str(&egress_probe(&arguments, "").stdout).expect("JSON")
    }

    /// What a rule can name of a documented host: nothing while a brace or a placeholder stands in it.
    pub(crate) fn nameable(&self, pattern: &str, wildcards: bool) -> Option<String> {
        let fill = |text: String, (name, value): &(&str, &str)| {
            text.replace(&format!("{{{name}}}"), value)
        };
        let filled = self.parameters.iter().fold(pattern.to_owned(), fill);
        let plain = |c: char| c.is_ascii_alphanumeric() || "-.:".contains(c);
        let fixed = filled.trim_start_matches("*.");
        let known = filled == "*" || (fixed.contains(['.', ':']) && fixed.chars().all(plain));
        (known && (wildcards || fixed == filled)).then_some(filled)
    }

    /// What the rows ask a firewall for, worked out from the list alone; and the rows that ask for nothing yet.
    pub(crate) fn expected(&self) -> (Written, BTreeSet<String>) {
        let (mut wanted, mut left_out) = (Written::new(), BTreeSet::new());
        let list = self.list();
        let rows = |key: &str| list[key].as_array().expect("a list").iter().map(Row);
        let testable = rows("targets").filter(|row| row.word("probe") != "dns");
        for row in testable.chain(rows("untestable")) {
            let asked = self.asked(&row);
            if asked.is_empty() {
                left_out.insert(row.line());
            }
            wanted.extend(asked.into_iter().map(|to| (row.what(), row.port(), to)));
        }
        (wanted, left_out)
    }

    /// The destinations of one row.
    fn asked(&self, row: &Row<'_>) -> Vec<String> {
        let documented = self.nameable(row.word("pattern"), row.is_web());
        let host = row.0.get("host").and_then(Value::as_str);
        match (documented, host) {
            (Some(pattern), Some(host)) if row.is_web() => {
                let end = pattern.trim_start_matches('*');
                let matched = end != pattern && host.ends_with(end);
                let beside = (!matched).then(|| host.to_owned());
                [pattern].into_iter().chain(beside).collect()
            }
            (Some(pattern), None) if row.is_web() => vec![pattern],
            (None, _) if row.is_web() => Vec::new(),
            (Some(pattern), Some(_)) => vec![pattern],
            (None, Some(API_SERVER)) => vec!["203.0.113.7".to_owned()],
            (None, Some(host)) => vec![host.to_owned()],
            (_, None) if row.word("pattern") == "AzureMonitor" => vec!["AzureMonitor".to_owned()],
            (_, None) => Vec::new(),
        }
    }
}

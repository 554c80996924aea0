//! A real Prometheus on the lab's firewall, from where it sees every node.

#![expect(dead_code, reason = "each test binary uses its own part")]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs::{self, File};
use std::path::Path;
use std::process::Child;

use egress_lab::Lab;
use serde::Deserialize;

use super::support::running::PORT;
use super::support::wait::until;

/// Dropping it kills it.
pub(crate) struct Prometheus<'a> {
    lab: &'a Lab,
    child: Child,
}

/// One series and its value.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Sample {
    pub(crate) metric: BTreeMap<String, String>,
    pub(crate) value: (f64, String),
}

#[derive(Debug, Deserialize)]
struct Answer<T> {
    status: String,
    #[serde(default)]
    error: String,
    data: Option<T>,
}

#[derive(Debug, Deserialize)]
struct Vector {
    result: Vec<Sample>,
}

const ADDRESS: &str = "127.0.0.1:9090";

impl<'a> Prometheus<'a> {
    /// With this configuration, and more flags. What it names stands in this folder.
    pub(crate) fn start(lab: &'a Lab, folder: &Path, configuration: &str, flags: &[&str]) -> Self {
        let file = folder.join("prometheus.yml");
        fs::write(&file, configuration).expect("written");
        let log = File::create(folder.join("prometheus.log")).expect("a log");
        let mut command = lab.firewall().command("prometheus");
        command.arg(format!("--config.file={}", file.display()));
        command.arg(format!(
            "--storage.tsdb.path={}",
            folder.join("prometheus-data").display()
        ));
        command.arg(format!("--web.listen-address={ADDRESS}"));
        command
            .args(flags)
            .stdout(log.try_clone().expect("another handle"))
            .stderr(log);
        let child = command.spawn().expect("ip netns exec starts");
        let mut prometheus = Self { lab, child };
        until("Prometheus", || {
            let ended = prometheus.child.try_wait().expect("a child of ours");
            let said = || fs::read_to_string(folder.join("prometheus.log")).unwrap_or_default();
            assert!(
                ended.is_none(),
                "Prometheus has ended (is Debian's package prometheus installed?): {}",
                said()
            );
            let ready = prometheus.get("/-/ready", &[]);
            if ready.contains("Ready") {
                Ok(())
            } else {
                Err(said())
            }
        });
        prometheus
    }

    fn get(&self, path: &str, parameters: &[(&str, &str)]) -> String {
        let mut curl = self.lab.firewall().command("curl");
        curl.args(["-sS", "--max-time", "10", "--get"]);
        for (name, value) in parameters {
            curl.arg("--data-urlencode").arg(format!("{name}={value}"));
        }
        let output = curl
            .arg(format!("http://{ADDRESS}{path}"))
            .output()
            .expect("curl starts");
        String::from_utf8(output.stdout).expect("Prometheus writes text")
    }

    /// The value of an expression now, or why it has none.
    pub(crate) fn query(&self, expression: &str) -> Result<Vec<Sample>, String> {
        let text = self.get("/api/v1/query", &[("query", expression)]);
        let answer: Answer<Vector> =
            serde_json::from_str(&text).map_err(|error| format!("{error}: {text}"))?;
        match answer.data {
            Some(vector) if answer.status == "success" => Ok(vector.result),
            _ => Err(answer.error),
        }
    }

    /// The values of a label among series of the last minutes, as Grafana asks for those of a variable.
    pub(crate) fn label_values(&self, selector: &str, label: &str) -> Vec<String> {
        let path = format!("/api/v1/label/{label}/values");
        let text = self.get(&path, &[("match[]", selector)]);
        let answer: Answer<Vec<String>> = serde_json::from_str(&text).expect("Prometheus answers");
        assert_eq!(answer.status, "success", "{}: {selector}", answer.error);
        answer.data.unwrap_or_default()
    }
}

impl Drop for Prometheus<'_> {
    fn drop(&mut self) {
        // Nothing is left to do if it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Scrapes the agents of every node and evaluates these rules, every second.
pub(crate) fn everywhere(lab: &Lab, rules: &Path) -> String {
    let mut text = format!(
        "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\n\
         rule_files: [\"{}\"]\n\
         scrape_configs:\n  - job_name: lab\n    static_configs:\n",
        rules.display()
    );
    for ((_, address), number) in lab.nodes().zip(1..) {
        writeln!(
            text,
            "      - {{targets: [\"{address}:{PORT}\"], labels: {{node: node-{number}}}}}"
        )
        .expect("a String takes text");
    }
    text
}

//! Debian's Prometheus: it drives `blackbox_exporter`, scrapes the agent as often, and knows what both have measured.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::work::Load;
use crate::http::{encoded, get, is_up};
use crate::measured::Measured;
use crate::spread::Spread;

const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9090);

pub(crate) struct Prometheus {
    process: Measured,
    window: Duration,
}

impl Prometheus {
    /// With one scrape configuration, in YAML.
    pub(crate) fn start(folder: &Path, load: &Load, job: &str) -> Result<Self> {
        let folder = folder.join("prometheus");
        // Of the run before.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder)?;
        let interval = load.interval.as_secs();
        let text = format!(
            "global: {{scrape_interval: {interval}s, scrape_timeout: {interval}s}}\nscrape_configs:\n{job}"
        );
        let file = folder.join("prometheus.yml");
        fs::write(&file, text)?;
        let mut command = Command::new("prometheus");
        command.arg(format!("--config.file={}", file.display()));
        command.arg(format!(
            "--storage.tsdb.path={}",
            folder.join("data").display()
        ));
        command.arg(format!("--web.listen-address={ADDRESS}"));
        let process = Measured::start("prometheus", &mut command, folder.join("log"));
        let mut process = process.context("install Debian's package prometheus")?;
        process.wait(|| is_up(ADDRESS, "/-/ready"))?;
        Ok(Self {
            process,
            window: load.window,
        })
    }

    /// Waits until every target was scraped: it begins some seconds after its start, and spreads them over the interval.
    pub(crate) fn wait(&mut self, targets: u16) -> Result<()> {
        let query = format!(
            "/api/v1/query?query={}",
            encoded(&format!("count(up) == {targets}"))
        );
        let scraped = || get(ADDRESS, &query).is_ok_and(|answer| answer.body.contains("value"));
        self.process.wait(scraped)
    }

    pub(crate) fn cpu(&self) -> Result<Duration> {
        self.process.cpu()
    }

    /// A number that it computes of the window that ends now; 0 if there is nothing to compute it of.
    pub(crate) fn number(expression: &str) -> Result<f64> {
        let result = result(expression)?;
        let Some(value) = result.pointer("/0/value/1") else {
            return Ok(0.0);
        };
        number(value)
    }

    /// Every sample of a metric in the window that ends now.
    pub(crate) fn samples(&self, selector: &str) -> Result<Spread> {
        let result = result(&format!("{selector}[{}]", self.range()))?;
        let series = result.as_array().into_iter().flatten();
        let samples = series.flat_map(|series| series["values"].as_array().into_iter().flatten());
        let values: Result<Vec<f64>> = samples.map(|sample| number(&sample[1])).collect();
        Ok(Spread::of(values?))
    }

    /// The window, as a range of `PromQL`.
    pub(crate) fn range(&self) -> String {
        format!("{}ms", self.window.as_millis())
    }
}

fn result(expression: &str) -> Result<Value> {
    let answer = get(
        ADDRESS,
        &format!("/api/v1/query?query={}", encoded(expression)),
    )?;
    let mut value: Value = serde_json::from_str(&answer.body)?;
    Ok(value["data"]["result"].take())
}

/// Prometheus writes numbers as texts.
fn number(value: &Value) -> Result<f64> {
    let text = value.as_str().context("Prometheus wrote no number")?;
    Ok(text.parse()?)
}

//! Flags of the commands that read agents: `status` and `fleet`.

use std::str::FromStr;

use clap::{ArgGroup, Args};

use super::ListFormat;
use super::values::words;
use crate::client::Url;
use crate::target::ProbeKind;

/// Flags of `status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// The agent: HOST, HOST:PORT or http://HOST:PORT
    #[arg(value_name = "URL", default_value = "http://127.0.0.1:9100")]
    pub url: Url,
    /// Go on, with a new page for every change
    #[arg(long, short)]
    pub watch: bool,
    /// One target, as it stands on the page
    #[arg(long, value_name = "TARGET")]
    pub target: Option<String>,
    /// Which probe of the target, where it has several
    #[arg(long, value_name = "PROBE", requires = "target", value_parser = words::<ProbeKind>())]
    pub probe: Option<ProbeKind>,
    /// Form of the page
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub format: ListFormat,
}

/// Flags of `fleet`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("agents").required(true).args(["urls", "service", "prometheus"]))]
pub struct FleetArgs {
    /// An agent: HOST, HOST:PORT or http://HOST:PORT (repeatable)
    #[arg(long = "url", value_name = "URL")]
    pub urls: Vec<Url>,
    /// A name with the addresses of all agents, such as a headless Service
    #[arg(long, value_name = "NAME[:PORT]")]
    pub service: Option<Service>,
    /// A Prometheus server that scrapes the agents
    #[arg(long, value_name = "URL")]
    pub prometheus: Option<Url>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub format: ListFormat,
}

/// A name behind which agents are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service(pub Url);

impl FromStr for Service {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url: Url = text.parse().map_err(|error| format!("{error}"))?;
        if text.contains('/') {
            return Err("is a URL; write NAME or NAME:PORT, or use --url".to_owned());
        }
        Ok(Self(url))
    }
}

//! Flags of the commands that read agents: `status` and `fleet`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{ArgGroup, Args};

use super::ListFormat;
use super::values::{unrepeated, words};
use crate::client::Url;
use crate::target::ProbeKind;

/// What agents with a web config want of who reads them.
#[derive(Debug, Args)]
pub struct LoginArgs {
    /// User name for agents that want one
    #[arg(long, value_name = "NAME", requires = "password_file")]
    pub user: Option<String>,
    /// File with the user's password
    #[arg(long, value_name = "FILE", requires = "user")]
    pub password_file: Option<PathBuf>,
    /// Certificate for agents that want one (PEM)
    #[arg(long, value_name = "FILE", requires = "client_key")]
    pub client_cert: Option<PathBuf>,
    /// Its private key (PEM)
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    pub client_key: Option<PathBuf>,
    /// Name that the agents' certificates must have [default: the host of the URL]
    #[arg(long, value_name = "NAME")]
    pub tls_name: Option<String>,
}

/// Flags of `status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// The agent: HOST, HOST:PORT, http://HOST:PORT or https://HOST:PORT
    #[arg(value_name = "URL", default_value = "http://127.0.0.1:9100", value_parser = unrepeated::<Url>())]
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
    #[command(flatten)]
    pub login: LoginArgs,
}

/// Flags of `fleet`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("agents").required(true).args(["urls", "service", "prometheus"]))]
pub struct FleetArgs {
    /// An agent: HOST, HOST:PORT, http://HOST:PORT or https://HOST:PORT (repeatable)
    #[arg(long = "url", value_name = "URL", value_parser = unrepeated::<Url>())]
    pub urls: Vec<Url>,
    /// A name with the addresses of all agents, such as a headless Service
    #[arg(long, value_name = "NAME[:PORT]", value_parser = unrepeated::<Service>())]
    pub service: Option<Service>,
    /// A Prometheus server that scrapes the agents
    #[arg(long, value_name = "URL", value_parser = unrepeated::<Url>())]
    pub prometheus: Option<Url>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub format: ListFormat,
    #[command(flatten)]
    pub login: LoginArgs,
}

/// A name behind which agents are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service(pub Url);

impl FromStr for Service {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let over_tls = text.strip_prefix("https://");
        let name = over_tls.unwrap_or(text);
        if name.contains('/') {
            return Err(
                "is a URL; write NAME, NAME:PORT or https://NAME:PORT, or use --url".to_owned(),
            );
        }
        let url: Url = name.parse().map_err(|error| format!("{error}"))?;
        let tls = over_tls.is_some();
        Ok(Self(Url { tls, ..url }))
    }
}

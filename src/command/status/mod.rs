//! `status`: the pages of an agent, for people at a terminal and for scripts.

mod paint;
mod screen;
mod watch;

use anyhow::{Context, Result, anyhow, bail, ensure};

use super::remote::{self, AGENT_PORT};
use super::{ExitStatus, output};
use crate::cli::{Common, ListFormat, StatusArgs};
use crate::client::{Client, ClientError, Url, encoded};
use crate::discover::Environment;
use crate::fleet::{AgentReport, Id};
use crate::problem::nearest;
use paint::paint;
use screen::Screen;

/// In bytes. The report of an agent with 500 targets has 3 MB.
pub(super) const LARGEST: usize = 16 * 1024 * 1024;
pub(super) const REPORT: &str = "/api/v1/status";

pub(super) fn status(
    common: &Common,
    args: &StatusArgs,
    environment: &Environment,
) -> Result<ExitStatus> {
    let json = args.format == ListFormat::Json;
    ensure!(
        !(args.watch && json),
        "only text can be watched: leave --watch or --format json out"
    );
    let client = remote::client(common, &args.login)?;
    let url = args.url.clone().or_port(AGENT_PORT).without("/status");
    let colour = output::colour(environment);
    remote::runtime()?.block_on(async {
        let path = path(&client, &url, args).await?;
        if args.watch {
            let screen = Screen::new(&url, colour);
            return watch::watch(&client, &url, &format!("{path}?watch"), screen).await;
        }
        let path = match (json, &args.target) {
            (true, None) => REPORT.to_owned(),
            (true, Some(_)) => format!("{path}?format=json"),
            (false, _) => format!("{path}?format=text"),
        };
        let text = client.text(&url, &path, LARGEST).await;
        let text = text.map_err(|error| explained(&error, &url))?;
        output::print(&paint(&text, colour))?;
        Ok(ExitStatus::Success)
    })
}

/// The page that is asked for, without its query.
async fn path(client: &Client, url: &Url, args: &StatusArgs) -> Result<String> {
    let Some(wanted) = &args.target else {
        return Ok("/status".to_owned());
    };
    let text = client.text(url, REPORT, LARGEST).await;
    let text = text.map_err(|error| explained(&error, url))?;
    let report: AgentReport = serde_json::from_str(&text)
        .with_context(|| format!("what answers at {url} is not an agent of this kind"))?;
    let known: Vec<Id> = report.targets().collect();
    let like = |id: &&Id| id.target.eq_ignore_ascii_case(wanted);
    let asked_for = |id: &&Id| args.probe.is_none_or(|probe| id.probe == probe.as_str());
    let found: Vec<&Id> = known.iter().filter(like).filter(asked_for).collect();
    match found[..] {
        [id] => Ok(format!(
            "/status/{}/{}",
            encoded(&id.target),
            encoded(&id.probe)
        )),
        [] => Err(not_tested(wanted, args, &known)),
        _ => {
            let probes: Vec<&str> = found.iter().map(|id| id.probe.as_str()).collect();
            bail!(
                "{wanted} has several probes: choose one with --probe {}",
                probes.join(" or --probe ")
            )
        }
    }
}

fn not_tested(wanted: &str, args: &StatusArgs, known: &[Id]) -> anyhow::Error {
    let what = args.probe.map_or_else(
        || wanted.to_owned(),
        |probe| format!("{wanted} with the probe {probe}"),
    );
    let names = known.iter().map(|id| id.target.as_str());
    match nearest(wanted, names).filter(|near| *near != wanted) {
        Some(near) => anyhow!("the agent does not test {what}; did you mean `{near}`?"),
        None => {
            anyhow!("the agent does not test {what}; `egress-probe status` shows what it tests")
        }
    }
}

/// What to do about an agent that cannot be read.
fn explained(error: &ClientError, url: &Url) -> anyhow::Error {
    let hint = match error {
        ClientError::NobodyListens(_) => {
            "; is the agent running? `egress-probe run` starts one, and \
             `egress-probe status HOST:PORT` asks another one"
        }
        ClientError::Name { .. } => {
            "; names are asked of DNS as they are written: no search domains, no hosts file. Write the whole name, or an address"
        }
        ClientError::Tls { .. } => {
            "; `--ca-file FILE` names who vouches for the agent, `--tls-name NAME` the name in its certificate"
        }
        ClientError::Timeout(_) => "; `--timeout 30s` waits longer",
        ClientError::Connect { .. } => "; is there a way from here to that address?",
        ClientError::Status { status, .. } if status.is_server_error() => "",
        ClientError::Status { .. } | ClientError::Http(_) | ClientError::NotText => {
            "; is it an agent that answers there? 9100 is also the port of node_exporter"
        }
        ClientError::TooLong(_) | ClientError::Request(_) => "",
    };
    anyhow!("cannot read {url}: {error}{hint}")
}

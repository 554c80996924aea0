//! `fleet`: reads many agents at once, or a Prometheus server that has, and prints what fails where.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use tokio::task::JoinSet;

use super::remote::{self, AGENT_PORT};
use super::status::{LARGEST, REPORT};
use super::{ExitStatus, output};
use crate::cli::{Common, FleetArgs, ListFormat, Service};
use crate::client::{Client, MOST_ADDRESSES, Url, query};
use crate::discover::Environment;
use crate::fleet::{AgentReport, Fleet, QUERIES, Readings, text};
use crate::status::text::Style;

/// Agents that are read at the same time, unless told otherwise.
const CONCURRENCY: usize = 32;
const PROMETHEUS_PORT: u16 = 9090;

pub(super) fn fleet(
    common: &Common,
    args: &FleetArgs,
    environment: &Environment,
) -> Result<ExitStatus> {
    let client = Arc::new(remote::client(common, &args.login)?);
    let concurrency = common.concurrency.unwrap_or(CONCURRENCY);
    let readings = remote::runtime()?.block_on(async {
        match (&args.prometheus, &args.service) {
            (Some(url), _) => of_prometheus(&client, &url.clone().or_port(PROMETHEUS_PORT)).await,
            (None, Some(service)) => {
                let urls = addresses(&client, service).await?;
                Ok(of_agents(&client, urls, concurrency).await)
            }
            (None, None) => {
                let whole = |url: &Url| url.clone().or_port(AGENT_PORT).without("/status");
                let urls = args.urls.iter().map(whole).collect();
                Ok(of_agents(&client, urls, concurrency).await)
            }
        }
    })?;
    let fleet = Fleet::new(readings, Timestamp::now());
    match args.format {
        ListFormat::Json => output::print_json(&fleet)?,
        ListFormat::Text => {
            let style = Style {
                colour: output::colour(environment),
                width: output::width(),
            };
            output::print(&text::render(&fleet, style))?;
        }
    }
    Ok(if fleet.nodes == 0 {
        ExitStatus::Trouble
    } else {
        ExitStatus::Success
    })
}

/// Every address of a service is an agent.
async fn addresses(client: &Client, Service(url): &Service) -> Result<VecDeque<Url>> {
    let port = url.port.unwrap_or(AGENT_PORT);
    let addresses = client.addresses(&url.host).await.context(
        "no agent was read; write the whole name, such as egress-probe.egress-probe.svc.cluster.local: \
         it is asked as it is, without search domains",
    )?;
    ensure!(
        addresses.len() < MOST_ADDRESSES,
        "{} has {MOST_ADDRESSES} addresses or more; read Prometheus instead, with --prometheus URL",
        url.host
    );
    let agent = |ip| Url {
        tls: url.tls,
        ..Url::of(SocketAddr::new(ip, port))
    };
    Ok(addresses.into_iter().map(agent).collect())
}

async fn of_agents(client: &Arc<Client>, mut urls: VecDeque<Url>, at_once: usize) -> Readings {
    let mut readings = Readings::default();
    let mut asked = JoinSet::new();
    loop {
        while asked.len() < at_once
            && let Some(url) = urls.pop_front()
        {
            let client = Arc::clone(client);
            asked.spawn(async move { (report(&client, &url).await, url) });
        }
        match asked.join_next().await {
            Some(Ok((Ok(report), url))) => report.add_to(&mut readings, &url.to_string()),
            Some(Ok((Err(error), url))) => readings.unread(url.to_string(), format!("{error:#}")),
            Some(Err(error)) => readings.unread("an agent".to_owned(), error.to_string()),
            None => return readings,
        }
    }
}

async fn report(client: &Client, url: &Url) -> Result<AgentReport> {
    let text = client.text(url, REPORT, LARGEST).await?;
    serde_json::from_str(&text).context("what answers there is not an agent")
}

async fn of_prometheus(client: &Client, url: &Url) -> Result<Readings> {
    let mut answers = BTreeMap::new();
    for &question in QUERIES {
        let samples = query(client, url, question.as_str()).await;
        let samples = samples.with_context(|| format!("cannot read {url}"))?;
        answers.insert(question, samples);
    }
    let readings = Readings::of_samples(&answers);
    ensure!(
        !(readings.nodes.is_empty() && readings.unread.is_empty()),
        "{url} knows no agent: does it scrape them? It would have series of egress_build_info"
    );
    Ok(readings)
}

//! The composition root: builds the parts, joins them, and follows what changes around the node.

mod about;
mod agenda;
mod current;
mod experimenter;
mod files;
mod follow;
mod inputs;
mod reload;
mod resolvers;
mod sources;
mod standing;
mod watch;

use std::net::SocketAddr;
use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

pub use files::Files;
pub use inputs::{Inputs, Situation};
pub use reload::Reloading;
pub use resolvers::Resolvers;
pub use sources::Sources;

use crate::heartbeat::Heartbeat;
use crate::metrics::{AgentGauges, CatalogInfo};
use crate::plan::Plan;
use crate::probe::Prober;
use crate::reload::door;
use crate::schedule::{Scheduler, Work};
use crate::server::{App, BindError, ServeError, Server};
use crate::status::About;
use crate::store::Store;
use current::Current;
use experimenter::Experimenter;
use follow::Follower;
use reload::Reloader;
use standing::Standing;

/// Attempts in flight unless configured otherwise: the extent of an outage is known within a minute.
const CONCURRENCY: usize = 32;

/// An agent that is built and bound, but does nothing yet.
#[derive(Debug)]
pub struct Agent {
    inputs: Inputs,
    situation: Situation,
    started_at: Timestamp,
    server: Server,
}

impl Agent {
    /// Opens the port and looks around.
    ///
    /// # Errors
    /// When the port cannot be opened.
    pub async fn bind(inputs: Inputs) -> Result<Self, BindError> {
        let server = Server::bind(inputs.config.web.listen)?;
        server.access().store(Arc::clone(&inputs.access));
        let situation = inputs.observe().await;
        Ok(Self {
            inputs,
            situation,
            started_at: Timestamp::now(),
            server,
        })
    }

    /// Where pages and metrics are served.
    pub fn address(&self) -> SocketAddr {
        self.server.local_addr()
    }

    /// Probes and serves until `stop`, and follows what changes.
    ///
    /// # Errors
    /// When the server cannot serve; the scheduler is stopped then.
    pub async fn run(
        self,
        reloading: Reloading,
        stop: CancellationToken,
    ) -> Result<(), ServeError> {
        let Self {
            inputs,
            situation,
            started_at,
            server,
        } = self;
        let plan = inputs.plan(&situation);
        log_start(&inputs, &situation, &plan, server.local_addr());
        let about = shared(inputs.about(&situation, &plan, started_at));
        let (work, receiver) =
            tokio::sync::watch::channel(Arc::new(work(&inputs, &situation, plan)));
        let (store, heartbeat) = (Arc::new(Store::default()), Arc::new(Heartbeat::new()));
        let node = situation.surroundings.node.0.clone();
        let experiment = Arc::new(ArcSwapOption::from(inputs.experiment().map(Arc::new)));
        let (experimenter, failures) =
            Experimenter::new(Arc::clone(&experiment), Arc::clone(&store));
        let scheduler = Scheduler::new(node, receiver, Arc::clone(&store), Arc::clone(&heartbeat))
            .telling(failures);
        let standing = shared(Standing::new(&inputs, started_at));
        let (door, callers) = door();
        let app = App {
            gauges: gauges(&standing, &about, &heartbeat),
            store,
            about: Arc::clone(&about),
            heartbeat,
            first_round: App::FIRST_ROUND,
            reload: door,
            page_cache: Arc::default(),
        };
        let reloader = Reloader::new(reloading, callers, &inputs.config);
        let current = Current {
            inputs,
            situation,
            work,
            about,
            standing,
            experiment,
            access: server.access(),
            started_at,
        };
        let follower = Follower::new(current, reloader);
        let ((), (), (), served) = tokio::join!(
            scheduler.run(stop.clone()),
            experimenter.run(stop.clone()),
            follower.run(stop.clone()),
            serve(server, app, stop)
        );
        served
    }
}

/// Something that is replaced as a whole.
fn shared<T>(first: T) -> Arc<ArcSwap<T>> {
    Arc::new(ArcSwap::from_pointee(first))
}

/// An agent that nobody can ask is of no use: when this ends, everything does.
async fn serve(server: Server, app: App, stop: CancellationToken) -> Result<(), ServeError> {
    let end = server.run(app, stop.clone()).await;
    stop.cancel();
    end
}

/// What the scheduler is to do in a situation.
fn work(inputs: &Inputs, situation: &Situation, plan: Plan) -> Work<Prober> {
    Work {
        attempt: Arc::new(inputs.prober(situation, &plan)),
        targets: plan.targets,
        interval: inputs.config.interval,
        concurrency: inputs.config.concurrency.unwrap_or(CONCURRENCY),
    }
}

fn gauges(
    standing: &Arc<ArcSwap<Standing>>,
    about: &Arc<ArcSwap<About>>,
    heartbeat: &Arc<Heartbeat>,
) -> Arc<dyn Fn() -> AgentGauges + Send + Sync> {
    let (standing, about) = (Arc::clone(standing), Arc::clone(about));
    let heartbeat = Arc::clone(heartbeat);
    Arc::new(move || {
        let standing = standing.load();
        AgentGauges {
            scheduler_lag: heartbeat.lag(),
            last_reload_successful: standing.refused.is_none(),
            last_reload_success: standing.loaded_at,
            catalog: CatalogInfo::of(&about.load().environment, &standing.sha256),
        }
    })
}

fn log_start(inputs: &Inputs, situation: &Situation, plan: &Plan, address: SocketAddr) {
    let Situation {
        surroundings,
        resolvers,
    } = situation;
    let nameservers = &resolvers.nameservers;
    let (cloud, cloud_from) = &surroundings.cloud;
    let (node, node_from) = &surroundings.node;
    tracing::info!(
        %address, %node, %node_from, %cloud, %cloud_from, edition = %inputs.config.edition, ?nameservers, proxy = %inputs.proxies(),
        targets = plan.targets.len(), untestable = plan.untestable.len(), "the agent starts"
    );
    for (name, given) in &surroundings.parameters {
        tracing::info!(%name, value = given.values.join(","), from = %given.origin, "parameter");
    }
    for notice in situation.notices() {
        tracing::warn!("{notice}");
    }
}

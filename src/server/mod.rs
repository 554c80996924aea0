//! HTTP for people, scrapers and the kubelet, on a thread of its own, so that rendering never delays an attempt.
//! Nothing that a caller sends can start one, or decide what is tried: a reload, where it is allowed, reads files.

mod accept_loop;
mod app;
mod auth;
mod closing;
mod connection;
mod connections;
mod cpu_budget;
mod exposition;
mod health;
mod limits;
mod listener;
mod long_lived;
mod negotiation;
mod page_cache;
mod passwords;
mod peer;
mod peer_rate;
mod query;
mod reload;
mod status_pages;
mod watch;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use arc_swap::ArcSwap;
use hyper_util::service::TowerToHyperService;
use socket2::SockRef;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

pub use app::{App, router};
pub use limits::Limits;
pub use page_cache::PageCache;

use crate::web_config::Access;
use connection::Shared;
use passwords::Passwords;

/// The listening socket could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody else listens there.
    #[error(
        "{address} is in use{}; choose another address with `--listen ADDR:PORT` or `web.listen` in the configuration",
        owner(address.port())
    )]
    InUse {
        /// The address that was asked for.
        address: SocketAddr,
    },
    /// Anything else.
    #[error(
        "cannot listen on {address}: {source}; choose another address with `--listen ADDR:PORT` or `web.listen` in the configuration"
    )]
    Other {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
}

fn owner(port: u16) -> &'static str {
    if port == 9100 {
        " (9100 is also the port of node_exporter)"
    } else {
        ""
    }
}

/// The server ended although nobody asked it to.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Its thread or runtime could not be made.
    #[error("the web server could not start: {0}")]
    Start(#[from] io::Error),
    /// Its thread ended early.
    #[error("the web server's thread ended by itself")]
    Died,
}

/// Connections that may wait for the server's thread.
const QUEUE: i32 = 1024;

/// A bound socket, not yet served.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    limits: Limits,
    access: Arc<ArcSwap<Access>>,
}

impl Server {
    /// Opens the listening socket, so that a busy port fails the start and not the first scrape.
    pub fn bind(address: SocketAddr) -> Result<Self, BindError> {
        let other = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => BindError::InUse { address },
            _ => BindError::Other { address, source },
        };
        let listener = TcpListener::bind(address).map_err(other)?;
        listener.set_nonblocking(true).map_err(other)?;
        // The library's own queue is shorter than a flood.
        let longer = SockRef::from(&listener).listen(QUEUE);
        longer.map_err(other)?;
        let address = listener.local_addr().map_err(other)?;
        Ok(Self {
            listener,
            address,
            limits: Limits::default(),
            access: Arc::default(),
        })
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Whom it lets in: all, until something else is stored there, which may be at any time.
    pub fn access(&self) -> Arc<ArcSwap<Access>> {
        Arc::clone(&self.access)
    }

    /// Where it listens; tells the port when port 0 was asked for.
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop`, then finishes what is under way. Dropping the future does not end the thread; `stop` does.
    pub async fn run(self, app: App, stop: CancellationToken) -> Result<(), ServeError> {
        let (done, ended) = oneshot::channel();
        std::thread::Builder::new()
            .name("web".to_owned())
            .spawn(move || {
                // The receiver is gone when the future was dropped; nobody is left to tell.
                let _ = done.send(self.serve(app, stop));
            })?;
        ended.await.map_err(|_| ServeError::Died)?
    }

    fn serve(self, app: App, stop: CancellationToken) -> Result<(), ServeError> {
        let shared = Shared {
            router: TowerToHyperService::new(router(app)),
            limits: self.limits,
            access: self.access,
            passwords: Passwords::new().map_err(io::Error::other)?,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let served = runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(self.listener)?;
            accept_loop::serve(listener, shared, stop).await;
            Ok(())
        });
        // A dear password must not hold up the end.
        runtime.shutdown_background();
        served
    }
}

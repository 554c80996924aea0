//! An agent's pages on a socket of their own, and callers.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use egress_probe::heartbeat::Heartbeat;
use egress_probe::metrics::{AgentGauges, CatalogInfo};
use egress_probe::reload::door;
use egress_probe::server::{App, Limits, Server};
use egress_probe::store::Store;
use egress_probe::target::Target;
use tokio_util::sync::CancellationToken;

use crate::fixture;

/// Far more than the buffers between two sockets hold.
const MANY: usize = 20_000;

/// An agent that has just started with these targets.
pub(crate) fn app_of(targets: &[Arc<Target>]) -> App {
    let store = Store::default();
    store.set_targets(targets);
    App {
        store: Arc::new(store),
        about: Arc::new(ArcSwap::from_pointee(fixture::about())),
        gauges: Arc::new(|| AgentGauges {
            scheduler_lag: Duration::ZERO,
            last_reload_successful: true,
            last_reload_success: fixture::before(60),
            catalog: CatalogInfo::default(),
        }),
        heartbeat: Arc::new(Heartbeat::new()),
        first_round: App::FIRST_ROUND,
        reload: door().0,
        page_cache: Arc::default(),
    }
}

/// An agent with the fixture's targets and what is known of them.
pub(crate) fn app() -> App {
    let records = fixture::records();
    let targets: Vec<_> = records
        .iter()
        .map(|record| Arc::clone(&record.target))
        .collect();
    let app = app_of(&targets);
    for record in records {
        let Some(latest) = record.latest else {
            continue;
        };
        // Twice, so that failures are confirmed.
        app.store.record(&record.target.id, (*latest).clone());
        app.store.record(&record.target.id, (*latest).clone());
    }
    app
}

/// An agent with so many targets that its page fills every buffer.
pub(crate) fn app_of_many() -> App {
    let target = |n| {
        Arc::new(fixture::https(
            &format!("host-{n}.example"),
            "be a long page",
        ))
    };
    app_of(&(0..MANY).map(target).collect::<Vec<_>>())
}

pub(crate) fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// A server on a port of its own; stops when dropped.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) stop: CancellationToken,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Running {
    pub(crate) fn start(app: App, limits: Limits) -> Self {
        Self::start_at(loopback(0), app, limits)
    }

    pub(crate) fn start_at(address: SocketAddr, app: App, limits: Limits) -> Self {
        let server = Server::bind(address).expect("a socket").with_limits(limits);
        let (address, stop) = (server.local_addr(), CancellationToken::new());
        let until = stop.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .build()
                .expect("a runtime");
            runtime
                .block_on(server.run(app, until))
                .expect("a clean end");
        });
        Self {
            address,
            stop,
            thread: Some(thread),
        }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("a connection");
        stream
            .set_read_timeout(Some(Duration::from_secs(5)))
            .expect("a timeout");
        stream
    }

    pub(crate) fn get(&self, path: &str) -> String {
        let mut stream = self.connect();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            thread.join().expect("a clean end");
        }
    }
}

/// Asks for a long page with the smallest window and reads nothing of it.
pub(crate) fn sulk(address: SocketAddr, path: &str) -> TcpStream {
    let socket =
        socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    socket.set_recv_buffer_size(4_096).expect("a small window");
    socket.connect(&address.into()).expect("a connection");
    let mut stream = TcpStream::from(socket);
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").expect("sent");
    stream
}

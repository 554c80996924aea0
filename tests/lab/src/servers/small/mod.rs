//! Small servers of the lab's own, for what no real program does: hold a connection, close it, say the wrong
//! thing. They are tasks on one thread that has entered a namespace, and die with the process.

mod behaviour;
mod datagrams;
mod talk;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::oneshot;
use tokio::time::sleep;

pub(crate) use self::behaviour::Behaviour;
use crate::directory::{Directory, NAMESERVER, ODDITIES, ODDITIES_V6, SECOND_NAMESERVER};
use crate::namespace::Namespace;
use crate::spec::{LabSpec, Service};

type Listener = (SocketAddr, Behaviour);

/// The hosts' plain TCP and UDP ports, and every oddity.
pub(crate) fn of_internet(spec: &LabSpec, directory: &Directory) -> Vec<Listener> {
    let mut listeners = BTreeSet::new();
    for site in &directory.sites {
        for service in &site.spec.services {
            let behaviour = match service {
                Service::Tcp(_) => Behaviour::Hold,
                Service::UdpSilent(_) => Behaviour::UdpSwallow,
                _ => continue,
            };
            let addresses = site.addresses().into_iter();
            let sockets = addresses.map(|address| SocketAddr::new(address, service.port()));
            listeners.extend(sockets.map(|socket| (socket, behaviour)));
        }
    }
    let mut odd_addresses: Vec<IpAddr> = vec![ODDITIES.into()];
    odd_addresses.extend(spec.ipv6.then_some(IpAddr::V6(ODDITIES_V6)));
    let nameservers: [IpAddr; 2] = [NAMESERVER.into(), SECOND_NAMESERVER.into()];
    for odd in Behaviour::ALL {
        let addresses = if odd.is_nameserver() {
            &nameservers
        } else {
            &odd_addresses[..]
        };
        let sockets = addresses
            .iter()
            .map(|address| SocketAddr::new(*address, odd.port()));
        listeners.extend(sockets.map(|socket| (socket, odd)));
    }
    listeners.into_iter().collect()
}

/// The firewall's own ear, for ports that it intercepts. An unspecified IPv6 address takes IPv4 too.
pub(crate) fn of_firewall() -> Vec<Listener> {
    let address = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
    [Behaviour::ResetOnData, Behaviour::Hold]
        .map(|odd| (SocketAddr::new(address, odd.port()), odd))
        .to_vec()
}

/// A thread of servers in one namespace. Dropping it ends them.
pub(crate) struct SmallServers {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<()>>>,
}

impl SmallServers {
    /// Returns once every listener is bound.
    pub(crate) fn start(namespace: &Namespace, listeners: Vec<Listener>) -> Result<Self> {
        let (stop, stopped) = oneshot::channel();
        let (ready, is_ready) = mpsc::channel();
        let thread = namespace.thread(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let bound = bind(listeners).await;
                let bound_well = bound.is_ok();
                // The receiver waits for exactly this message.
                let _ = ready.send(bound);
                if bound_well {
                    // Ends when the sender is dropped.
                    let _ = stopped.await;
                }
            });
            Ok(())
        })?;
        let servers = Self {
            stop: Some(stop),
            thread: Some(thread),
        };
        match is_ready.recv() {
            Ok(bound) => bound?,
            Err(_) => return Err(anyhow!("the thread of small servers ended at once")),
        }
        Ok(servers)
    }
}

impl Drop for SmallServers {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed already.
            let _ = thread.join();
        }
    }
}

async fn bind(listeners: Vec<Listener>) -> Result<()> {
    for (address, behaviour) in listeners {
        let what = || format!("listening at {address} ({behaviour:?})");
        if behaviour.is_udp() {
            let socket = UdpSocket::bind(address).await.with_context(what)?;
            // A wrong sender must be an address of the same family, and reach the node.
            let mut mouth = None;
            if behaviour == Behaviour::NtpOtherAddress && address.is_ipv4() {
                let elsewhere = UdpSocket::bind((NAMESERVER, behaviour.port())).await;
                mouth = Some(elsewhere.with_context(what)?);
            }
            tokio::spawn(serve_udp(socket, mouth, behaviour));
        } else {
            let listener = TcpListener::bind(address).await.with_context(what)?;
            tokio::spawn(serve_tcp(listener, behaviour));
        }
    }
    Ok(())
}

async fn serve_tcp(listener: TcpListener, behaviour: Behaviour) {
    loop {
        match listener.accept().await {
            // A peer that goes away in between ends its own task only.
            Ok((stream, _)) => drop(tokio::spawn(talk::converse(stream, behaviour))),
            Err(_) => sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Speaks through `mouth`, where there is one, and through the ear otherwise.
async fn serve_udp(socket: UdpSocket, mouth: Option<UdpSocket>, behaviour: Behaviour) {
    let mut buffer = [0; 2048];
    loop {
        if let Ok((length, peer)) = socket.recv_from(&mut buffer).await
            && let Some(reply) = datagrams::answer(behaviour, &buffer[..length])
        {
            // The peer may be gone.
            let _ = mouth
                .as_ref()
                .unwrap_or(&socket)
                .send_to(&reply, peer)
                .await;
        }
    }
}

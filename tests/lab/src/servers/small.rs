//! Small servers of the lab's own, for what no real program does: hold a connection, close it, say the wrong
//! thing. They are tasks on one thread that has entered a namespace, and die with the process.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use crate::directory::{Directory, ODDITIES, ODDITIES_V6};
use crate::namespace::Namespace;
use crate::spec::{LabSpec, Service};

/// What a small server does with its peers.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Behaviour {
    /// Accepts, reads, and never answers.
    Hold,
    Close,
    Reset,
    ResetOnData,
    SshBanner,
    /// What an HTTP server says to a client that does not speak HTTP.
    HttpRefusal,
    /// The answer of a firewall that denies a request.
    HttpDenied,
    Garbage,
    UdpSwallow,
    UdpGarbage,
}

impl Behaviour {
    pub(crate) const ALL: [Self; 10] = [
        Self::Hold,
        Self::Close,
        Self::Reset,
        Self::ResetOnData,
        Self::SshBanner,
        Self::HttpRefusal,
        Self::HttpDenied,
        Self::Garbage,
        Self::UdpSwallow,
        Self::UdpGarbage,
    ];

    /// The port at the address of the oddities where peers meet this behaviour.
    pub(crate) const fn port(self) -> u16 {
        40_001 + self as u16
    }

    const fn is_udp(self) -> bool {
        matches!(self, Self::UdpSwallow | Self::UdpGarbage)
    }
}

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
    for address in odd_addresses {
        let sockets = Behaviour::ALL.map(|odd| (SocketAddr::new(address, odd.port()), odd));
        listeners.extend(sockets);
    }
    listeners.into_iter().collect()
}

/// The firewall's own ear, for ports that it intercepts. An unspecified IPv6 address takes IPv4 too.
pub(crate) fn of_firewall() -> Vec<Listener> {
    let odd = Behaviour::ResetOnData;
    let address = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
    vec![(SocketAddr::new(address, odd.port()), odd)]
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
            tokio::spawn(serve_udp(socket, behaviour));
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
            Ok((stream, _)) => drop(tokio::spawn(converse(stream, behaviour))),
            Err(_) => sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn converse(mut stream: TcpStream, behaviour: Behaviour) -> std::io::Result<()> {
    // A little later than the handshake, so that the peer has seen its connect succeed.
    const AFTER_ACCEPT: Duration = Duration::from_millis(20);
    const AT_MOST: Duration = Duration::from_millis(500);
    match behaviour {
        Behaviour::Close => {
            sleep(AFTER_ACCEPT).await;
            part(&mut stream).await?;
        }
        Behaviour::Reset => {
            // A reset that overtakes the news of the connect makes it fail. Who has spoken knows that it stood.
            let first_words = timeout(AT_MOST, stream.read(&mut [0; 1])).await;
            first_words.unwrap_or(Ok(0))?;
            stream.set_zero_linger()?;
        }
        Behaviour::ResetOnData => {
            stream.read_exact(&mut [0; 1]).await?;
            stream.set_zero_linger()?;
        }
        Behaviour::SshBanner => {
            stream.write_all(b"SSH-2.0-egress-lab\r\n").await?;
            hold(&mut stream).await?;
        }
        Behaviour::HttpRefusal => say(&mut stream, HTTP_REFUSAL).await?,
        Behaviour::HttpDenied => say(&mut stream, HTTP_DENIED).await?,
        Behaviour::Garbage => say(&mut stream, b"\x00\xff?!garbage\r\n\r\n").await?,
        _ => hold(&mut stream).await?,
    }
    Ok(())
}

const HTTP_REFUSAL: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

const HTTP_DENIED: &[u8] =
    b"HTTP/1.1 470 status code 470\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 70\r\nConnection: close\r\n\r\n\
    Action: Deny. Reason: No rule matched. Proceeding with default action.";

/// Waits for the peer's first words (or a moment, as peers may wait for a greeting), then answers and closes.
async fn say(stream: &mut TcpStream, words: &[u8]) -> std::io::Result<()> {
    let mut buffer = [0; 4096];
    if let Ok(read) = timeout(Duration::from_millis(500), stream.read(&mut buffer)).await {
        read?;
    }
    stream.write_all(words).await?;
    part(stream).await
}

/// Closes with a FIN. Closing with unread data would reset the connection, and take the last words back.
async fn part(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.shutdown().await?;
    let farewell = timeout(Duration::from_secs(1), hold(stream)).await;
    farewell.unwrap_or(Ok(()))
}

async fn hold(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut buffer = [0; 4096];
    while stream.read(&mut buffer).await? > 0 {}
    Ok(())
}

async fn serve_udp(socket: UdpSocket, behaviour: Behaviour) {
    let mut buffer = [0; 2048];
    loop {
        if let Ok((_, peer)) = socket.recv_from(&mut buffer).await
            && behaviour == Behaviour::UdpGarbage
        {
            // The peer may be gone.
            let _ = socket.send_to(b"\xffnot what you asked for", peer).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_behaviour_has_a_port_of_its_own() {
        let ports: BTreeSet<_> = Behaviour::ALL.into_iter().map(Behaviour::port).collect();
        assert_eq!(ports.len(), Behaviour::ALL.len());
    }

    #[test]
    fn the_denial_has_the_length_it_announces() {
        let body = HTTP_DENIED.split(|byte| *byte == b'\n').next_back();
        assert_eq!(body.map(<[u8]>::len), Some(70));
    }
}

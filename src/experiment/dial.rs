//! TCP connections of experiments: with a time to live or a segment size of their own.

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;

use nix::libc;
use nix::sys::socket::{setsockopt, sockopt};
use socket2::Socket;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::drawn::Drawn;
use crate::probe::wire;

/// One connect.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dial {
    /// Where to.
    pub(super) peer: SocketAddr,
    /// The time to live of the SYN, when it is not the usual one.
    pub(super) ttl: Option<u8>,
    /// The maximum segment size that is offered and kept, when it is not the usual one.
    pub(super) mss: Option<u32>,
    /// An answer that comes later is none.
    pub(super) until: Instant,
}

impl Dial {
    /// A connect like every other.
    pub(super) const fn plain(peer: SocketAddr, until: Instant) -> Self {
        Self {
            peer,
            ttl: None,
            mss: None,
            until,
        }
    }

    /// The connection, on which ICMP errors are still reported, or what the SYN drew.
    pub(super) async fn connect(self) -> Result<TcpStream, Drawn> {
        let socket = wire::tcp_socket(self.peer).map_err(|_| Drawn::Unknown)?;
        let tcp = self.begin(socket)?;
        let ended = timeout_at(self.until, tcp.writable()).await;
        let ended = ended.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        match ended.and_then(|()| wire::standing(&tcp)) {
            Ok(()) => Ok(tcp),
            Err(error) => Err(Drawn::of_error(&error, &tcp)),
        }
    }

    fn begin(self, socket: Socket) -> Result<TcpStream, Drawn> {
        if let Some(ttl) = self.ttl {
            set_ttl(&socket, self.peer, ttl.into()).map_err(|_| Drawn::Unknown)?;
        }
        if let Some(mss) = self.mss {
            socket.set_tcp_mss(mss).map_err(|_| Drawn::Unknown)?;
        }
        match socket.connect(&self.peer.into()) {
            Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => {
                Err(Drawn::of_error(&error, &socket))
            }
            _ => TcpStream::from_std(socket.into()).map_err(|_| Drawn::Unknown),
        }
    }
}

/// The kernel's own time to live (ip(7)).
pub(super) const USUAL_TTL: i32 = -1;

/// Sets the time to live (hop limit) of everything that the socket sends from now on.
pub(super) fn set_ttl(socket: &impl AsFd, peer: SocketAddr, ttl: i32) -> nix::Result<()> {
    if peer.is_ipv4() {
        setsockopt(socket, sockopt::Ipv4Ttl, &ttl)
    } else {
        setsockopt(socket, sockopt::Ipv6Ttl, &ttl)
    }
}

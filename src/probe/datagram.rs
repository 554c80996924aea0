//! A UDP socket that sees what the network says about its datagrams.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::UdpSocket;

use super::error_queue;

/// A socket from a random port, connected to `peer`: the kernel drops what others send, and reports ICMP errors
/// with their senders. Nothing is sent yet.
pub(super) async fn connect(peer: SocketAddr) -> io::Result<UdpSocket> {
    let any: SocketAddr = if peer.is_ipv4() {
        (Ipv4Addr::UNSPECIFIED, 0).into()
    } else {
        (Ipv6Addr::UNSPECIFIED, 0).into()
    };
    let socket = UdpSocket::bind(any).await?;
    error_queue::enable(&socket, peer)?;
    socket.connect(peer).await?;
    Ok(socket)
}

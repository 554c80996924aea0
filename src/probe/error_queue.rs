//! Reads the kernel's error queue: which ICMP message ended a connect or an exchange, and who sent it (ip(7), `IP_RECVERR`).

use std::io::IoSliceMut;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd};

use nix::libc::{SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6, sock_extended_err};
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt,
};

use crate::outcome::IcmpError;

/// Asks the kernel to queue ICMP errors with their senders. Call before `connect`.
pub(super) fn enable(socket: &impl AsFd, peer: SocketAddr) -> nix::Result<()> {
    set(socket, peer, true)
}

/// Leaves ICMP errors to the kernel again. It drops what is queued.
pub(super) fn disable(socket: &impl AsFd, peer: SocketAddr) -> nix::Result<()> {
    set(socket, peer, false)
}

fn set(socket: &impl AsFd, peer: SocketAddr, on: bool) -> nix::Result<()> {
    if peer.is_ipv4() {
        setsockopt(socket, sockopt::Ipv4RecvErr, &on)
    } else {
        setsockopt(socket, sockopt::Ipv6RecvErr, &on)
    }
}

/// The first ICMP error on the queue; none when the error is of local origin or there is none.
pub(crate) fn read(socket: &impl AsRawFd) -> Option<IcmpError> {
    const MOST_QUEUED: usize = 4;
    (0..MOST_QUEUED)
        .map_while(|_| receive(socket).ok())
        .flatten()
        .next()
}

/// `None`: something else than an ICMP error was queued.
///
/// # Errors
/// `EAGAIN` when the queue is empty.
fn receive(socket: &impl AsRawFd) -> nix::Result<Option<IcmpError>> {
    let mut payload = [0_u8; 64];
    let mut iov = [IoSliceMut::new(&mut payload)];
    let mut control = vec![0_u8; 256];
    let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
    let message =
        recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut iov, Some(&mut control), flags)?;
    let icmp = message.cmsgs()?.find_map(|control| match control {
        ControlMessageOwned::Ipv4RecvErr(error, sender) => {
            let sender = sender.map(|s| Ipv4Addr::from(u32::from_be(s.sin_addr.s_addr)).into());
            icmp_error(&error, SO_EE_ORIGIN_ICMP, sender)
        }
        ControlMessageOwned::Ipv6RecvErr(error, sender) => {
            let sender = sender.map(|s| Ipv6Addr::from(s.sin6_addr.s6_addr).into());
            icmp_error(&error, SO_EE_ORIGIN_ICMP6, sender)
        }
        _ => None,
    });
    Ok(icmp)
}

fn icmp_error(error: &sock_extended_err, origin: u8, sender: Option<IpAddr>) -> Option<IcmpError> {
    (error.ee_origin == origin).then_some(IcmpError {
        kind: error.ee_type,
        code: error.ee_code,
        sender,
    })
}

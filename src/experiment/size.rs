//! Whether size matters: the same `ClientHello` in small segments, and padded to a full one. The small maximum
//! segment size is offered to the peer too, so that what it sends comes in small packets.

use std::net::SocketAddr;

use nix::sys::socket::{getsockopt, sockopt};

use super::Case;
use super::dial::Dial;
use super::hello::exchange;
use super::pace::Pace;
use crate::outcome::{Reason, SizeControl};
use crate::probe::wire::{self, Padding, client_hello};

/// Packets of less than 576 bytes, which every link takes (RFC 791).
const SMALL: u32 = 400;

/// Two hellos, side by side, where a handshake ended in silence.
pub(super) async fn compare(case: &Case, pace: Pace) -> Option<SizeControl> {
    if !case.fails_at_tls() || case.failure.reason != Reason::Timeout {
        return None;
    }
    let plain = Dial::plain(case.address, pace.answer());
    let small = Dial {
        mss: Some(SMALL),
        ..plain
    };
    let [hello, padded] =
        [Padding::None, Padding::Large].map(|padding| client_hello(case.name(), padding));
    let (hello, padded) = (hello?, padded?);
    let (small, large) = tokio::join!(exchange(small, &hello), exchange(plain, &padded));
    Some(SizeControl {
        path_mtu: path_mtu(case.address),
        small: small?,
        large: large?,
    })
}

/// As the kernel knows it after all that was sent. Connecting a datagram socket sends nothing.
fn path_mtu(peer: SocketAddr) -> Option<u32> {
    let socket = wire::udp_socket(peer).ok()?;
    socket.connect(peer).ok()?;
    let mtu = getsockopt(&socket, sockopt::IpMtu).ok()?;
    u32::try_from(mtu).ok()
}

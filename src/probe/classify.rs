//! Turns errors into reasons, by kind, code and protocol field; the only place that inspects them.

use std::io;
use std::os::fd::AsRawFd;

use nix::libc;

use super::{Symptom, Trace, error_queue};
use crate::outcome::{IcmpError, Reason};

/// An error of a socket that connects, sends or receives, with what its error queue knows. Facts are noted in the trace.
pub(super) fn socket_error(error: &io::Error, socket: &impl AsRawFd, trace: &mut Trace) -> Symptom {
    match error_queue::read(socket) {
        Some(icmp) => {
            trace.facts.icmp = Some(icmp);
            icmp_symptom(icmp, error)
        }
        None if is_refused_by_route(error) => no_route(error, trace),
        None => io_error(error, trace),
    }
}

/// An error of the operating system without an ICMP message behind it.
pub(super) fn io_error(error: &io::Error, trace: &mut Trace) -> Symptom {
    let reason = error
        .raw_os_error()
        .map_or_else(|| kind_reason(error.kind()), errno_reason);
    if reason == Reason::Unreachable {
        return no_route(error, trace);
    }
    Symptom::new(reason, error.to_string())
}

fn no_route(error: &io::Error, trace: &mut Trace) -> Symptom {
    trace.facts.no_local_route = true;
    let detail = format!("this node has no route to the address: {error}");
    Symptom::new(Reason::Unreachable, detail)
}

/// Routes that say no (ip-route(8)): `blackhole` with EINVAL, `prohibit` with EACCES. A packet filter says EPERM.
/// Where no address is involved yet, the same codes mean something else.
fn is_refused_by_route(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EINVAL | libc::EACCES))
}

/// Whether the node itself cannot send to an address: no route, no source address, or no such family.
pub(super) fn is_want_of_route(error: &io::Error) -> bool {
    let wanting = matches!(
        error.raw_os_error(),
        Some(
            libc::ENETUNREACH
                | libc::EHOSTUNREACH
                | libc::ENETDOWN
                | libc::EADDRNOTAVAIL
                | libc::EAFNOSUPPORT
        )
    );
    wanting || is_refused_by_route(error)
}

fn errno_reason(errno: i32) -> Reason {
    match errno {
        libc::ETIMEDOUT => Reason::Timeout,
        libc::ECONNREFUSED => Reason::ConnectionRefused,
        libc::ECONNRESET => Reason::ConnectionReset,
        libc::EPIPE | libc::ECONNABORTED | libc::ENOTCONN => Reason::ConnectionClosed,
        // EAFNOSUPPORT: a kernel without IPv6 has no route to any IPv6 address.
        libc::ENETUNREACH
        | libc::EHOSTUNREACH
        | libc::ENETDOWN
        | libc::EHOSTDOWN
        | libc::EAFNOSUPPORT => Reason::Unreachable,
        libc::EPERM | libc::EACCES => Reason::PermissionDenied,
        libc::EMFILE
        | libc::ENFILE
        | libc::ENOBUFS
        | libc::ENOMEM
        | libc::EADDRNOTAVAIL
        | libc::EADDRINUSE
        | libc::EAGAIN => Reason::LocalResource,
        _ => Reason::Internal,
    }
}

fn kind_reason(kind: io::ErrorKind) -> Reason {
    match kind {
        io::ErrorKind::TimedOut => Reason::Timeout,
        io::ErrorKind::ConnectionRefused => Reason::ConnectionRefused,
        io::ErrorKind::ConnectionReset => Reason::ConnectionReset,
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::ConnectionAborted => Reason::ConnectionClosed,
        _ => Reason::Internal,
    }
}

/// RFC 792, RFC 1812 section 5.2.7.1, RFC 4443 section 3.1.
fn icmp_symptom(icmp: IcmpError, error: &io::Error) -> Symptom {
    const UNREACHABLE_V4: u8 = 3;
    const UNREACHABLE_V6: u8 = 1;
    let reason = match (
        icmp.kind,
        icmp.code,
        icmp.sender.is_some_and(|s| s.is_ipv6()),
    ) {
        (UNREACHABLE_V4, 3, false) | (UNREACHABLE_V6, 4, true) => Reason::ConnectionRefused,
        (UNREACHABLE_V4, 9 | 10 | 13, false) | (UNREACHABLE_V6, 1 | 5 | 6, true) => {
            Reason::Prohibited
        }
        _ => Reason::Unreachable,
    };
    let sender = icmp
        .sender
        .map_or_else(|| "an unknown sender".to_owned(), |s| s.to_string());
    let IcmpError { kind, code, .. } = icmp;
    Symptom::new(
        reason,
        format!("{error}: ICMP type {kind} code {code} from {sender}"),
    )
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;
    use crate::outcome::Phase;

    fn reasons(errno: i32) -> [(Reason, bool); 2] {
        let error = io::Error::from_raw_os_error(errno);
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut trace = Trace::start(Phase::Connect);
        let open = io_error(&error, &mut trace);
        let open = (open.reason, trace.facts.no_local_route);
        let mut trace = Trace::start(Phase::Connect);
        let connect = socket_error(&error, &socket, &mut trace);
        [open, (connect.reason, trace.facts.no_local_route)]
    }

    #[test]
    fn a_packet_filter_is_told_from_a_route_that_says_no() {
        let own = |reason| (reason, false);
        let route = (Reason::Unreachable, true);
        assert_eq!(reasons(libc::ENETUNREACH), [route; 2]);
        assert_eq!(
            reasons(libc::EPERM),
            [own(Reason::PermissionDenied); 2],
            "nftables drops what leaves"
        );
        assert_eq!(
            reasons(libc::EACCES),
            [own(Reason::PermissionDenied), route]
        );
        assert_eq!(reasons(libc::EINVAL), [own(Reason::Internal), route]);
    }
}

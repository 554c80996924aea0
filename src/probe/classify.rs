//! Turns errors into reasons, by kind, code and protocol field; the only place that inspects them.

use std::io;
use std::os::fd::AsRawFd;

use nix::libc;

use super::{Symptom, Trace, error_queue};
use crate::outcome::{IcmpError, Reason};

/// An error of a socket, with what its error queue knows. Facts are noted in the trace.
pub(super) fn socket_error(error: &io::Error, socket: &impl AsRawFd, trace: &mut Trace) -> Symptom {
    match error_queue::read(socket) {
        Some(icmp) => {
            trace.facts.icmp = Some(icmp);
            icmp_symptom(icmp, error)
        }
        None => io_error(error, trace),
    }
}

/// An error of the operating system without an ICMP message behind it.
pub(super) fn io_error(error: &io::Error, trace: &mut Trace) -> Symptom {
    let reason = error
        .raw_os_error()
        .map_or_else(|| kind_reason(error.kind()), errno_reason);
    if reason == Reason::Unreachable {
        trace.facts.no_local_route = true;
        return Symptom::new(
            reason,
            format!("this node has no route to the address: {error}"),
        );
    }
    Symptom::new(reason, error.to_string())
}

/// Whether the node itself cannot send to an address: no route, no source address, or no such family.
pub(super) fn is_want_of_route(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(
            libc::ENETUNREACH
                | libc::EHOSTUNREACH
                | libc::ENETDOWN
                | libc::EADDRNOTAVAIL
                | libc::EAFNOSUPPORT
        )
    )
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

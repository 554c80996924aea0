//! What one packet or one message draws, from the errors of sockets and their error queues.

use std::io;
use std::net::IpAddr;
use std::os::fd::AsRawFd;

use nix::libc;

use crate::outcome::{Answer, IcmpError};
use crate::probe::wire;

/// What came of something that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Drawn {
    /// A router said that the time to live was exceeded. On connections that stand the kernel does not say which.
    Expired(Option<IpAddr>),
    /// Something else, or nothing; with the sender of an ICMP error.
    Answer(Answer, Option<IpAddr>),
    /// It cannot be told: trouble of the node's own.
    Unknown,
}

impl Drawn {
    /// The plain answer to something that was sent with the usual time to live.
    pub(super) fn answer(self) -> Option<Answer> {
        match self {
            // A loop of routes: nothing arrives, and a router says so.
            Self::Expired(_) => Some(Answer::Rejected),
            Self::Answer(answer, _) => Some(answer),
            Self::Unknown => None,
        }
    }

    /// What an error of a socket says, with what its error queue knows.
    pub(super) fn of_error(error: &io::Error, socket: &impl AsRawFd) -> Self {
        match wire::icmp_error(socket) {
            Some(icmp) => Self::of_icmp(icmp),
            None => match error.raw_os_error() {
                Some(libc::ECONNREFUSED | libc::ECONNRESET) => Self::Answer(Answer::Reset, None),
                Some(libc::EPIPE) => Self::Answer(Answer::Closed, None),
                Some(libc::ETIMEDOUT) => Self::Answer(Answer::Silence, None),
                Some(_) => Self::Unknown,
                None => Self::of_kind(error.kind()),
            },
        }
    }

    fn of_kind(kind: io::ErrorKind) -> Self {
        match kind {
            io::ErrorKind::UnexpectedEof => Self::Answer(Answer::Closed, None),
            io::ErrorKind::TimedOut => Self::Answer(Answer::Silence, None),
            _ => Self::Unknown,
        }
    }

    /// RFC 792, RFC 4443 section 3.3.
    fn of_icmp(icmp: IcmpError) -> Self {
        const TIME_EXCEEDED_V4: u8 = 11;
        const TIME_EXCEEDED_V6: u8 = 3;
        match (icmp.sender, icmp.kind) {
            (Some(sender @ IpAddr::V4(_)), TIME_EXCEEDED_V4)
            | (Some(sender @ IpAddr::V6(_)), TIME_EXCEEDED_V6) => Self::Expired(Some(sender)),
            (sender, _) => Self::Answer(Answer::Rejected, sender),
        }
    }
}

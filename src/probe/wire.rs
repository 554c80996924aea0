//! What experiments borrow from attempts: sockets, messages and manners, without an attempt around them.

pub(crate) use super::closing::{LINGER, close_within};
pub(crate) use super::connect::{open as tcp_socket, standing};
pub(crate) use super::datagram::open as udp_socket;
pub(crate) use super::error_queue::read as icmp_error;
pub(crate) use super::tls::{Padding, client_hello};

use super::resolve::{Asked, Family, Reply, absolute};
use super::{ntp_packet, random, udp};
use crate::target::{Probe, Target};

/// A datagram that the server of a target answers.
#[derive(Debug)]
pub(crate) struct Request(Kind);

#[derive(Debug)]
enum Kind {
    Ntp { cookie: u64 },
    Dns(Asked),
    Udp(udp::Opening),
}

impl Request {
    /// What an attempt would send; none for a target of another transport.
    pub(crate) fn of(target: &Target) -> Option<Self> {
        let kind = match &target.probe {
            Probe::Ntp => Kind::Ntp {
                cookie: random::unguessable().ok()?,
            },
            Probe::DnsUdp { question } => {
                Kind::Dns(Asked::new(&absolute(question).ok()?, Family::V4, false).ok()?)
            }
            Probe::Udp => Kind::Udp(udp::Opening::of(target.port?).ok()?),
            _ => return None,
        };
        Some(Self(kind))
    }

    /// The datagram.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match &self.0 {
            Kind::Ntp { cookie } => ntp_packet::request(*cookie).to_vec(),
            Kind::Dns(asked) => asked.bytes.clone(),
            Kind::Udp(opening) => opening.datagram(),
        }
    }

    /// Whether nobody can have written this who has not seen the datagram.
    pub(crate) fn is_answered_by(&self, reply: &[u8]) -> bool {
        match &self.0 {
            Kind::Ntp { cookie } => ntp_packet::Reply::read(reply, *cookie).is_some(),
            Kind::Dns(asked) => asked.judge(reply) != Reply::Ignored,
            Kind::Udp(opening) => opening.is_proven_by(reply),
        }
    }
}

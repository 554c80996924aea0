//! How far connects and datagrams come: SYNs, or requests over UDP, with a rising time to live.

use std::net::SocketAddr;

use tokio::net::UdpSocket;
use tokio::time::timeout_at;

use super::dial::{Dial, set_ttl};
use super::drawn::Drawn;
use super::pace::Pace;
use super::sweep::{End, Shot, sweep};
use super::{Case, Control};
use crate::outcome::{Answer, Path, Phase, Reason};
use crate::probe::wire::{self, Request};
use crate::target::{ProbeKind, Target};

/// The way of what begins an attempt.
pub(super) async fn follow(case: &Case, pace: Pace) -> Option<Path> {
    if is_to_be_spared(case) {
        return None;
    }
    follow_to(&case.target, case.address, case.end_of_beginning(), pace).await
}

/// The same to the control, where the failure lies in the way itself.
pub(super) async fn follow_control(case: &Case, pace: Pace) -> Option<Path> {
    if case.has_connected() || is_to_be_spared(case) {
        return None;
    }
    let Control { target, address } = case.control.as_ref()?;
    follow_to(target, *address, End::Answers, pace).await
}

/// A time server that replies, however strangely, was asked twice already.
fn is_to_be_spared(case: &Case) -> bool {
    case.target.id.probe == ProbeKind::Ntp && case.failure.reason == Reason::UnexpectedReply
}

async fn follow_to(target: &Target, peer: SocketAddr, end: End, pace: Pace) -> Option<Path> {
    match target.id.probe {
        ProbeKind::Dns => None,
        ProbeKind::Ntp | ProbeKind::Udp | ProbeKind::DnsUdp => {
            sweep(&Datagrams { target, peer, pace }, end, pace).await
        }
        _ => sweep(&Syns { peer, pace }, end, pace).await,
    }
}

impl Case {
    fn end_of_beginning(&self) -> End {
        if self.has_connected() {
            End::Answers
        } else {
            self.end()
        }
    }

    /// Whether the failure was an answer.
    pub(super) fn end(&self) -> End {
        match self.failure.reason {
            Reason::Timeout | Reason::NoRejection => End::Silent,
            _ => End::Answers,
        }
    }

    /// Whether the failure came over a connection that stood.
    pub(super) fn has_connected(&self) -> bool {
        let later = matches!(
            self.failure.phase,
            Phase::Tls | Phase::Request | Phase::Banner
        );
        let over_tcp = self.target.id.probe == ProbeKind::DnsTcp;
        let intercepted = self.failure.reason == Reason::InterceptedPort;
        later || intercepted || over_tcp && self.failure.phase == Phase::Exchange
    }
}

/// Connects that do not come further than their TTL.
struct Syns {
    peer: SocketAddr,
    pace: Pace,
}

impl Shot for Syns {
    /// A connection that comes about is closed again.
    async fn shoot(&self, ttl: u8) -> Drawn {
        let dial = Dial {
            ttl: Some(ttl),
            ..Dial::plain(self.peer, self.pace.hop())
        };
        match dial.connect().await {
            Ok(tcp) => {
                wire::close_within(wire::LINGER, tcp).await;
                Drawn::Answer(Answer::Answered, None)
            }
            Err(drawn) => drawn,
        }
    }
}

/// Requests over UDP, as attempts send them.
struct Datagrams<'a> {
    target: &'a Target,
    peer: SocketAddr,
    pace: Pace,
}

impl Shot for Datagrams<'_> {
    async fn shoot(&self, ttl: u8) -> Drawn {
        let Some(request) = Request::of(self.target) else {
            return Drawn::Unknown;
        };
        let socket = match socket(self.peer, ttl) {
            Ok(socket) => socket,
            Err(drawn) => return drawn,
        };
        let mut buffer = [0; 2048];
        let received = async {
            socket.send(&request.bytes()).await?;
            socket.recv(&mut buffer).await
        };
        match timeout_at(self.pace.hop(), received).await {
            Err(_) => Drawn::Answer(Answer::Silence, None),
            Ok(Err(error)) => Drawn::of_error(&error, &socket),
            Ok(Ok(length)) if request.is_answered_by(&buffer[..length]) => {
                Drawn::Answer(Answer::Answered, None)
            }
            Ok(Ok(_)) => Drawn::Answer(Answer::Other, None),
        }
    }
}

fn socket(peer: SocketAddr, ttl: u8) -> Result<UdpSocket, Drawn> {
    let socket = wire::udp_socket(peer).map_err(|_| Drawn::Unknown)?;
    set_ttl(&socket, peer, ttl.into()).map_err(|_| Drawn::Unknown)?;
    let connected = socket.connect(peer);
    connected.map_err(|error| Drawn::of_error(&error, &socket))?;
    UdpSocket::from_std(socket).map_err(|_| Drawn::Unknown)
}

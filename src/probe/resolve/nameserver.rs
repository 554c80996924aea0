//! One nameserver, and all that the protocol makes of one question to it. Knows nothing of other nameservers.

use std::net::SocketAddr;
use std::sync::Mutex;

use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::Name;
use tokio::time::{Instant, timeout_at};

use super::exchange::{self, Shared, note, unanswered};
use super::message::{Answer, Asked, Family, Reply, mnemonic};
use super::tries::Pace;
use crate::outcome::{Phase, Reason};
use crate::probe::{Symptom, Trace};

/// How a nameserver is asked when it is the target itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::probe) enum Transport {
    /// One datagram, resent once.
    Udp,
    /// One connection.
    Tcp,
}

/// Where it is, how it is asked and how long it may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Nameserver {
    pub(super) address: SocketAddr,
    /// Whether it is asked with EDNS first.
    pub(super) edns: bool,
    pub(super) pace: Pace,
}

impl Nameserver {
    /// The answer to one question: over TCP when truncated, without EDNS when the server cannot read that.
    pub(super) async fn query(
        &self,
        name: &Name,
        family: Family,
        trace: &Shared<'_>,
    ) -> Result<Answer, Symptom> {
        let mut edns = self.edns;
        loop {
            let asked = Asked::new(name, family, edns)?;
            let mut reply =
                exchange::udp(self.address, &asked, &[self.pace.deadline], trace).await?;
            if reply == Reply::Truncated {
                reply = self.over_tcp(&asked, trace).await?;
            }
            match reply {
                Reply::Answer(answer) if edns && is_about_edns(answer.rcode) => {
                    edns = false;
                }
                Reply::Answer(answer) => return Ok(answer),
                Reply::Truncated | Reply::Ignored => {
                    let detail = "the answer is truncated over TCP too";
                    return Err(Symptom::new(Reason::ResolverFailure, detail));
                }
            }
        }
    }

    async fn over_tcp(&self, asked: &Asked, trace: &Shared<'_>) -> Result<Reply, Symptom> {
        let mut ignored = 0;
        let exchange = async {
            let stream = exchange::dial(self.address, trace).await?;
            exchange::tcp(stream, asked, &mut ignored, trace).await
        };
        let started = Instant::now();
        let reply = timeout_at(self.pace.deadline, exchange).await;
        reply
            .unwrap_or_else(|_| Err(unanswered(started.elapsed(), ignored)))
            .map_err(|symptom| Symptom {
                detail: format!("truncated over UDP; over TCP: {}", symptom.detail),
                ..symptom
            })
    }

    /// Whether it answers at all; what it answers is noted in the trace. Only the attempt's deadline ends the wait.
    pub(super) async fn ask(
        &self,
        question: &Name,
        transport: Transport,
        trace: &mut Trace,
    ) -> Result<(), Symptom> {
        let asked = Asked::new(question, Family::V4, self.edns)?;
        let shared = Mutex::new(&mut *trace);
        let reply = match transport {
            Transport::Udp => {
                note(&shared, |trace| trace.enter(Phase::Exchange));
                let Pace { per_try, deadline } = self.pace;
                let waits = [Instant::now() + per_try, deadline];
                exchange::udp(self.address, &asked, &waits, &shared).await?
            }
            Transport::Tcp => {
                note(&shared, |trace| trace.enter(Phase::Connect));
                let stream = exchange::dial(self.address, &shared).await?;
                note(&shared, |trace| trace.enter(Phase::Exchange));
                exchange::tcp(stream, &asked, &mut 0, &shared).await?
            }
        };
        trace.facts.nameserver = Some(self.address);
        if let Reply::Answer(answer) = reply {
            trace.facts.rcode = Some(mnemonic(answer.rcode));
        }
        Ok(())
    }
}

/// Whether an answer may be meant for EDNS and not for the question (RFC 6891 section 7).
fn is_about_edns(rcode: ResponseCode) -> bool {
    matches!(
        rcode,
        // 16 has two names, and the decoder knows the other one.
        ResponseCode::FormErr | ResponseCode::NotImp | ResponseCode::BADVERS | ResponseCode::BADSIG
    )
}

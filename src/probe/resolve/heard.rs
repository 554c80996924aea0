//! What the tries of one resolution have said so far, and the facts that belong to each of them.

use std::mem;
use std::net::SocketAddr;

use super::Resolved;
use super::exchange::{Shared, note};
use super::message::{Answer, mnemonic};
use super::policy::{Step, tells_no_less};
use crate::outcome::{IcmpError, Reason};
use crate::probe::Symptom;

/// What one try came to.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) nameserver: SocketAddr,
    pub(super) told: Told,
    pub(super) step: Step,
}

/// What was in the answer that decided, if there was one.
#[derive(Debug, Clone, Default)]
pub(super) struct Told {
    rcode: Option<String>,
    aliases: Vec<String>,
}

impl Told {
    pub(super) fn by(answer: &Answer) -> Self {
        Self {
            rcode: Some(mnemonic(answer.rcode)),
            aliases: answer.aliases.clone(),
        }
    }
}

/// The best so far.
#[derive(Debug, Default)]
pub(super) struct Heard {
    half: Option<Resolved>,
    failure: Option<Failed>,
}

/// A failure with the facts that belong to it.
#[derive(Debug)]
struct Failed {
    symptom: Symptom,
    nameserver: SocketAddr,
    told: Told,
    icmp: Option<IcmpError>,
    no_local_route: bool,
}

impl Heard {
    /// The end, if this is one.
    pub(super) fn take(
        &mut self,
        said: Said,
        trace: &Shared<'_>,
    ) -> Option<Result<Resolved, Symptom>> {
        let nameserver = said.nameserver;
        let failed = |symptom| Failed::new(symptom, nameserver, said.told, trace);
        match said.step {
            Step::Done(answer) => return Some(Ok(resolved(answer, nameserver))),
            Step::Final(symptom) => return Some(Err(failed(symptom).restore(trace))),
            Step::Half(answer) => {
                self.half
                    .get_or_insert_with(|| resolved(answer, nameserver));
            }
            Step::Next(symptom) => {
                let later = failed(symptom);
                let outdone = |earlier: &Failed| tells_no_less(&later.symptom, &earlier.symptom);
                if self.failure.as_ref().is_none_or(outdone) {
                    self.failure = Some(later);
                }
            }
        }
        None
    }

    /// Whether IPv6 addresses are known, and nothing about IPv4.
    pub(super) const fn is_half(&self) -> bool {
        self.half.is_some()
    }

    /// The end when no more will be heard.
    pub(super) fn end(self, trace: &Shared<'_>) -> Result<Resolved, Symptom> {
        match (self.half, self.failure) {
            (Some(half), _) => Ok(half),
            (None, Some(failed)) => Err(failed.restore(trace)),
            (None, None) => Err(Symptom::new(Reason::Internal, "no nameserver is known")),
        }
    }
}

impl Failed {
    /// Takes the facts of its own out of the trace.
    fn new(mut symptom: Symptom, nameserver: SocketAddr, told: Told, trace: &Shared<'_>) -> Self {
        let rejected = matches!(
            symptom.reason,
            Reason::ConnectionRefused | Reason::Prohibited | Reason::Unreachable
        );
        let (icmp, no_local_route) = note(trace, |trace| {
            let facts = &mut trace.facts;
            (facts.icmp.take(), mem::take(&mut facts.no_local_route))
        });
        symptom.detail = format!("nameserver {nameserver}: {}", symptom.detail);
        Self {
            symptom,
            nameserver,
            told,
            icmp: icmp.filter(|_| rejected),
            no_local_route: no_local_route && rejected,
        }
    }

    fn restore(self, trace: &Shared<'_>) -> Symptom {
        note(trace, |trace| {
            let facts = &mut trace.facts;
            facts.nameserver = self.told.rcode.as_ref().map(|_| self.nameserver);
            facts.rcode = self.told.rcode;
            facts.aliases = self.told.aliases;
            facts.icmp = self.icmp;
            facts.no_local_route = self.no_local_route;
        });
        self.symptom
    }
}

fn resolved(answer: Answer, nameserver: SocketAddr) -> Resolved {
    Resolved {
        addresses: answer.addresses,
        aliases: answer.aliases,
        nameserver,
    }
}

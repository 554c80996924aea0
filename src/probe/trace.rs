//! The record that an attempt keeps while it runs.
//!
//! It lives outside the timed future: when the deadline drops the future, the
//! trace still knows the phase, the time spent in each phase and the facts.

use std::net::SocketAddr;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::Symptom;
use crate::outcome::{
    AddressResult, Facts, Failure, Outcome, Phase, PhaseTiming, Reason, Verdict, Warning,
};
use crate::text::printable;

/// Bytes kept of a failure's detail.
const LONGEST_DETAIL: usize = 512;

/// Phases, facts and per-address results of one attempt.
#[derive(Debug)]
pub struct Trace {
    started_at: Timestamp,
    started: Instant,
    phases: Vec<PhaseTiming>,
    current: Phase,
    entered: Instant,
    /// How many replies had been ignored when the phase was entered.
    ignored_before: u32,
    addresses: Vec<AddressResult>,
    trying: Option<SocketAddr>,
    settled: Option<Instant>,
    warnings: Vec<Warning>,
    /// Written by the probes as they see things.
    pub facts: Facts,
}

impl Trace {
    /// Starts the clocks, in `phase`.
    pub fn start(phase: Phase) -> Self {
        let now = Instant::now();
        Self {
            started_at: Timestamp::now(),
            started: now,
            phases: Vec::with_capacity(4),
            current: phase,
            entered: now,
            ignored_before: 0,
            addresses: Vec::new(),
            trying: None,
            settled: None,
            warnings: Vec::new(),
            facts: Facts::default(),
        }
    }

    /// Leaves the current phase for `phase`.
    pub fn enter(&mut self, phase: Phase) {
        self.close_phase(Instant::now());
        self.settled = None;
        self.current = phase;
        self.ignored_before = self.facts.ignored_replies;
    }

    /// The observation is complete. What follows (closing the connection, waiting for a control) is no part of
    /// the time that the target took, unless another phase is entered.
    pub fn settle(&mut self) {
        self.settled = Some(Instant::now());
    }

    /// The phase the attempt is in.
    pub fn phase(&self) -> Phase {
        self.current
    }

    /// From here on, what happens happens to `address`. What ended the try before did not end the attempt.
    pub fn try_address(&mut self, address: SocketAddr) {
        self.trying = Some(address);
        self.facts.icmp = None;
        self.facts.no_local_route = false;
    }

    /// The address under trial failed; the attempt may go on with another.
    pub fn address_failed(&mut self, symptom: &Symptom) {
        if let Some(address) = self.trying.take() {
            let failure = Some(self.failure(symptom));
            self.addresses.push(AddressResult { address, failure });
        }
    }

    /// Nothing of what the addresses did, or did not do, counts.
    pub fn forget_addresses(&mut self) {
        self.addresses.clear();
        self.trying = None;
    }

    /// Notes a warning once.
    pub fn warn(&mut self, warning: Warning) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// Ends the attempt with what the probe returned.
    pub fn finish(mut self, result: Result<(), Symptom>, slow: Option<Duration>) -> Outcome {
        let end = self.settled.unwrap_or_else(Instant::now);
        self.close_phase(end);
        let elapsed = end - self.started;
        let verdict = match result {
            Ok(()) => Verdict::Reachable,
            Err(symptom) if symptom.decides => Verdict::Unreachable(self.failure(&symptom)),
            Err(symptom) => Verdict::Unproven(self.failure(&symptom)),
        };
        if let Some(address) = self.trying.take() {
            let failure = verdict.failure().cloned();
            self.addresses.push(AddressResult { address, failure });
        }
        if slow.is_some_and(|limit| elapsed > limit) {
            self.warn(Warning::Slow);
        }
        if verdict != Verdict::Reachable {
            self.warnings.clear();
        }
        Outcome {
            started_at: self.started_at,
            elapsed,
            phases: self.phases,
            addresses: self.addresses,
            facts: self.facts,
            warnings: self.warnings,
            verdict,
        }
    }

    /// The symptom of a deadline that passed in the current phase.
    pub fn timed_out(&self, limit: Duration) -> Symptom {
        let phase = self.current;
        let detail = format!("nothing decisive within {limit:?}; the attempt was in phase {phase}");
        // The deadline may come before a probe has given up by itself, and says no less than that.
        match self
            .facts
            .ignored_replies
            .saturating_sub(self.ignored_before)
        {
            0 => Symptom::new(Reason::Timeout, detail),
            ignored => Symptom::new(
                Reason::UnexpectedReply,
                format!("{detail}, where {ignored} replies came that had to be ignored"),
            ),
        }
    }

    /// Details quote peers, and are kept in every history: here is the one place where all are bounded.
    fn failure(&self, symptom: &Symptom) -> Failure {
        Failure {
            phase: self.current,
            reason: symptom.reason,
            detail: printable(symptom.detail.as_bytes(), LONGEST_DETAIL),
        }
    }

    fn close_phase(&mut self, now: Instant) {
        let spent = now - self.entered;
        self.entered = now;
        match self
            .phases
            .iter_mut()
            .find(|timing| timing.phase == self.current)
        {
            Some(timing) => timing.elapsed += spent,
            None => self.phases.push(PhaseTiming {
                phase: self.current,
                elapsed: spent,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::LOOPBACK;
    use super::*;

    #[test]
    fn every_detail_is_bounded_and_printable() {
        let mut trace = Trace::start(Phase::Connect);
        let symptom = Symptom::new(Reason::Timeout, "\u{1b}é".repeat(10_000));
        trace.try_address(SocketAddr::new(LOOPBACK, 1));
        trace.address_failed(&symptom);
        let outcome = trace.finish(Err(symptom), None);
        let of_address = outcome.addresses[0].failure.as_ref().unwrap();
        for failure in [of_address, outcome.verdict.failure().unwrap()] {
            assert!((500..=512).contains(&failure.detail.len()));
            assert!(!failure.detail.contains('\u{1b}'));
        }
    }
}

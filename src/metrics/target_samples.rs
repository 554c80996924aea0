//! The samples of one target: which families it has, and when.

use std::net::IpAddr;

use jiff::Timestamp;

use super::families as f;
use super::samples::Samples;
use crate::diagnosis::Diagnosis;
use crate::outcome::{Facts, Outcome};
use crate::store::{Record, State};
use crate::target::Host;

/// Adds the samples of one record.
pub(super) fn collect(record: &Record, diagnosis: Option<&Diagnosis>, samples: &mut Samples) {
    state(record, samples);
    if let Some(diagnosis) = diagnosis {
        let [target, probe] = id(record);
        let labels = [target, probe, diagnosis.cause.as_str()];
        samples.set(&f::DIAGNOSIS_INFO, &labels, 1.0);
    }
    counters(record, samples);
    info(record, samples);
    if let Some(latest) = &record.latest {
        last_attempt(record, latest, samples);
        facts(target_of(record), &latest.facts, samples);
    }
    addresses(record, samples);
}

/// The `target` and `probe` labels.
fn id(record: &Record) -> [&str; 2] {
    [target_of(record), record.target.id.probe.as_str()]
}

fn target_of(record: &Record) -> &str {
    &record.target.id.target
}

fn state(record: &Record, samples: &mut Samples) {
    let [target, probe] = id(record);
    match record.state {
        State::Reachable => samples.set(&f::SUCCESS, &[target, probe], 1.0),
        State::Unreachable => samples.set(&f::SUCCESS, &[target, probe], 0.0),
        State::Pending | State::Unproven => {}
    }
    if let Some(failure) = &record.failure {
        let (phase, reason) = (failure.phase.as_str(), failure.reason.as_str());
        match record.state {
            State::Unreachable => {
                samples.set(&f::FAILURE_INFO, &[target, probe, phase, reason], 1.0);
            }
            State::Unproven => samples.set(&f::UNPROVEN, &[target, probe, reason], 1.0),
            State::Pending | State::Reachable => {}
        }
    }
    for warning in record.warnings() {
        samples.set(&f::WARNING, &[target, probe, warning.as_str()], 1.0);
    }
}

fn counters(record: &Record, samples: &mut Samples) {
    let [target, probe] = id(record);
    samples.set(&f::ATTEMPTS, &[target, probe], number(record.attempts));
    samples.set(&f::FAILURES, &[target, probe], number(record.failures));
    samples.set(
        &f::STATE_CHANGES,
        &[target, probe],
        number(record.state_changes),
    );
    for ((phase, reason), count) in &record.failures_by_reason {
        let labels = [target, probe, phase.as_str(), reason.as_str()];
        samples.set(&f::FAILURES_BY_REASON, &labels, number(*count));
    }
}

fn info(record: &Record, samples: &mut Samples) {
    let [target, probe] = id(record);
    let host = record.target.host.to_string();
    let port = record
        .target
        .port
        .map(|port| port.to_string())
        .unwrap_or_default();
    let groups = super::joined(&record.target.groups);
    let requirement = record.target.requirement.as_str();
    let labels = [target, probe, &host, &port, &groups, requirement];
    samples.set(&f::TARGET_INFO, &labels, 1.0);
}

fn last_attempt(record: &Record, latest: &Outcome, samples: &mut Samples) {
    let [target, probe] = id(record);
    samples.set(&f::DURATION, &[target, probe], latest.elapsed.as_secs_f64());
    for timing in &latest.phases {
        let labels = [target, probe, timing.phase.as_str()];
        samples.set(&f::PHASE_DURATION, &labels, timing.elapsed.as_secs_f64());
    }
    samples.set(&f::LAST_ATTEMPT, &[target, probe], unix(latest.started_at));
    if let Some(at) = record.last_success {
        samples.set(&f::LAST_SUCCESS, &[target, probe], unix(at));
    }
}

fn facts(target: &str, facts: &Facts, samples: &mut Samples) {
    if let Some(certificate) = &facts.certificate {
        let trusted = f64::from(u8::from(certificate.trusted));
        samples.set_first(&f::CERTIFICATE_TRUSTED, &[target], trusted);
        samples.set_first(
            &f::CERTIFICATE_NOT_AFTER,
            &[target],
            unix(certificate.not_after),
        );
    }
    if let Some(response) = &facts.http {
        samples.set_first(&f::HTTP_STATUS, &[target], f64::from(response.status));
    }
    if let Some(reply) = &facts.ntp {
        if let Some(offset) = reply.offset_seconds {
            samples.set_first(&f::NTP_OFFSET, &[target], offset);
        }
        if let Some(delay) = reply.delay_seconds {
            samples.set_first(&f::NTP_DELAY, &[target], delay);
        }
        samples.set_first(&f::NTP_STRATUM, &[target], f64::from(reply.stratum));
        samples.set_first(
            &f::NTP_ROOT_DISPERSION,
            &[target],
            reply.root_dispersion_seconds,
        );
    }
}

/// Of names only, and only the families of addresses that there are.
fn addresses(record: &Record, samples: &mut Samples) {
    if !matches!(record.target.host, Host::Name(_)) {
        return;
    }
    let resolved = record
        .latest
        .as_ref()
        .map_or(&[][..], |latest| &latest.facts.resolved);
    for (family, is_of) in [
        ("ipv4", IpAddr::is_ipv4 as fn(&IpAddr) -> bool),
        ("ipv6", IpAddr::is_ipv6),
    ] {
        let target = target_of(record);
        let tried = || {
            record
                .addresses
                .iter()
                .filter(|(address, _)| is_of(&address.ip()))
        };
        let failing = tried().filter(|(_, state)| state.failure.is_some()).count();
        let known = resolved.iter().filter(|address| is_of(address)).count();
        if known > 0 {
            samples.set_first(
                &f::RESOLVED_ADDRESSES,
                &[target, family],
                number(known as u64),
            );
        }
        if tried().next().is_some() {
            samples.set_first(
                &f::FAILING_ADDRESSES,
                &[target, family],
                number(failing as u64),
            );
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
pub(super) fn number(count: u64) -> f64 {
    count as f64
}

/// Unix time in seconds, with milliseconds.
#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds stay far below 2^53"
)]
pub(super) fn unix(time: Timestamp) -> f64 {
    time.as_millisecond() as f64 / 1e3
}

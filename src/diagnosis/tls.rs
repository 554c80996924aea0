//! Failures of a TLS handshake: a filter by name, an inspection, a wrong clock, or the far end.

use super::connecting::path;
use super::node::{Node, count, facts, is_of_one_time};
use super::place::Place;
use super::speaking::accepts_for_everybody;
use super::{Cause, Diagnosis};
use crate::outcome::{Answer, Failure, Findings, NameControl, Reason, VouchedBy};
use crate::store::{Record, State};

/// A clock that is this far off makes certificates seem too young or too old, in seconds.
const CLOCK_TOLERANCE: f64 = 60.0;

pub(super) fn diagnose(record: &Record, failure: &Failure, node: &Node<'_>) -> Diagnosis {
    match failure.reason {
        Reason::CertificateUntrusted => untrusted(record, failure, node),
        Reason::CertificateExpired | Reason::CertificateNotYetValid => {
            out_of_time(record, failure, node)
        }
        Reason::CertificateNameMismatch => {
            let names = facts(record).and_then(|facts| facts.certificate.as_ref());
            let names = names.map_or_else(String::new, |certificate| certificate.names.join(", "));
            Diagnosis::undetermined(format!("who answers has a certificate for {names}"))
                .and("a block page, DNS that leads astray and a server set up wrongly look alike")
        }
        Reason::AlpnMismatch if record.state == State::Unreachable => Diagnosis::certain(
            Cause::AlpnStripped,
            "the handshake succeeds, and the application protocol that it offers is not agreed to",
        ),
        Reason::TlsProtocol | Reason::AlpnMismatch => Diagnosis::undetermined(&failure.detail)
            .and("another service and a middlebox that answers in clear text look alike"),
        _ => cut(record, failure, node),
    }
}

fn issuer(record: &Record) -> Option<&str> {
    let certificate = facts(record)?.certificate.as_ref()?;
    Some(&certificate.issuer)
}

fn untrusted(record: &Record, failure: &Failure, node: &Node<'_>) -> Diagnosis {
    let Some(issuer) = issuer(record).filter(|_| record.state == State::Unreachable) else {
        return Diagnosis::undetermined(&failure.detail)
            .and("the agent was not given the CA that is expected to sign");
    };
    let same = |other: &Record| {
        let other_issuer = self::issuer(other);
        other.target.host != record.target.host
            && other_issuer == Some(issuer)
            && facts(other)
                .and_then(|facts| facts.certificate.as_ref())
                .is_some_and(|c| c.vouched_by.is_none_or(|by| by == VouchedBy::GivenCa))
    };
    let others = node.of(same).count();
    if others > 0 {
        Diagnosis::certain(
            Cause::TlsInspection,
            format!(
                "certificates of the same issuer, whom no public root knows, are on other hosts too ({others}): {issuer}"
            ),
        )
    } else {
        Diagnosis::likely(
            Cause::TlsInspection,
            format!("the certificate is signed by {issuer}, whom the agent does not know"),
        )
    }
}

fn out_of_time(record: &Record, failure: &Failure, node: &Node<'_>) -> Diagnosis {
    let alike = node.alike(record);
    let alike = count(alike.filter(|other| is_of_one_time(other, record)));
    match node.clock_offset(record) {
        Some(offset) if offset.abs() > CLOCK_TOLERANCE => Diagnosis::certain(
            Cause::ClockWrong,
            format!("by the time server, this node's clock is {offset:+.0} s off"),
        ),
        offset if offset.is_some() || alike.well > 0 => Diagnosis::likely(
            Cause::EndpointDown,
            format!(
                "this server's certificate is out of its time: {}",
                failure.detail
            ),
        )
        .not_if(offset.is_some(), Cause::ClockWrong, || {
            "the time server confirms this node's clock".to_owned()
        })
        .not_if(offset.is_none(), Cause::ClockWrong, || {
            format!("other certificates are valid at this time ({})", alike.well)
        }),
        _ if alike.broken > 0 => Diagnosis::likely(
            Cause::ClockWrong,
            format!(
                "none of {} certificates is valid by this node's clock",
                alike.broken + 1
            ),
        ),
        _ => Diagnosis::undetermined(&failure.detail)
            .and("no time server has answered since, and no other certificate was seen"),
    }
}

/// The handshake ended before a certificate came.
fn cut(record: &Record, failure: &Failure, node: &Node<'_>) -> Diagnosis {
    let findings = record.findings.as_deref();
    if let Some(diagnosis) = findings.and_then(by_size) {
        return diagnosis;
    }
    let same_port = |other: &Record| other.target.port == record.target.port;
    let mut on_the_port = node.of(same_port);
    if on_the_port.any(accepts_for_everybody) && node.count_alike(record).well == 0 {
        return Diagnosis::certain(
            Cause::TransparentProxy,
            "an address where no server can be accepts connections on this port too",
        )
        .and("no TLS target on this port can be reached");
    }
    let place = place(record);
    let by_names = findings.and_then(|findings| by_names(findings, failure));
    let diagnosis = by_names
        .or_else(|| findings.and_then(after_the_handshake))
        .unwrap_or_else(|| without_experiments(record, failure, node));
    match diagnosis.cause {
        // Of the far end nothing but its being there is known.
        Cause::EndpointDown => diagnosis,
        _ => diagnosis.at(place),
    }
}

/// Where the `ClientHello` is met; without that, where connects are.
fn place(record: &Record) -> Option<Place> {
    let hello = record.findings.as_deref()?.hello_path.as_ref();
    hello.or_else(|| path(record)).and_then(Place::of)
}

fn by_size(findings: &Findings) -> Option<Diagnosis> {
    let size = findings.size?;
    (size.small == Answer::Answered && size.large != Answer::Answered).then(|| {
        Diagnosis::certain(
            Cause::MtuBlackhole,
            format!(
                "the handshake is answered in small packets, and not in large ones ({})",
                size.large
            ),
        )
        .not(Cause::SniFilter, "the name passes in small packets")
    })
}

/// A server that does not know a name may say so by an alert; it is there all the same.
fn heard(answer: Answer, failure: &Failure) -> bool {
    answer == Answer::Answered || answer == Answer::Alert && failure.reason != Reason::TlsAlert
}

fn by_names(findings: &Findings, failure: &Failure) -> Option<Diagnosis> {
    let hello = findings.hello_path.as_ref();
    if hello.is_some_and(|hello| hello.answer == Answer::Answered) {
        return Some(
            Diagnosis::undetermined(
                "the ClientHello is answered, and the handshake does not end in time",
            )
            .and("a slow server, a throttled path and lost packets look alike")
            .not(Cause::SniFilter, "the name passes"),
        );
    }
    let NameControl {
        other_name,
        other_address,
        ..
    } = findings.names.as_ref()?;
    let other_name = other_name.as_ref()?;
    let elsewhere = other_address.map(|tried| heard(tried.answer, failure));
    match (heard(other_name.answer, failure), elsewhere) {
        (true, Some(false)) => Some(
            Diagnosis::certain(
                Cause::SniFilter,
                format!("the same address answers for the name {}", other_name.name),
            )
            .and(format!(
                "another address, which answers for {}, does not answer for this name",
                other_name.name
            ))
            .not(Cause::EndpointDown, "the server answers for another name"),
        ),
        (true, _) => Some(
            Diagnosis::likely(
                Cause::SniFilter,
                format!("the same address answers for the name {}", other_name.name),
            )
            .not(Cause::EndpointDown, "the server answers for another name"),
        ),
        (false, _) => None,
    }
}

/// Whatever the name, nothing answers at this address: how far do the data come, compared with the SYN?
fn after_the_handshake(findings: &Findings) -> Option<Diagnosis> {
    let (syn, hello) = (findings.path.as_ref()?, findings.hello_path.as_ref()?);
    let at = Place::of(hello)?.acts_at;
    let elsewhere = findings
        .names
        .as_ref()
        .and_then(|names| names.other_address);
    let name_passes = elsewhere.is_some_and(|tried| tried.answer == Answer::Answered);
    let by_itself = at == 1 && syn.hops.iter().any(|hop| hop.ttl == 1);
    let diagnosis = if by_itself && matches!(hello.answer, Answer::Closed | Answer::Reset) {
        Diagnosis::likely(
            Cause::EndpointDown,
            "the connection is ended although the ClientHello comes no further than the first hop: by whoever accepted it",
        )
    } else if at < syn.answered_at {
        Diagnosis::likely(
            Cause::FirewallDrop,
            format!(
                "connects are answered from TTL {}, data come only to TTL {at}",
                syn.answered_at
            ),
        )
        .not(Cause::EndpointDown, "the data end before the host")
    } else {
        Diagnosis::likely(
            Cause::EndpointDown,
            format!(
                "data come as far as the connect does (TTL {at}), and whoever is there does not answer TLS"
            ),
        )
    };
    Some(diagnosis.not_if(name_passes, Cause::SniFilter, || {
        "another address answers for this name".to_owned()
    }))
}

fn without_experiments(record: &Record, failure: &Failure, node: &Node<'_>) -> Diagnosis {
    let alike = node.count_alike(record);
    let passes = |n: usize| format!("other names on the port pass ({n})");
    match failure.reason {
        Reason::ConnectionReset | Reason::ConnectionClosed | Reason::TlsAlert if alike.well > 0 => {
            Diagnosis::likely(
                Cause::SniFilter,
                "the connection stands, and ends when the ClientHello names the host",
            )
            .and(passes(alike.well))
        }
        _ => Diagnosis::undetermined(&failure.detail)
            .and("a filter by name, a filter of established traffic and a dead server look alike")
            .and_if(alike.well > 0, || passes(alike.well)),
    }
}

//! Failures after a connection stood, outside of the TLS handshake: proxies, HTTP, SSH.

use super::node::{Node, facts};
use super::{Cause, Diagnosis};
use crate::outcome::{Facts, Failure, Phase, Reason, VouchedBy};
use crate::store::{Record, State};
use crate::target::ProbeKind;

pub(super) fn diagnose(record: &Record, failure: &Failure, node: &Node<'_>) -> Diagnosis {
    let detail = &failure.detail;
    let Some(facts) = facts(record) else {
        return Diagnosis::undetermined(detail);
    };
    match (failure.phase, failure.reason) {
        (_, Reason::ProxyAuthRequired) => Diagnosis::certain(
            Cause::ProxyDenied,
            "the proxy wants credentials (status 407)",
        ),
        (Phase::Tunnel, _) => tunnel(facts, failure),
        (_, Reason::HttpDenied) => denied(record, facts, failure),
        _ if accepts_for_everybody(record) => Diagnosis::certain(
            Cause::TransparentProxy,
            "an address where no server can be accepts connections on this port too",
        ),
        (Phase::Request, _) if record.target.id.probe == ProbeKind::Https => after_tls(failure),
        (Phase::Request, Reason::ConnectionReset | Reason::ConnectionClosed) => {
            let alike = node.count_alike(record).well;
            if alike > 0 {
                Diagnosis::likely(
                    Cause::HttpFilter,
                    format!(
                        "the connection ends when the request names the host, and {alike} others pass"
                    ),
                )
            } else {
                Diagnosis::undetermined(detail)
            }
        }
        _ => Diagnosis::undetermined(detail)
            .and("another service, an overloaded server and a middlebox can look like this"),
    }
}

/// What an experiment found, or the probe itself.
pub(super) fn accepts_for_everybody(record: &Record) -> bool {
    let found = record
        .findings
        .as_deref()
        .and_then(|findings| findings.control);
    let seen = facts(record).and_then(|facts| facts.control);
    found.or(seen).is_some_and(|control| control.accepted)
}

fn tunnel(facts: &Facts, failure: &Failure) -> Diagnosis {
    let status = facts.proxy.as_ref().and_then(|proxy| proxy.status);
    match status {
        Some(status @ 400..500) => Diagnosis::certain(
            Cause::ProxyDenied,
            format!("the proxy answered CONNECT with status {status}"),
        ),
        Some(status) => {
            Diagnosis::undetermined(format!("the proxy answered CONNECT with status {status}"))
                .and("it may not get there itself, which it alone can tell")
        }
        None => Diagnosis::undetermined(&failure.detail)
            .and("the proxy accepted the connection, and nothing came after"),
    }
}

fn denied(record: &Record, facts: &Facts, failure: &Failure) -> Diagnosis {
    let marks = facts
        .http
        .as_ref()
        .and_then(|http| http.middlebox.as_deref());
    let marks = marks.unwrap_or(&failure.detail);
    let status = facts.http.as_ref().map(|http| http.status);
    match (record.state, &facts.proxy) {
        (State::Unproven, _) => Diagnosis::undetermined(&failure.detail),
        (_, Some(proxy)) => Diagnosis::certain(
            Cause::ProxyDenied,
            format!(
                "the proxy {} answers in the server's place: {marks}",
                proxy.address
            ),
        ),
        _ if is_inspected(facts) => Diagnosis::certain(
            Cause::TlsInspection,
            "the certificate is signed by a CA that no public root knows",
        )
        .and(format!(
            "whose answer this is cannot be told from outside: {marks}"
        )),
        _ if status == Some(407) => Diagnosis::likely(
            Cause::ProxyRequired,
            "a proxy on the direct way asks for credentials (status 407)",
        ),
        _ => Diagnosis::certain(
            Cause::HttpFilter,
            format!("a middlebox answers in the server's place: {marks}"),
        ),
    }
}

fn is_inspected(facts: &Facts) -> bool {
    let certificate = facts.certificate.as_ref();
    certificate.is_some_and(|certificate| certificate.vouched_by == Some(VouchedBy::GivenCa))
}

/// The server was reached: its certificate is its own.
fn after_tls(failure: &Failure) -> Diagnosis {
    match failure.reason {
        Reason::TlsAlert => Diagnosis::undetermined(&failure.detail)
            .and("the server was reached, and wants something that the agent does not have"),
        _ => Diagnosis::likely(
            Cause::EndpointDown,
            format!(
                "the server was reached, with a certificate of its own; after that: {}",
                failure.detail
            ),
        )
        .not(
            Cause::SniFilter,
            "the handshake with this name was completed",
        ),
    }
}

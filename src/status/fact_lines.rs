//! The facts of an attempt as labelled lines, the same on every page.

use crate::outcome::{Certificate, Facts, HttpResponse, NtpReply, ProxyHop};

use super::human;

/// A label and what was seen.
pub(super) type FactLine = (&'static str, String);

/// What was seen, in the order in which an attempt sees it.
pub(super) fn fact_lines(facts: &Facts) -> Vec<FactLine> {
    let mut lines = Vec::new();
    if let Some(proxy) = &facts.proxy {
        lines.push(("proxy", proxy_line(proxy)));
    }
    naming(facts, &mut lines);
    path(facts, &mut lines);
    if let Some(tls) = &facts.tls {
        let alpn = tls.alpn.as_ref().map(|alpn| format!(", ALPN {alpn}"));
        let alpn = alpn.unwrap_or_default();
        lines.push((
            "tls",
            format!("{}, {}{alpn}", tls.version, tls.cipher_suite),
        ));
    }
    if let Some(certificate) = &facts.certificate {
        certificate_lines(certificate, &mut lines);
    }
    if let Some(response) = &facts.http {
        response_lines(response, &mut lines);
    }
    if let Some(banner) = &facts.banner {
        lines.push(("banner", banner.clone()));
    }
    if let Some(reply) = &facts.ntp {
        ntp_lines(reply, &mut lines);
    }
    lines
}

fn proxy_line(proxy: &ProxyHop) -> String {
    let answered = match proxy.status {
        Some(status) => format!(", answered CONNECT with status {status}"),
        None => String::new(),
    };
    format!("{} ({}){answered}", proxy.address, proxy.via)
}

fn naming(facts: &Facts, lines: &mut Vec<FactLine>) {
    if let Some(nameserver) = facts.nameserver {
        let rcode = facts
            .rcode
            .as_ref()
            .map(|rcode| format!(" answered {rcode}"));
        lines.push((
            "nameserver",
            format!("{nameserver}{}", rcode.unwrap_or_default()),
        ));
    }
    if !facts.aliases.is_empty() {
        lines.push(("aliases", facts.aliases.join(" -> ")));
    }
    if !facts.resolved.is_empty() {
        let private = if facts.private_addresses {
            " (private)"
        } else {
            ""
        };
        let addresses = human::list(&facts.resolved);
        lines.push(("addresses", format!("{addresses}{private}")));
    }
    if facts.ignored_replies > 0 {
        let count = facts.ignored_replies;
        lines.push((
            "ignored",
            format!("{count} replies that did not match what was asked"),
        ));
    }
}

fn path(facts: &Facts, lines: &mut Vec<FactLine>) {
    if facts.no_local_route {
        lines.push(("route", "none on this node: no packet left it".to_owned()));
    }
    if let Some(icmp) = facts.icmp {
        let sender = icmp
            .sender
            .map_or_else(|| "an unknown sender".to_owned(), |s| s.to_string());
        lines.push((
            "icmp",
            format!("type {} code {} from {sender}", icmp.kind, icmp.code),
        ));
    }
    if let Some(control) = facts.control {
        let answer = if control.accepted {
            "was accepted: an interceptor answers for everybody"
        } else {
            "was not accepted, as it should be"
        };
        lines.push((
            "control",
            format!("a connect to {} {answer}", control.address),
        ));
    }
}

fn certificate_lines(certificate: &Certificate, lines: &mut Vec<FactLine>) {
    let vouched = match certificate.vouched_by {
        Some(by) => format!("trusted, by {}", by.as_str().replace('_', " ")),
        None if certificate.trusted => "trusted".to_owned(),
        None => "NOT trusted".to_owned(),
    };
    lines.push(("certificate", vouched));
    lines.push(("subject", certificate.subject.clone()));
    lines.push(("issuer", certificate.issuer.clone()));
    if !certificate.names.is_empty() {
        lines.push(("names", certificate.names.join(", ")));
    }
    let (from, to) = (
        human::minute(certificate.not_before),
        human::minute(certificate.not_after),
    );
    lines.push(("valid", format!("{from} to {to} UTC")));
    lines.push((
        "chain",
        human::count(certificate.chain_length, "certificate"),
    ));
    lines.push(("sha256", certificate.sha256.clone()));
}

fn response_lines(response: &HttpResponse, lines: &mut Vec<FactLine>) {
    lines.push(("http status", response.status.to_string()));
    let optional = [
        ("server", &response.server),
        ("via", &response.via),
        ("redirects to", &response.redirected_to),
        ("middlebox", &response.middlebox),
    ];
    for (label, value) in optional {
        if let Some(value) = value {
            lines.push((label, value.clone()));
        }
    }
}

fn ntp_lines(reply: &NtpReply, lines: &mut Vec<FactLine>) {
    if let Some(offset) = reply.offset_seconds {
        let side = if offset < 0.0 { "behind" } else { "ahead of" };
        let offset = human::duration(offset.abs());
        lines.push(("clock", format!("the server is {offset} {side} this node")));
    }
    if let Some(delay) = reply.delay_seconds {
        lines.push(("delay", human::duration(delay)));
    }
    lines.push(("stratum", reply.stratum.to_string()));
    lines.push(("leap", reply.leap.to_string()));
    let (delay, dispersion) = (reply.root_delay_seconds, reply.root_dispersion_seconds);
    lines.push((
        "root",
        format!(
            "delay {}, dispersion {}",
            human::duration(delay),
            human::duration(dispersion)
        ),
    ));
    if let Some(code) = &reply.kiss_code {
        lines.push(("kiss code", code.clone()));
    }
}

//! The firewall's rules: what it drops and rejects, and which packets it hands to its own programs.

use std::fmt::{Error, Write};

use super::select::{replies, selectors};
use super::{Laid, Tcp, Transport, refusals, table};
use crate::directory::FIREWALL;
use crate::fault::{Fault, Place, Scope};
use crate::servers::haproxy::{Face, RESET_MARK};
use crate::servers::small::Behaviour;
use crate::servers::squid;
use crate::wire::INSIDE;

/// Where nobody listens.
const CLOSED: u16 = 3499;

/// Larger packets than this vanish in the MTU black hole, in bytes: less than any server's part of a handshake.
const SMALL: u16 = 700;

/// A complete script for `nft -f` in the firewall.
pub(crate) fn firewall(faults: &[Laid<'_>]) -> Result<String, Error> {
    let (mut intercept, mut forward, mut input) = (String::new(), String::new(), String::new());
    // The first rule that matches decides, so the youngest fault comes first.
    for laid in faults.iter().rev() {
        redirect(&mut intercept, laid)?;
        reject(&mut forward, laid)?;
        lose(&mut forward, laid)?;
        if laid.standing.fault == Fault::ProxyDropped {
            writeln!(input, "iifname {INSIDE} tcp dport {} drop", squid::PORT)?;
        }
    }
    transparent(&mut intercept, faults)?;
    // haproxy can only close; with this mark it says that the peer is to see a reset.
    let output = format!("meta mark {RESET_MARK} tcp flags & fin == fin tcp flags set rst | ack\n");
    table(&[
        ("intercept", "nat hook prerouting priority -100", &intercept),
        ("forward", "filter hook forward priority 0", &forward),
        ("input", "filter hook input priority 0", &input),
        ("output", "filter hook output priority 0", &output),
    ])
}

/// Connections to one host, or to the explicit proxy, that end elsewhere.
fn redirect(rules: &mut String, laid: &Laid<'_>) -> Result<(), Error> {
    let (port, usual) = match laid.standing.fault {
        Fault::Intercepted => (Behaviour::ResetOnData.port(), None),
        Fault::TlsInspected => (Face::Inspection.port(), Some(443)),
        Fault::Http403Proxy => (squid::INTERCEPTING, Some(80)),
        Fault::ProxyDenies => (squid::DENYING, None),
        Fault::ProxyAsks => (squid::ASKING, None),
        Fault::ProxyRefused => (CLOSED, None),
        Fault::ProxySilent => (Behaviour::Hold.port(), None),
        _ => return Ok(()),
    };
    if laid.standing.fault.place() == Place::Proxy {
        let proxy = format!("ip daddr {FIREWALL} tcp dport {}", squid::PORT);
        return writeln!(rules, "iifname {INSIDE} {proxy} redirect to :{port}");
    }
    let only = match (laid.standing.scope, usual) {
        (Scope::Everything, Some(usual)) => Scope::Tcp(usual),
        (scope, _) => scope,
    };
    for selector in selectors(laid, only, Some(Tcp)) {
        writeln!(rules, "iifname {INSIDE} {selector} redirect to :{port}")?;
    }
    Ok(())
}

fn reject(rules: &mut String, laid: &Laid<'_>) -> Result<(), Error> {
    let refusals = refusals();
    let verdicts: &[(Option<Transport>, &str)] = match laid.standing.fault {
        Fault::Drop => &[(None, "drop")],
        Fault::AdminProhibited => &[(None, "reject with icmpx type admin-prohibited")],
        Fault::HostUnreachable => &[(None, "reject with icmpx type host-unreachable")],
        // To IPv4 this is network unreachable.
        Fault::NetUnreachable => &[(None, "reject with icmpx type no-route")],
        Fault::Reject => &refusals,
        _ => return Ok(()),
    };
    for (transport, verdict) in verdicts {
        for selector in selectors(laid, laid.standing.scope, *transport) {
            writeln!(rules, "iifname {INSIDE} {selector} {verdict}")?;
        }
    }
    Ok(())
}

/// Packets that vanish in both directions, some of them only.
fn lose(rules: &mut String, laid: &Laid<'_>) -> Result<(), Error> {
    let large = format!("meta length > {SMALL} drop");
    let (there, back) = match laid.standing.fault {
        Fault::Loss => (
            "numgen random mod 100 < 30 drop",
            "numgen random mod 100 < 30 drop",
        ),
        Fault::MtuBlackhole => (&*large, &*large),
        // SYN and ACK of the client, SYN-ACK of the server.
        Fault::CutEstablished => ("ct original packets > 2 drop", "ct reply packets > 1 drop"),
        _ => return Ok(()),
    };
    let carrier = laid.standing.fault.is_tcp_only().then_some(Tcp);
    for selector in selectors(laid, laid.standing.scope, carrier) {
        writeln!(rules, "iifname {INSIDE} {selector} {there}")?;
        writeln!(rules, "oifname {INSIDE} {} {back}", replies(&selector))?;
    }
    Ok(())
}

/// The transparent proxy takes 80 and 443 of every address, and any port that a rule names, as Azure Firewall does.
fn transparent(rules: &mut String, faults: &[Laid<'_>]) -> Result<(), Error> {
    let mut ports = Vec::new();
    for laid in faults {
        let names = match laid.standing.fault {
            Fault::TransparentProxy => true,
            fault => fault.place() == Place::Middlebox && fault.is_by_name(),
        };
        match laid.standing.scope {
            Scope::Port(port) | Scope::Tcp(port) if names => ports.extend([80, 443, port]),
            _ if names => ports.extend([80, 443]),
            _ => {}
        }
    }
    ports.sort_unstable();
    ports.dedup();
    for port in ports {
        let face = if port == 80 { Face::Http } else { Face::Tls };
        // The platform's own addresses are never intercepted.
        let others = format!("ip daddr != {{ 169.254.0.0/16, 198.18.0.0/15 }} tcp dport {port}");
        writeln!(
            rules,
            "iifname {INSIDE} {others} redirect to :{}",
            face.port()
        )?;
    }
    Ok(())
}

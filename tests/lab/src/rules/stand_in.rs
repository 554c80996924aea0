//! Which of the odd servers answers instead of a host, and the rules that lead there.

use std::fmt::{Error, Write};
use std::net::IpAddr;

use super::select::{ports, selector};
use super::{Laid, Tcp, Transport, Udp};
use crate::directory::{ODDITIES, ODDITIES_V6};
use crate::fault::{Fault, Scope};
use crate::servers::pages::Page;
use crate::servers::small::Behaviour;
use crate::spec::Service;

/// What is asked of the host (at one port, or at any) goes to this port at the address of the oddities.
#[derive(Clone, Copy)]
pub(super) struct StandIn {
    transport: Transport,
    asked: Option<u16>,
    at: u16,
}

impl StandIn {
    fn small(transport: Transport, behaviour: Behaviour) -> Self {
        Self {
            transport,
            asked: None,
            at: behaviour.port(),
        }
    }

    fn page(page: Page) -> Self {
        Self {
            transport: Tcp,
            asked: None,
            at: page.port(),
        }
    }

    fn for_port(self, port: u16) -> Self {
        let asked = Some(port);
        Self { asked, ..self }
    }
}

/// The servers that answer instead of the host.
pub(super) fn stand_ins(laid: &Laid<'_>) -> Vec<StandIn> {
    let http = |instead: StandIn| {
        let ports = ports(laid, |service| matches!(service, Service::Http { .. }), 80);
        let at_port = |port| instead.for_port(port);
        ports.into_iter().map(at_port).collect()
    };
    let https = |instead: StandIn| {
        let is_https = |service: &Service| matches!(service, Service::Https { .. });
        let at_port = |port| instead.for_port(port);
        let ports = ports(laid, is_https, 443);
        ports.into_iter().map(at_port).collect()
    };
    match laid.standing.fault {
        Fault::PlainText => vec![StandIn::page(Page::Plain)],
        Fault::CertificateExpired => https(StandIn::page(Page::Expired)),
        Fault::CertificateNotYetValid => https(StandIn::page(Page::NotYetValid)),
        Fault::CertificateWrongName => https(StandIn::page(Page::WrongName)),
        Fault::TlsHeaderFlood => https(StandIn::page(Page::TlsHeaderFlood)),
        Fault::TlsDrip => https(StandIn::small(Tcp, Behaviour::TlsDrip)),
        Fault::HttpHeaderFlood => http(StandIn::page(Page::HttpHeaderFlood)),
        Fault::BlockPage => http(StandIn::page(Page::Block)),
        Fault::Portal => http(StandIn::page(Page::Portal)),
        Fault::HttpDrip => http(StandIn::small(Tcp, Behaviour::HttpDrip)),
        Fault::HttpDenied => http(StandIn::small(Tcp, Behaviour::HttpDenied)),
        fault => any_port(fault),
    }
}

/// Stand-ins for whatever port is asked.
fn any_port(fault: Fault) -> Vec<StandIn> {
    let ntp = |behaviour| vec![StandIn::small(Udp, behaviour).for_port(123)];
    match fault {
        Fault::Silent => vec![
            StandIn::small(Tcp, Behaviour::Hold),
            StandIn::small(Udp, Behaviour::UdpSwallow),
        ],
        Fault::WrongProtocol => vec![
            StandIn::small(Tcp, Behaviour::SshBanner).for_port(443),
            StandIn::small(Tcp, Behaviour::HttpRefusal).for_port(22),
            StandIn::small(Tcp, Behaviour::Garbage),
            StandIn::small(Udp, Behaviour::UdpGarbage),
        ],
        Fault::CloseAfterAccept => vec![StandIn::small(Tcp, Behaviour::Close)],
        Fault::ResetAfterAccept => vec![StandIn::small(Tcp, Behaviour::Reset)],
        Fault::NtpKiss => ntp(Behaviour::NtpKiss),
        Fault::NtpStratum16 => ntp(Behaviour::NtpStratum16),
        Fault::NtpLeapAlarm => ntp(Behaviour::NtpLeapAlarm),
        Fault::NtpWrongOrigin => ntp(Behaviour::NtpWrongOrigin),
        Fault::NtpTruncated => ntp(Behaviour::NtpTruncated),
        Fault::NtpOtherAddress => ntp(Behaviour::NtpOtherAddress),
        _ => Vec::new(),
    }
}

pub(super) fn stand_in(rules: &mut String, laid: &Laid<'_>, instead: StandIn) -> Result<(), Error> {
    for address in &laid.target.addresses {
        let scope = match (laid.standing.scope, instead.asked) {
            (Scope::Everything, Some(port)) => Scope::Port(port),
            (Scope::Port(own) | Scope::Tcp(own) | Scope::Udp(own), Some(port)) if own != port => {
                continue;
            }
            (scope, _) => scope,
        };
        let Some(selector) = selector(Some(*address), scope, Some(instead.transport)) else {
            continue;
        };
        let port = instead.at;
        match address {
            IpAddr::V4(_) => writeln!(rules, "{selector} dnat ip to {ODDITIES}:{port}")?,
            IpAddr::V6(_) => writeln!(rules, "{selector} dnat ip6 to [{ODDITIES_V6}]:{port}")?,
        }
    }
    Ok(())
}

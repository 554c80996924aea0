//! What is expected of every kind of probe under every fault that applies to it, as `STATE [PHASE REASON]`.

use std::net::Ipv4Addr;

use egress_lab::Fault::{
    self, AdminProhibited, CloseAfterAccept, DnsTimeout, Drop, HostUnreachable, HttpDenied,
    Intercepted, Nxdomain, Refused, Reject, ResetAfterAccept, Silent, TlsReset, WrongProtocol,
};
use egress_lab::{HostSpec, Service};

/// A kind of probe, with the host that it is tried on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Dns,
    DnsUdp,
    DnsTcp,
    Https,
    Tcp,
    Ssh,
    Http,
    Ntp,
    Udp,
}

use Kind::{Dns, DnsTcp, DnsUdp, Http, Https, Ntp, Ssh, Tcp, Udp};

pub(crate) const KINDS: [Kind; 9] = [Dns, DnsUdp, DnsTcp, Https, Tcp, Ssh, Http, Ntp, Udp];

/// Of names: what was asked for is kept from the node.
const DNS: &[(Fault, &str)] = &[
    (Nxdomain, "unreachable resolve name_not_found"),
    (DnsTimeout, "unreachable resolve timeout"),
];

const DNS_UDP: &[(Fault, &str)] = &[
    (Drop, "unreachable exchange timeout"),
    (Reject, "unreachable exchange connection_refused"),
    (AdminProhibited, "unreachable exchange prohibited"),
    (HostUnreachable, "unreachable exchange unreachable"),
    (Refused, "unreachable exchange connection_refused"),
    (Silent, "unreachable exchange timeout"),
    (WrongProtocol, "unreachable exchange unexpected_reply"),
];

const DNS_TCP: &[(Fault, &str)] = &[
    (Drop, "unreachable connect timeout"),
    (Reject, "unreachable connect connection_refused"),
    (AdminProhibited, "unreachable connect prohibited"),
    (HostUnreachable, "unreachable connect unreachable"),
    (Intercepted, "unreachable exchange connection_reset"),
    (Refused, "unreachable connect connection_refused"),
    (Silent, "unreachable exchange timeout"),
    (WrongProtocol, "unreachable exchange connection_closed"),
    (CloseAfterAccept, "unreachable exchange connection_closed"),
    (ResetAfterAccept, "unreachable exchange connection_reset"),
];

const HTTPS: &[(Fault, &str)] = &[
    (Nxdomain, "unreachable resolve name_not_found"),
    (DnsTimeout, "unreachable resolve timeout"),
    (Drop, "unreachable connect timeout"),
    (Reject, "unreachable connect connection_refused"),
    (AdminProhibited, "unreachable connect prohibited"),
    (HostUnreachable, "unreachable connect unreachable"),
    (TlsReset, "unreachable tls connection_reset"),
    (Intercepted, "unreachable tls connection_reset"),
    (Refused, "unreachable connect connection_refused"),
    (Silent, "unreachable tls timeout"),
    (WrongProtocol, "unreachable tls tls_protocol"),
    (CloseAfterAccept, "unreachable tls connection_closed"),
    (ResetAfterAccept, "unreachable tls connection_reset"),
];

/// A completed connect is all that this kind asks for: what a server does afterwards is not looked at.
const TCP: &[(Fault, &str)] = &[
    (Drop, "unreachable connect timeout"),
    (Reject, "unreachable connect connection_refused"),
    (AdminProhibited, "unreachable connect prohibited"),
    (HostUnreachable, "unreachable connect unreachable"),
    (Refused, "unreachable connect connection_refused"),
    (Silent, "reachable"),
    (WrongProtocol, "reachable"),
    (CloseAfterAccept, "reachable"),
    (ResetAfterAccept, "reachable"),
];

const SSH: &[(Fault, &str)] = &[
    (Drop, "unreachable connect timeout"),
    (Reject, "unreachable connect connection_refused"),
    (AdminProhibited, "unreachable connect prohibited"),
    (HostUnreachable, "unreachable connect unreachable"),
    (Intercepted, "unreachable banner connection_reset"),
    (Refused, "unreachable connect connection_refused"),
    (Silent, "unreachable banner timeout"),
    (WrongProtocol, "unreachable banner unexpected_reply"),
    (CloseAfterAccept, "unreachable banner connection_closed"),
    (ResetAfterAccept, "unreachable banner connection_reset"),
];

const HTTP: &[(Fault, &str)] = &[
    (Drop, "unreachable connect timeout"),
    (Reject, "unreachable connect connection_refused"),
    (AdminProhibited, "unreachable connect prohibited"),
    (HostUnreachable, "unreachable connect unreachable"),
    (Intercepted, "unreachable request connection_reset"),
    (Refused, "unreachable connect connection_refused"),
    (Silent, "unreachable request timeout"),
    (WrongProtocol, "unreachable request http_protocol"),
    (CloseAfterAccept, "unreachable request connection_closed"),
    (ResetAfterAccept, "unreachable request connection_reset"),
    (HttpDenied, "unreachable request http_denied"),
];

const NTP: &[(Fault, &str)] = &[
    (Drop, "unreachable exchange timeout"),
    (Reject, "unreachable exchange connection_refused"),
    (AdminProhibited, "unreachable exchange prohibited"),
    (HostUnreachable, "unreachable exchange unreachable"),
    (Refused, "unreachable exchange connection_refused"),
    (Silent, "unreachable exchange timeout"),
    (WrongProtocol, "unreachable exchange unexpected_reply"),
];

/// Only a rejection decides: silence looks the same whether the datagram arrived or not.
const UDP: &[(Fault, &str)] = &[
    (Drop, "unproven exchange no_rejection"),
    (Reject, "unreachable exchange connection_refused"),
    (AdminProhibited, "unreachable exchange prohibited"),
    (HostUnreachable, "unreachable exchange unreachable"),
    (Refused, "unreachable exchange connection_refused"),
    (Silent, "unproven exchange no_rejection"),
    (WrongProtocol, "unproven exchange no_rejection"),
];

impl Kind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Dns => "dns",
            DnsUdp => "dns-udp",
            DnsTcp => "dns-tcp",
            Https => "https",
            Tcp => "tcp",
            Ssh => "ssh",
            Http => "http",
            Ntp => "ntp",
            Udp => "udp",
        }
    }

    pub(crate) const fn rows(self) -> &'static [(Fault, &'static str)] {
        match self {
            Dns => DNS,
            DnsUdp => DNS_UDP,
            DnsTcp => DNS_TCP,
            Https => HTTPS,
            Tcp => TCP,
            Ssh => SSH,
            Http => HTTP,
            Ntp => NTP,
            Udp => UDP,
        }
    }

    /// The service that is reached when nothing is broken; none for what the lab has anyway.
    pub(crate) const fn service(self) -> Option<Service> {
        match self {
            Dns | DnsUdp | DnsTcp => None,
            Https => Some(Service::https()),
            Tcp => Some(Service::Tcp(9000)),
            Ssh => Some(Service::Ssh { port: 22 }),
            Http => Some(Service::Http { port: 80 }),
            Ntp => Some(Service::Ntp),
            Udp => Some(Service::UdpSilent(5000)),
        }
    }

    pub(crate) const fn is_over_udp(self) -> bool {
        matches!(self, DnsUdp | Ntp | Udp)
    }

    pub(crate) fn port(self) -> u16 {
        self.service().map_or(53, |service| service.port())
    }

    /// The host of a row. A name is broken together with its HTTPS; a nameserver over both transports.
    pub(crate) fn host(self, fault: Fault) -> String {
        match self {
            DnsUdp | DnsTcp => nameserver(fault),
            Dns | Https => format!("{fault}.https.example"),
            _ => format!("{fault}.{}.example", self.as_str()),
        }
    }

    /// The target of a row, as it stands in reports.
    pub(crate) fn target(self, host: &str) -> String {
        match self {
            Dns => host.to_owned(),
            _ => format!("{host}:{}", self.port()),
        }
    }

    /// The host of this kind that no fault is laid upon; a nameserver and its names are the lab's own.
    pub(crate) fn well(self) -> Option<String> {
        self.service()
            .map(|_| format!("well.{}.example", self.as_str()))
    }

    pub(crate) fn spec(self, host: &str) -> HostSpec {
        let spec = HostSpec::new(host);
        match self.service() {
            Some(service) => spec.with(service),
            None => spec,
        }
    }
}

/// An address of its own for every fault. Nobody listens there, so that without its fault it would be refused.
fn nameserver(fault: Fault) -> String {
    let place = Fault::ALL.into_iter().position(|other| other == fault);
    let last = place.and_then(|place| u8::try_from(place + 1).ok());
    Ipv4Addr::new(198, 51, 100, last.expect("few faults")).to_string()
}

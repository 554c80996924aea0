//! What a failure usually means and what to ask for. Observations are facts; these sentences are experience, and say so.

use super::target_report::TargetReport;
use crate::outcome::{Phase, Reason};
use crate::target::ProbeKind;

/// How to read a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// What the observation usually means.
    pub usually: &'static str,
    /// What to do, or whom to ask for what.
    pub ask: &'static str,
    /// Whether a firewall rule for the target is the likely remedy.
    pub rule: bool,
}

const fn rule(usually: &'static str, ask: &'static str) -> Meaning {
    let rule = true;
    Meaning { usually, ask, rule }
}

const fn other(usually: &'static str, ask: &'static str) -> Meaning {
    let rule = false;
    Meaning { usually, ask, rule }
}

/// How to read `reason` in `phase`.
pub const fn meaning(reason: Reason, phase: Phase) -> Meaning {
    match reason {
        Reason::Timeout => timeout(phase),
        Reason::NameNotFound
        | Reason::NoAddresses
        | Reason::Sinkholed
        | Reason::ResolverFailure
        | Reason::ResolverRefused => naming(reason),
        Reason::ConnectionReset | Reason::ConnectionClosed => cut(reason, phase),
        Reason::ConnectionRefused | Reason::Unreachable | Reason::Prohibited => rejected(reason),
        Reason::CertificateUntrusted
        | Reason::CertificateNameMismatch
        | Reason::CertificateExpired
        | Reason::CertificateNotYetValid => certificate(reason),
        Reason::TlsAlert | Reason::TlsProtocol | Reason::AlpnMismatch => handshake(reason),
        Reason::HttpDenied
        | Reason::HttpProtocol
        | Reason::ProxyRefused
        | Reason::ProxyAuthRequired => http(reason),
        Reason::UnexpectedReply | Reason::InterceptedPort | Reason::NoRejection => {
            undecided(reason)
        }
        Reason::LocalResource | Reason::PermissionDenied | Reason::Internal => own(reason),
    }
}

const fn timeout(phase: Phase) -> Meaning {
    match phase {
        Phase::Resolve => other(
            "no nameserver of the node answered in time: port 53 is filtered on the way to them, or they are down.",
            "UDP and TCP port 53 from the nodes to their nameservers; see the dns-udp and dns-tcp targets.",
        ),
        Phase::Connect => rule(
            "nothing answered the TCP handshake. A firewall's network rules, a network security group or a route to nowhere drop packets silently like this.",
            "a rule that allows this destination and port from the node subnets; if there is one, the route table's next hop.",
        ),
        Phase::Tunnel => other(
            "the proxy accepted the connection and did not answer CONNECT in time.",
            "the proxy's owner, with this name and the time of the attempt.",
        ),
        Phase::Tls => rule(
            "the TCP connection was accepted, and nothing answered the TLS ClientHello. The acceptance may be a middlebox's own; a filter by name (SNI) may drop silently.",
            "an application rule for this name; then the firewall's log of this source and name.",
        ),
        Phase::Request | Phase::Banner => rule(
            "the connection was accepted, and nothing came after. A transparent proxy that accepts for everybody and cannot or may not go on looks like this; so does an overloaded server.",
            "the firewall's log of this source and destination, and a rule if it shows a denial.",
        ),
        Phase::Exchange => rule(
            "no answer came: the request or the reply is dropped on the way, or the server is down.",
            "a network rule that allows this destination and port from the node subnets.",
        ),
    }
}

const fn naming(reason: Reason) -> Meaning {
    match reason {
        Reason::NameNotFound => other(
            "the node's resolvers say that the name does not exist: a filter in DNS, a private zone that shadows the public one, or a name that is mistyped or gone.",
            "the owner of the DNS servers to forward this name; compare with a public resolver.",
        ),
        Reason::NoAddresses => other(
            "the name exists and has no address: often a private DNS zone of the same name without this record.",
            "the owner of the private DNS zone to add the record or unlink the zone.",
        ),
        Reason::Sinkholed => other(
            "the resolvers answer with an address that leads nowhere: a DNS filter blocks the name.",
            "the owner of the DNS filter to let this name through.",
        ),
        Reason::ResolverRefused => other(
            "the nameserver refuses to answer this node: its access list, or a server that does not do recursion.",
            "the owner of the DNS servers to allow queries from the node subnets.",
        ),
        _ => other(
            "the nameserver answered that it failed: it could not reach its own forwarder or the zone's servers, or validation failed.",
            "the owner of the DNS servers, with this name and the time of the attempt.",
        ),
    }
}

const fn cut(reason: Reason, phase: Phase) -> Meaning {
    match (phase, reason) {
        (Phase::Tls, Reason::ConnectionReset) => rule(
            "the TCP connection was accepted, and then reset when the ClientHello named the host. A filter by name (SNI) usually does this.",
            "an application rule for this name.",
        ),
        (Phase::Tls, _) => rule(
            "the TCP connection was accepted, and then closed when the ClientHello named the host. A filter by name (SNI) usually does this; Azure Firewall's application rules do.",
            "an application rule for this name.",
        ),
        (Phase::Tunnel, _) => other(
            "the proxy dropped the connection instead of answering CONNECT.",
            "the proxy's owner, with this name and the time of the attempt.",
        ),
        (Phase::Banner | Phase::Connect, _) => rule(
            "the connection was accepted and dropped before the server spoke. A middlebox that accepts for everybody and then decides looks like this.",
            "a network rule for this destination and port.",
        ),
        _ => rule(
            "the connection stood and was dropped in place of an answer: a middlebox that inspects requests, or trouble at the server.",
            "the firewall's log of this source and destination, and a rule if it shows a denial.",
        ),
    }
}

const fn rejected(reason: Reason) -> Meaning {
    match reason {
        Reason::ConnectionRefused => rule(
            "something answered with a rejection: a firewall that rejects instead of dropping, or a host with nothing listening on this port.",
            "a rule that allows this destination and port; if there is one, whether the service still listens there.",
        ),
        Reason::Prohibited => rule(
            "a router or firewall said that its policy forbids this packet (ICMP administratively prohibited). The facts name the sender.",
            "the owner of the device that sent it to allow this destination and port.",
        ),
        _ => other(
            "a router, or the node itself, has no route to the address. The facts tell which of them.",
            "the owner of the route table for a route to this destination (next hop, peering, IPv6 where it is not provided).",
        ),
    }
}

const fn certificate(reason: Reason) -> Meaning {
    match reason {
        Reason::CertificateUntrusted => other(
            "the certificate is signed by nobody the agent knows. TLS inspection re-signs certificates like this; the facts name the issuer.",
            "an exemption of this name from TLS inspection; or give the agent that CA with ca_files, if the nodes trust it too.",
        ),
        Reason::CertificateNameMismatch => other(
            "somebody else answered: a block page, a captive portal, or DNS that leads to the wrong server. The facts name the certificate.",
            "whom the certificate names; then the DNS answer for this name and the exemption from interception.",
        ),
        Reason::CertificateExpired => other(
            "the certificate's time is over by the node's clock: an old certificate, or a clock that runs ahead.",
            "the server's owner to renew; first compare the node's clock with the ntp targets.",
        ),
        _ => other(
            "the certificate's time has not come by the node's clock: nearly always a clock that is behind.",
            "time synchronisation of the node; see the ntp targets.",
        ),
    }
}

const fn handshake(reason: Reason) -> Meaning {
    match reason {
        Reason::TlsAlert => rule(
            "the peer ended the handshake with an alert. Firewalls that filter by name send one; so do servers that do not know the name or want another TLS version. The detail names the alert.",
            "an application rule for this name if the alert is access_denied, unrecognized_name, handshake_failure or internal_error.",
        ),
        Reason::AlpnMismatch => other(
            "the handshake succeeded and the application protocol was not echoed: a middlebox that ends TLS strips ALPN. Cluster tunnels that depend on it do not come up.",
            "an exemption of this name from TLS inspection.",
        ),
        _ => other(
            "what came back is not TLS: a middlebox answers in clear text, or another service listens there.",
            "the firewall's log of this source and name; the detail shows what came.",
        ),
    }
}

const fn http(reason: Reason) -> Meaning {
    match reason {
        Reason::HttpDenied => rule(
            "a middlebox answered in the server's place and denied the request. The facts tell how it is known (Azure Firewall: status 470 or a body that begins `Action: Deny`).",
            "an application rule for this name.",
        ),
        Reason::ProxyRefused => other(
            "the proxy refuses to open a tunnel to this name and port.",
            "the proxy's owner to allow this name and port from the node subnets.",
        ),
        Reason::ProxyAuthRequired => other(
            "the proxy wants credentials, and the agent carries none. AKS nodes cannot authenticate to a proxy either.",
            "the proxy's owner to allow the node subnets without credentials.",
        ),
        _ => other(
            "what came back is not an HTTP response: another service listens there, or a middlebox garbles it.",
            "the firewall's log of this source and destination; the detail shows what came.",
        ),
    }
}

const fn undecided(reason: Reason) -> Meaning {
    match reason {
        Reason::InterceptedPort => other(
            "an interceptor accepts connections on this port for every address, also where no server can be. This connection proves nothing.",
            "nothing yet. To prove it, the firewall has to stop answering for others on this port, or be asked by its log.",
        ),
        Reason::NoRejection => other(
            "a datagram was neither answered nor rejected. That is what an open path to a silent server looks like, and a dropped packet too.",
            "nothing yet; the firewall's log can tell.",
        ),
        _ => other(
            "only replies came that do not belong to the request: another service, a broken middlebox, or forged packets.",
            "the firewall's log of this source and destination; the detail shows what came.",
        ),
    }
}

const fn own(reason: Reason) -> Meaning {
    match reason {
        Reason::LocalResource => other(
            "the node ran out of descriptors, ports or memory; this says nothing about the network.",
            "open files, conntrack and ephemeral ports of the node and the agent's limits.",
        ),
        Reason::PermissionDenied => other(
            "the kernel does not let the agent send this: a local packet filter or a security profile; this says nothing about the network.",
            "the node's own packet filter (iptables, nftables, eBPF) and the agent's security context.",
        ),
        _ => other(
            "a defect of the agent; this says nothing about the network.",
            "the agent's maintainers, with the detail and the log.",
        ),
    }
}

/// The firewall rule that a target needs, as a line for a change ticket. Resolution of a name needs none of its own.
pub fn rule_line(target: &TargetReport) -> Option<String> {
    let TargetReport { host, probe, .. } = target;
    let port = target.port?;
    let destination = match host.parse::<std::net::IpAddr>() {
        Ok(_) => "address",
        Err(_) => "FQDN",
    };
    Some(match probe {
        ProbeKind::Https | ProbeKind::Http => {
            format!("application rule: FQDN {host}, protocol {probe}:{port}")
        }
        ProbeKind::Tcp | ProbeKind::Ssh | ProbeKind::DnsTcp => {
            format!("network rule: {destination} {host}, TCP port {port}")
        }
        ProbeKind::Ntp | ProbeKind::Udp | ProbeKind::DnsUdp => {
            format!("network rule: {destination} {host}, UDP port {port}")
        }
        ProbeKind::Dns => return None,
    })
}

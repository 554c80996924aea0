//! What a failure usually means and what to ask for. Observations are facts; these sentences are experience, and say so.

use crate::outcome::{Phase, Reason};

/// How to read a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// What the observation usually means.
    pub usually: &'static str,
    /// What to do, or whom to ask for what.
    pub todo: &'static str,
    /// Whether a firewall rule for the target is the likely remedy.
    pub rule: bool,
}

const fn rule(usually: &'static str, todo: &'static str) -> Meaning {
    let rule = true;
    Meaning {
        usually,
        todo,
        rule,
    }
}

const fn other(usually: &'static str, todo: &'static str) -> Meaning {
    let rule = false;
    Meaning {
        usually,
        todo,
        rule,
    }
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
        Reason::TlsAlert | Reason::TlsProtocol | Reason::AlpnMismatch => handshake(reason, phase),
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
            "No nameserver of the node answered in time: port 53 is filtered on the way to them, or they are down.",
            "Look at the dns-udp and dns-tcp targets; ask for UDP and TCP port 53 from the nodes to their nameservers.",
        ),
        Phase::Connect => rule(
            "Nothing answered the TCP handshake. A firewall's network rules, a network security group or a route to nowhere drop packets silently like this.",
            "Ask for a rule that allows this from the node subnets; if there is one, check the route table's next hop.",
        ),
        Phase::Tunnel => other(
            "The proxy accepted the connection and did not answer CONNECT in time.",
            "Ask the proxy's owner, with this name and the time of the attempt.",
        ),
        Phase::Tls => rule(
            "The TCP connection was accepted, and nothing answered the TLS ClientHello. A middlebox may have accepted in the server's place; filters by name (SNI) may drop silently.",
            "Ask for an application rule for this name; if there is one, look at the firewall's log.",
        ),
        Phase::Request | Phase::Banner => rule(
            "The connection was accepted, and nothing came after. A transparent proxy that accepts for everybody and cannot or may not go on looks like this; so does an overloaded server.",
            "Look at the firewall's log of this source and destination; ask for a rule if it shows a denial.",
        ),
        Phase::Exchange => rule(
            "No answer came: the request or the reply is dropped on the way, or the server is down.",
            "Ask for a network rule that allows this from the node subnets.",
        ),
    }
}

const fn naming(reason: Reason) -> Meaning {
    match reason {
        Reason::NameNotFound => other(
            "The node's resolvers say that the name does not exist: a filter in DNS, a private zone that shadows the public one, or a name that is mistyped or gone.",
            "Compare with a public resolver; ask the owner of the DNS servers to let this name through.",
        ),
        Reason::NoAddresses => other(
            "The name exists and has no address: often a private DNS zone of the same name without this record.",
            "Ask the owner of the private DNS zone to add the record, or to unlink the zone.",
        ),
        Reason::Sinkholed => other(
            "The resolvers answer with an address that leads nowhere: a DNS filter blocks the name.",
            "Ask the owner of the DNS filter to let this name through.",
        ),
        Reason::ResolverRefused => other(
            "The nameserver refuses to answer this node: its access list, or a server that does not do recursion.",
            "Ask the owner of the DNS servers to allow queries from the node subnets.",
        ),
        _ => other(
            "The nameserver answered that it failed: it could not reach its own forwarder or the zone's servers, or validation failed.",
            "Ask the owner of the DNS servers, with this name and the time of the attempt.",
        ),
    }
}

const fn cut(reason: Reason, phase: Phase) -> Meaning {
    match (phase, reason) {
        (Phase::Tls, Reason::ConnectionReset) => rule(
            "The TCP connection was accepted, and then reset when the ClientHello named the host. A filter by name (SNI) usually does this.",
            "Ask for an application rule for this name.",
        ),
        (Phase::Tls, _) => rule(
            "The TCP connection was accepted, and then closed when the ClientHello named the host. A filter by name (SNI) usually does this; Azure Firewall's application rules do.",
            "Ask for an application rule for this name.",
        ),
        (Phase::Tunnel, _) => other(
            "The proxy dropped the connection instead of answering CONNECT.",
            "Ask the proxy's owner, with this name and the time of the attempt.",
        ),
        (Phase::Banner | Phase::Connect, _) => rule(
            "The connection was accepted and dropped before the server spoke. A middlebox that accepts for everybody and then decides looks like this.",
            "Ask for a network rule that allows this from the node subnets.",
        ),
        _ => rule(
            "The connection stood and was dropped in place of an answer: a middlebox that inspects requests, or trouble at the server.",
            "Look at the firewall's log of this source and destination; ask for a rule if it shows a denial.",
        ),
    }
}

const fn rejected(reason: Reason) -> Meaning {
    match reason {
        Reason::ConnectionRefused => rule(
            "Something answered with a rejection: a firewall that rejects instead of dropping, or a host with nothing listening on this port.",
            "Ask for a rule that allows this; if there is one, ask whether the service still listens there.",
        ),
        Reason::Prohibited => rule(
            "A router or firewall said that its policy forbids this packet (ICMP administratively prohibited). The facts name the sender.",
            "Ask the owner of the device that sent it for a rule that allows this.",
        ),
        _ => other(
            "A router, or the node itself, has no route to the address. The facts tell which of them.",
            "Ask the owner of the route table for a route to it (next hop, peering, IPv6 where none is provided).",
        ),
    }
}

const fn certificate(reason: Reason) -> Meaning {
    match reason {
        Reason::CertificateUntrusted => other(
            "The certificate is signed by nobody the agent knows. TLS inspection re-signs certificates like this; so does the cluster's own CA for its API server. The facts name the issuer.",
            "Ask to exempt this name from TLS inspection; or, if the nodes trust that CA, give it to the agent too (ca_files; for the API server tls.cluster_ca_file).",
        ),
        Reason::CertificateNameMismatch => other(
            "Somebody else answered: a block page, a captive portal, or DNS that leads to the wrong server. The facts name the certificate.",
            "Check the DNS answer for this name; ask the owner of whatever the certificate names why it answers.",
        ),
        Reason::CertificateExpired => other(
            "The certificate's time is over by the node's clock: an old certificate, or a clock that runs ahead.",
            "Compare the node's clock (ntp targets); if it is right, ask the server's owner to renew.",
        ),
        _ => other(
            "The certificate's time has not come by the node's clock: nearly always a clock that is behind.",
            "Check the node's time synchronisation; see the ntp targets.",
        ),
    }
}

const fn handshake(reason: Reason, phase: Phase) -> Meaning {
    match (reason, phase) {
        (Reason::TlsAlert, Phase::Request) => other(
            "The server was reached, and ended the session with an alert before it answered: nearly always because it wants a client certificate. The detail names the alert.",
            "Nothing, as far as the network goes: ask the server's owner for a port that answers without a certificate, if this must be proven.",
        ),
        (Reason::TlsAlert, _) => rule(
            "The peer ended the handshake with an alert. Firewalls that filter by name send one; so do servers that do not know the name, or want another TLS version or a client certificate. The detail names the alert.",
            "Look at the firewall's log of this name; ask for an application rule if it shows a denial.",
        ),
        (Reason::AlpnMismatch, _) => other(
            "The application protocol that was offered was not agreed to: a middlebox that ends TLS strips ALPN, and cluster tunnels that depend on it do not come up; or, where the detail says that the offer was the agent's own, the server speaks another one.",
            "If the entry asks for the protocol, ask to exempt this name from TLS inspection.",
        ),
        _ => other(
            "What came back is not TLS: a middlebox answers in clear text, or another service listens there.",
            "Look at the detail for what came, and at the firewall's log of this source and name.",
        ),
    }
}

const fn http(reason: Reason) -> Meaning {
    match reason {
        Reason::HttpDenied => rule(
            "A middlebox answered in the server's place and denied the request. The facts tell how it is known (Azure Firewall: status 470 or a body that begins `Action: Deny`).",
            "Ask for an application rule for this name.",
        ),
        Reason::ProxyRefused => rule(
            "The proxy opens no tunnel to this name and port: its rules forbid it (usually status 403), or it cannot get there itself (502, 503, 504). The facts name the status.",
            "Ask the proxy's owner to allow this name and port from the node subnets.",
        ),
        Reason::ProxyAuthRequired => other(
            "The proxy wants credentials, and the agent carries none. AKS nodes cannot authenticate to a proxy either.",
            "Ask the proxy's owner to allow the node subnets without credentials.",
        ),
        _ => other(
            "What came back is not an HTTP response: another service listens there, or a middlebox garbles it.",
            "Look at the detail for what came, and at the firewall's log of this source and destination.",
        ),
    }
}

const fn undecided(reason: Reason) -> Meaning {
    match reason {
        Reason::InterceptedPort => other(
            "An interceptor accepts connections on this port for every address, also where no server can be. This connection proves nothing.",
            "Look at the firewall's log of this source and destination: only it knows whether the way on is open.",
        ),
        Reason::NoRejection => other(
            "A datagram was neither answered nor rejected. That is what an open path to a silent server looks like, and a dropped packet too.",
            "Look at the firewall's log of this source and destination, if it matters.",
        ),
        _ => other(
            "Only replies came that do not belong to the request: another service, a broken middlebox, or forged packets.",
            "Look at the detail for what came, and at the firewall's log of this source and destination.",
        ),
    }
}

const fn own(reason: Reason) -> Meaning {
    match reason {
        Reason::LocalResource => other(
            "The node ran out of descriptors, ports or memory; this says nothing about the network.",
            "Check open files, memory and ephemeral ports of the node, and the agent's limits.",
        ),
        Reason::PermissionDenied => other(
            "The kernel does not let the agent send this: a local packet filter or a security profile; this says nothing about the network.",
            "Check the node's own packet filter (iptables, nftables, eBPF) and the agent's security context.",
        ),
        _ => other(
            "A defect of the agent; this says nothing about the network.",
            "Tell the agent's maintainers, with the detail and the log.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_has_a_reading_and_a_next_step_in_whole_sentences() {
        for &reason in Reason::ALL {
            for &phase in Phase::ALL {
                let Meaning { usually, todo, .. } = meaning(reason, phase);
                for sentence in [usually, todo] {
                    assert!(sentence.starts_with(char::is_uppercase), "{sentence}");
                    assert!(sentence.ends_with('.'), "{sentence}");
                }
            }
        }
    }

    #[test]
    fn a_firewall_rule_is_no_remedy_for_what_the_agent_did_itself() {
        for reason in Reason::ALL.iter().filter(|reason| reason.is_own_trouble()) {
            assert!(!meaning(*reason, Phase::Connect).rule, "{reason}");
        }
    }
}

//! What to do about a cause, in one sentence; `docs/causes.md` has more.

use crate::diagnosis::{Cause, Diagnosis};

/// What to do about a failure with this diagnosis, where the cause says more than the reason does.
pub(super) fn remedy(diagnosis: Option<&Diagnosis>) -> Option<&'static str> {
    Some(match diagnosis?.cause {
        Cause::FirewallDrop | Cause::FirewallReject => {
            "Ask for a network rule for this destination and port from the node subnets; if there is one, check the route table's next hop."
        }
        Cause::SniFilter | Cause::HttpFilter => "Ask for an application rule for this name.",
        Cause::TlsInspection | Cause::AlpnStripped => {
            "Ask to exempt this name from TLS inspection; or, if the nodes trust that CA, give it to the agent too (ca_files)."
        }
        Cause::DnsFilter => "Ask the owner of the DNS servers to let this name through.",
        Cause::DnsOutage => {
            "Look at the nameservers and the way to them (UDP and TCP 53), and at nothing else before."
        }
        Cause::ProxyRequired => "If the nodes use a proxy, let the agent use it too (proxy).",
        Cause::ProxyDenied => {
            "Ask the proxy's owner to allow this name and port from the node subnets, without credentials."
        }
        Cause::RouteMissing => {
            "Look at the node's routes (ip route get ADDRESS) and the subnet's route table."
        }
        Cause::MtuBlackhole => {
            "Let ICMP \"fragmentation needed\" through, lower the MTU, or clamp the maximum segment size at the tunnel."
        }
        Cause::NtpFilter => "Ask for UDP 123 to this destination from the node subnets.",
        Cause::PartialAddresses => {
            "Ask for a rule by name in place of a list of addresses, or for the missing addresses."
        }
        Cause::EgressDown => {
            "Look at the route table, the NAT gateway or load balancer and the firewall as a whole, not at rules."
        }
        Cause::EndpointDown => {
            "Nothing in the network: ask the owner of the server, with the time of the attempt."
        }
        Cause::PacketLoss => {
            "Look at the load of links, NAT and firewall, and at exhausted SNAT ports."
        }
        Cause::ClockWrong => "Look at the node's time synchronisation (chronyc tracking).",
        Cause::TransparentProxy | Cause::LocalResource | Cause::Undetermined => return None,
    })
}

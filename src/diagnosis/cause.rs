//! The closed set of what a failure can mean. A change here is a change of the public contract.

use crate::labels::closed_set;

closed_set! {
    /// What stands behind a failure; the `cause` label.
    pub enum Cause {
        /// A packet filter on the way drops in silence.
        FirewallDrop = "firewall_drop",
        /// A packet filter on the way answers with RST or ICMP.
        FirewallReject = "firewall_reject",
        /// A filter on the way acts upon the name in the `ClientHello`.
        SniFilter = "sni_filter",
        /// A middlebox answers HTTP in the server's place, and denies.
        HttpFilter = "http_filter",
        /// TLS is opened on the way, and signed anew.
        TlsInspection = "tls_inspection",
        /// The application protocol does not pass.
        AlpnStripped = "alpn_stripped",
        /// The resolvers withhold or falsify this name.
        DnsFilter = "dns_filter",
        /// No name resolves.
        DnsOutage = "dns_outage",
        /// Something on the way accepts connections for everybody.
        TransparentProxy = "transparent_proxy",
        /// The direct way is closed to those who have no proxy.
        ProxyRequired = "proxy_required",
        /// The explicit proxy refuses.
        ProxyDenied = "proxy_denied",
        /// The node has no route.
        RouteMissing = "route_missing",
        /// Large packets vanish.
        MtuBlackhole = "mtu_blackhole",
        /// NTP does not pass, where other UDP does.
        NtpFilter = "ntp_filter",
        /// Some addresses of the name are blocked or dead.
        PartialAddresses = "partial_addresses",
        /// Nothing works.
        EgressDown = "egress_down",
        /// The far end, not the path.
        EndpointDown = "endpoint_down",
        /// Packets are lost by chance.
        PacketLoss = "packet_loss",
        /// A clock is wrong.
        ClockWrong = "clock_wrong",
        /// The agent's own trouble on this node.
        LocalResource = "local_resource",
        /// The evidence does not decide.
        Undetermined = "undetermined",
    }
}

impl Cause {
    /// Whether a firewall rule for the target would help; none where the cause does not say.
    pub const fn calls_for_a_rule(self) -> Option<bool> {
        match self {
            Self::FirewallDrop
            | Self::FirewallReject
            | Self::SniFilter
            | Self::HttpFilter
            | Self::NtpFilter
            | Self::PartialAddresses => Some(true),
            Self::TransparentProxy | Self::Undetermined => None,
            Self::TlsInspection
            | Self::AlpnStripped
            | Self::DnsFilter
            | Self::DnsOutage
            | Self::ProxyRequired
            | Self::ProxyDenied
            | Self::RouteMissing
            | Self::MtuBlackhole
            | Self::EgressDown
            | Self::EndpointDown
            | Self::PacketLoss
            | Self::ClockWrong
            | Self::LocalResource => Some(false),
        }
    }
}

closed_set! {
    /// How sure a diagnosis is.
    pub enum Certainty {
        /// Nothing else explains what was seen.
        Certain = "certain",
        /// The usual explanation, and nothing speaks against it.
        Likely = "likely",
        /// Several things explain it, and nothing decides between them.
        Open = "open",
    }
}

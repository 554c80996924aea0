//! The closed set of what can go wrong in an attempt. A change here is a change of the public contract.

use crate::labels::closed_set;

closed_set! {
    /// Why an attempt failed; the `reason` label.
    pub enum Reason {
        /// Nothing came within the deadline.
        Timeout = "timeout",
        /// NXDOMAIN.
        NameNotFound = "name_not_found",
        /// The name exists but has neither A nor AAAA records.
        NoAddresses = "no_addresses",
        /// The resolvers answer with an unspecified or loopback address.
        Sinkholed = "sinkholed",
        /// SERVFAIL, or another rcode that is no answer.
        ResolverFailure = "resolver_failure",
        /// REFUSED.
        ResolverRefused = "resolver_refused",
        /// RST to a SYN, or ICMP port unreachable.
        ConnectionRefused = "connection_refused",
        /// RST after the connection stood.
        ConnectionReset = "connection_reset",
        /// The peer closed before it answered.
        ConnectionClosed = "connection_closed",
        /// ICMP host or network unreachable, or no local route.
        Unreachable = "unreachable",
        /// ICMP administratively prohibited.
        Prohibited = "prohibited",
        /// No known root or given CA vouches for the certificate.
        CertificateUntrusted = "certificate_untrusted",
        /// The certificate is for another name.
        CertificateNameMismatch = "certificate_name_mismatch",
        /// The certificate's time is over.
        CertificateExpired = "certificate_expired",
        /// The certificate's time has not come.
        CertificateNotYetValid = "certificate_not_yet_valid",
        /// The peer ended the handshake with an alert.
        TlsAlert = "tls_alert",
        /// What the peer sent is not a TLS handshake that can be completed.
        TlsProtocol = "tls_protocol",
        /// The offered application protocol was not echoed.
        AlpnMismatch = "alpn_mismatch",
        /// A middlebox answered in place of the server.
        HttpDenied = "http_denied",
        /// What the peer sent is not an HTTP response head.
        HttpProtocol = "http_protocol",
        /// The proxy refused the tunnel.
        ProxyRefused = "proxy_refused",
        /// The proxy wants credentials; the agent has none.
        ProxyAuthRequired = "proxy_auth_required",
        /// Only replies came that had to be ignored.
        UnexpectedReply = "unexpected_reply",
        /// An interceptor accepts this port for every address.
        InterceptedPort = "intercepted_port",
        /// A datagram was neither answered nor rejected.
        NoRejection = "no_rejection",
        /// The node ran out of descriptors, ports or memory.
        LocalResource = "local_resource",
        /// The kernel does not let the agent do this.
        PermissionDenied = "permission_denied",
        /// A defect of the agent.
        Internal = "internal",
    }
}

impl Reason {
    /// Whether an observation of this kind says something about the network.
    /// The agent's own trouble and what an interceptor shows to everybody do not.
    pub const fn decides(self) -> bool {
        !matches!(
            self,
            Self::InterceptedPort
                | Self::NoRejection
                | Self::LocalResource
                | Self::PermissionDenied
                | Self::Internal
        )
    }

    /// Whether the agent or its node is at fault, not the network.
    pub const fn is_own_trouble(self) -> bool {
        matches!(
            self,
            Self::LocalResource | Self::PermissionDenied | Self::Internal
        )
    }
}

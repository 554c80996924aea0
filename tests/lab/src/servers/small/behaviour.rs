//! What a small server does with its peers, and where peers meet it.

/// One way to misbehave (or, for a plain port, to do nothing).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Behaviour {
    /// Accepts, reads, and never answers.
    Hold,
    Close,
    Reset,
    ResetOnData,
    SshBanner,
    /// What an HTTP server says to a client that does not speak HTTP.
    HttpRefusal,
    /// The answer of a firewall that denies a request.
    HttpDenied,
    Garbage,
    /// A TLS answer, one byte a second.
    TlsDrip,
    /// An HTTP answer, one byte a second.
    HttpDrip,
    UdpSwallow,
    UdpGarbage,
    NtpKiss,
    NtpStratum16,
    NtpLeapAlarm,
    NtpWrongOrigin,
    NtpTruncated,
    NtpOtherAddress,
    DnsNodata,
    DnsServfail,
    DnsRefused,
    DnsWrongId,
    DnsTruncated,
}

impl Behaviour {
    pub(crate) const ALL: [Self; 23] = [
        Self::Hold,
        Self::Close,
        Self::Reset,
        Self::ResetOnData,
        Self::SshBanner,
        Self::HttpRefusal,
        Self::HttpDenied,
        Self::Garbage,
        Self::TlsDrip,
        Self::HttpDrip,
        Self::UdpSwallow,
        Self::UdpGarbage,
        Self::NtpKiss,
        Self::NtpStratum16,
        Self::NtpLeapAlarm,
        Self::NtpWrongOrigin,
        Self::NtpTruncated,
        Self::NtpOtherAddress,
        Self::DnsNodata,
        Self::DnsServfail,
        Self::DnsRefused,
        Self::DnsWrongId,
        Self::DnsTruncated,
    ];

    /// The port at the address of the oddities where peers meet this behaviour.
    pub(crate) const fn port(self) -> u16 {
        40_001 + self as u16
    }

    /// Those answer questions at the addresses of the nameservers.
    pub(crate) const fn is_nameserver(self) -> bool {
        matches!(
            self,
            Self::DnsNodata
                | Self::DnsServfail
                | Self::DnsRefused
                | Self::DnsWrongId
                | Self::DnsTruncated
        )
    }

    pub(super) const fn is_udp(self) -> bool {
        !matches!(
            self,
            Self::Hold
                | Self::Close
                | Self::Reset
                | Self::ResetOnData
                | Self::SshBanner
                | Self::HttpRefusal
                | Self::HttpDenied
                | Self::Garbage
                | Self::TlsDrip
                | Self::HttpDrip
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_behaviour_has_a_port_of_its_own() {
        let ports: BTreeSet<_> = Behaviour::ALL.into_iter().map(Behaviour::port).collect();
        assert_eq!(ports.len(), Behaviour::ALL.len());
    }
}

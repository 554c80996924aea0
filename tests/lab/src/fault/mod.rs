//! The faults that a lab can be given: a closed set, where each acts, and what it can be laid upon.

mod check;
mod scope;

use std::fmt;
use std::str::FromStr;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

pub use scope::{ANYWHERE, Scope, Standing};

/// Where a fault takes hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    /// The node's own routing table.
    Node,
    /// The router between node and internet.
    Firewall,
    /// A program on that router, which answers in place of hosts: the lab needs its middleboxes.
    Middlebox,
    /// The explicit proxy on that router: the lab needs its middleboxes. Laid upon `proxy` only.
    Proxy,
    /// The host itself: its ports are closed, or something else answers there.
    Host,
    /// The name, not the address.
    Names,
}

/// Which transport a fault has a meaning for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Carrier {
    Any,
    Tcp,
    Udp,
}

/// One line per fault: its variant, its name, where it takes hold, what carries it, and what is seen from the node.
macro_rules! faults {
    ($($variant:ident $name:literal $place:ident $carrier:ident $summary:literal)+) => {
        /// One way in which a host can be cut off. `summary` says what is seen from the node.
        #[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Fault {
            $($variant,)+
        }

        impl Fault {
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            pub const fn summary(self) -> &'static str {
                match self {
                    $(Self::$variant => $summary,)+
                }
            }

            pub const fn place(self) -> Place {
                match self {
                    $(Self::$variant => Place::$place,)+
                }
            }

            const fn carrier(self) -> Carrier {
                match self {
                    $(Self::$variant => Carrier::$carrier,)+
                }
            }
        }
    };
}

faults! {
    Drop "drop" Firewall Any "the firewall drops every packet to the host"
    Reject "reject" Firewall Any "the firewall answers TCP with RST, UDP with ICMP port unreachable"
    AdminProhibited "admin-prohibited" Firewall Any "the firewall answers ICMP administratively prohibited (3/13)"
    HostUnreachable "host-unreachable" Firewall Any "the firewall answers ICMP host unreachable (3/1)"
    NetUnreachable "net-unreachable" Firewall Any "the firewall answers ICMP network unreachable (3/0)"
    TlsReset "tls-reset" Firewall Tcp "TCP connects, but the ClientHello that names the host is answered by RST"
    Intercepted "intercepted" Firewall Tcp "the firewall itself accepts TCP, and resets on the first data"
    CutEstablished "cut-established" Firewall Tcp "TCP connects, and every packet after the handshake is dropped"
    Loss "loss-30" Firewall Any "the firewall drops 30 % of the packets in each direction"
    MtuBlackhole "mtu-blackhole" Firewall Any "packets of more than 700 bytes vanish, and no ICMP error tells so"
    NoRoute "no-route" Node Any "the node has no route to the host"

    TransparentProxy "transparent-proxy" Middlebox Tcp "the firewall accepts TCP 80 and 443 for every address, and passes names on"
    SniClose "sni-close" Middlebox Tcp "a transparent proxy closes upon the ClientHello that names the host"
    SniReset "sni-reset" Middlebox Tcp "a transparent proxy resets upon the ClientHello that names the host"
    SniDrop "sni-drop" Middlebox Tcp "a transparent proxy goes silent upon the ClientHello that names the host"
    SniAlert "sni-alert" Middlebox Tcp "a transparent proxy answers the ClientHello that names the host with an alert"
    Http470 "http-470" Middlebox Tcp "a transparent proxy answers plain HTTP with status 470, Action: Deny"
    Http403Proxy "http-403-proxy" Middlebox Tcp "an intercepting squid answers plain HTTP with its own 403"
    TlsInspected "tls-inspected" Middlebox Tcp "TLS is opened, and re-signed by the inspection authority"

    ProxyDenies "proxy-403" Proxy Tcp "the explicit proxy answers every CONNECT with 403"
    ProxyAsks "proxy-407" Proxy Tcp "the explicit proxy wants credentials: 407"
    ProxyRefused "proxy-refused" Proxy Tcp "the explicit proxy's port is closed: RST"
    ProxyDropped "proxy-dropped" Proxy Tcp "packets to the explicit proxy are dropped"
    ProxySilent "proxy-silent" Proxy Tcp "the explicit proxy accepts TCP and never answers"

    Refused "refused" Host Any "the host's port is closed: RST, or ICMP port unreachable from the host"
    Silent "silent" Host Any "the port accepts and never answers; UDP is swallowed"
    WrongProtocol "wrong-protocol" Host Any "something else speaks: SSH on 443, HTTP on 22, garbage elsewhere and on UDP"
    CloseAfterAccept "close-after-accept" Host Tcp "the port accepts TCP and closes"
    ResetAfterAccept "reset-after-accept" Host Tcp "the port accepts TCP and resets"
    PlainText "plain-text" Host Tcp "an HTTP server without TLS answers on every port"
    CertificateExpired "certificate-expired" Host Tcp "the TLS certificate ended yesterday"
    CertificateNotYetValid "certificate-not-yet-valid" Host Tcp "the TLS certificate begins tomorrow"
    CertificateWrongName "certificate-wrong-name" Host Tcp "the TLS certificate is for another name"
    TlsDrip "tls-drip" Host Tcp "the TLS answer comes one byte a second"
    HttpDrip "http-drip" Host Tcp "the HTTP answer comes one byte a second"
    TlsHeaderFlood "tls-header-flood" Host Tcp "the answer behind TLS begins with 64 KiB of headers"
    HttpHeaderFlood "http-header-flood" Host Tcp "the HTTP answer begins with 64 KiB of headers"
    HttpDenied "http-denied" Host Tcp "a middlebox answers plain HTTP: status 470, Action: Deny"
    BlockPage "http-302" Host Tcp "plain HTTP is redirected to a page of another domain"
    Portal "http-511" Host Tcp "a captive portal answers plain HTTP with status 511"
    NtpKiss "ntp-kiss" Host Udp "the time server answers with the kiss-o'-death RATE"
    NtpStratum16 "ntp-stratum-16" Host Udp "the time server has no time: stratum 16"
    NtpLeapAlarm "ntp-leap-alarm" Host Udp "the time server's clock is not set: leap alarm"
    NtpWrongOrigin "ntp-wrong-origin" Host Udp "the time reply does not repeat what was sent"
    NtpTruncated "ntp-truncated" Host Udp "the time reply ends after 40 of 48 bytes"
    NtpOtherAddress "ntp-other-address" Host Udp "the time reply comes from another address"

    Nxdomain "nxdomain" Names Any "the nameserver says that the name does not exist"
    DnsTimeout "dns-timeout" Names Any "queries for the name get no answer"
    DnsNodata "dns-nodata" Names Any "the nameserver says that the name has no addresses"
    DnsServfail "dns-servfail" Names Any "the nameserver fails for the name: SERVFAIL"
    DnsRefused "dns-refused" Names Any "the nameserver refuses the name: REFUSED"
    DnsWrongId "dns-wrong-id" Names Any "answers for the name carry another transaction id"
    DnsTruncated "dns-truncated" Names Any "answers for the name over UDP are truncated; over TCP they are whole"
    DnsAaaaTimeout "dns-aaaa-timeout" Names Any "AAAA queries for the name get no answer, A queries do"
    SinkholeUnspecified "sinkhole-unspecified" Names Any "the name resolves to 0.0.0.0"
    SinkholeLoopback "sinkhole-loopback" Names Any "the name resolves to 127.0.0.1"
    SinkholePrivate "sinkhole-private" Names Any "the name resolves to 10.255.255.1, where nobody is"
}

impl Fault {
    /// Faults that have no meaning for UDP.
    pub const fn is_tcp_only(self) -> bool {
        matches!(self.carrier(), Carrier::Tcp)
    }

    /// Faults that have no meaning for TCP.
    pub const fn is_udp_only(self) -> bool {
        matches!(self.carrier(), Carrier::Udp)
    }

    /// Faults that look for the host's name in what is sent.
    pub const fn is_by_name(self) -> bool {
        matches!(
            self,
            Self::TlsReset
                | Self::SniClose
                | Self::SniReset
                | Self::SniDrop
                | Self::SniAlert
                | Self::Http470
        )
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Fault {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let Some(fault) = Self::ALL.into_iter().find(|fault| fault.as_str() == text) else {
            bail!("there is no fault {text:?}; `egress-lab faults` lists them");
        };
        Ok(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_read_back_from_its_name() {
        for fault in Fault::ALL {
            assert_eq!(fault.as_str().parse::<Fault>().unwrap(), fault);
        }
    }
}

//! The faults that a lab can be given: a closed set, where each acts, and what it can be laid upon.

use std::fmt;
use std::str::FromStr;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

/// One way in which a host can be cut off. `summary` says what is seen from the node.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    Drop,
    Reject,
    AdminProhibited,
    HostUnreachable,
    TlsReset,
    Intercepted,
    Refused,
    Silent,
    WrongProtocol,
    CloseAfterAccept,
    ResetAfterAccept,
    HttpDenied,
    Nxdomain,
    DnsTimeout,
}

/// Where a fault takes hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    /// The router between node and internet.
    Firewall,
    /// The host itself: its ports are closed, or something else answers there.
    Host,
    /// The name, not the address.
    Names,
}

impl Fault {
    pub const ALL: [Self; 14] = [
        Self::Drop,
        Self::Reject,
        Self::AdminProhibited,
        Self::HostUnreachable,
        Self::TlsReset,
        Self::Intercepted,
        Self::Refused,
        Self::Silent,
        Self::WrongProtocol,
        Self::CloseAfterAccept,
        Self::ResetAfterAccept,
        Self::HttpDenied,
        Self::Nxdomain,
        Self::DnsTimeout,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Drop => "drop",
            Self::Reject => "reject",
            Self::AdminProhibited => "admin-prohibited",
            Self::HostUnreachable => "host-unreachable",
            Self::TlsReset => "tls-reset",
            Self::Intercepted => "intercepted",
            Self::Refused => "refused",
            Self::Silent => "silent",
            Self::WrongProtocol => "wrong-protocol",
            Self::CloseAfterAccept => "close-after-accept",
            Self::ResetAfterAccept => "reset-after-accept",
            Self::HttpDenied => "http-denied",
            Self::Nxdomain => "nxdomain",
            Self::DnsTimeout => "dns-timeout",
        }
    }

    pub const fn summary(self) -> &'static str {
        match self {
            Self::Drop => "the firewall drops every packet to the host",
            Self::Reject => "the firewall answers TCP with RST, UDP with ICMP port unreachable",
            Self::AdminProhibited => "the firewall answers ICMP administratively prohibited (3/13)",
            Self::HostUnreachable => "the firewall answers ICMP host unreachable (3/1)",
            Self::TlsReset => {
                "TCP connects, but the ClientHello that names the host is answered by RST"
            }
            Self::Intercepted => "the firewall itself accepts TCP, and resets on the first data",
            Self::Refused => {
                "the host's port is closed: RST, or ICMP port unreachable from the host"
            }
            Self::Silent => "the port accepts and never answers; UDP is swallowed",
            Self::WrongProtocol => {
                "something else speaks: SSH on 443, HTTP on 22, garbage elsewhere and on UDP"
            }
            Self::CloseAfterAccept => "the port accepts TCP and closes",
            Self::ResetAfterAccept => "the port accepts TCP and resets",
            Self::HttpDenied => "a middlebox answers plain HTTP: status 470, Action: Deny",
            Self::Nxdomain => "the nameserver says that the name does not exist",
            Self::DnsTimeout => "queries for the name get no answer",
        }
    }

    pub const fn place(self) -> Place {
        match self {
            Self::Drop
            | Self::Reject
            | Self::AdminProhibited
            | Self::HostUnreachable
            | Self::TlsReset
            | Self::Intercepted => Place::Firewall,
            Self::Refused
            | Self::Silent
            | Self::WrongProtocol
            | Self::CloseAfterAccept
            | Self::ResetAfterAccept
            | Self::HttpDenied => Place::Host,
            Self::Nxdomain | Self::DnsTimeout => Place::Names,
        }
    }

    /// Faults that have no meaning for UDP.
    pub const fn is_tcp_only(self) -> bool {
        matches!(
            self,
            Self::TlsReset
                | Self::Intercepted
                | Self::CloseAfterAccept
                | Self::ResetAfterAccept
                | Self::HttpDenied
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

/// The part of a host that a fault is laid upon.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    Everything,
    Port(u16),
    Tcp(u16),
    Udp(u16),
}

impl From<u16> for Scope {
    fn from(port: u16) -> Self {
        Self::Port(port)
    }
}

impl FromStr for Scope {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let (port, scope): (&str, fn(u16) -> Self) = match text.split_once('/') {
            None => (text, Self::Port),
            Some((port, "tcp")) => (port, Self::Tcp),
            Some((port, "udp")) => (port, Self::Udp),
            Some(_) => bail!("{text:?} is not a port such as 443, 53/tcp or 53/udp"),
        };
        match port.parse() {
            Ok(port) => Ok(scope(port)),
            Err(_) => bail!("{text:?} is not a port such as 443, 53/tcp or 53/udp"),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => f.write_str("all ports"),
            Self::Port(port) => write!(f, "{port}"),
            Self::Tcp(port) => write!(f, "{port}/tcp"),
            Self::Udp(port) => write!(f, "{port}/udp"),
        }
    }
}

/// The target of a fault that is laid upon every destination at once.
pub const ANYWHERE: &str = "*";

/// A fault in force: what it is, and upon what.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Standing {
    /// A host's name, one of its addresses, `nameserver`, `second-nameserver`, `metadata`, or `*`.
    pub host: String,
    pub scope: Scope,
    pub fault: Fault,
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.host, self.scope, self.fault)
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

    #[test]
    fn a_scope_is_read_as_it_is_written() {
        for text in ["443", "53/tcp", "53/udp"] {
            assert_eq!(text.parse::<Scope>().unwrap().to_string(), text);
        }
        assert!("53/sctp".parse::<Scope>().is_err());
    }
}

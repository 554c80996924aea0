//! What a fault is laid upon: the host or some of its ports; and a fault in force.

use std::fmt;
use std::str::FromStr;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

use super::Fault;

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
    fn a_scope_is_read_as_it_is_written() {
        for text in ["443", "53/tcp", "53/udp"] {
            assert_eq!(text.parse::<Scope>().unwrap().to_string(), text);
        }
        assert!("53/sctp".parse::<Scope>().is_err());
    }
}

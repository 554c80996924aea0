//! The rows of a catalogue, checked but not yet filled with parameters.

use std::path::PathBuf;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::edition::Edition;
use super::template::Template;
use crate::labels::closed_set;
use crate::target::{Group, Requirement, Trust};

closed_set! {
    /// The Azure cloud that a cluster runs in.
    pub enum Cloud {
        /// Azure.
        Public = "public",
        /// Azure operated by 21Vianet.
        China = "china",
        /// Azure Government.
        Government = "government",
    }
}

closed_set! {
    /// What a cluster speaks to an endpoint.
    pub enum Protocol {
        /// HTTP over TLS.
        Https = "https",
        /// HTTP in clear text.
        Http = "http",
        /// TCP of which no more is known.
        Tcp = "tcp",
        /// SSH.
        Ssh = "ssh",
        /// Network Time Protocol.
        Ntp = "ntp",
        /// UDP of which no more is known.
        Udp = "udp",
        /// DNS to a nameserver, over UDP and TCP.
        Dns = "dns",
    }
}

impl Protocol {
    /// The port that is meant when a row gives none.
    pub const fn default_port(self) -> Option<u16> {
        match self {
            Self::Https => Some(443),
            Self::Http => Some(80),
            Self::Ssh => Some(22),
            Self::Ntp => Some(123),
            Self::Dns => Some(53),
            Self::Tcp | Self::Udp => None,
        }
    }
}

closed_set! {
    /// A property of a cluster that makes a row necessary. The agent cannot see it; the user declares it.
    pub enum Condition {
        /// Tunnelfront or aks-link still runs, as before konnectivity (2022).
        ClassicTunnel = "classic-tunnel",
        /// The virtual network has nameservers of its own.
        CustomDns = "custom-dns",
        /// Nodes were provisioned before March 2021 and take their time by NTP.
        OldNodeImage = "old-node-image",
        /// The API server has a public address.
        PublicApiServer = "public-api-server",
    }
}

impl Condition {
    /// Whether nothing listens at the far end unless the condition holds:
    /// then an attempt without it would say nothing about the network.
    pub const fn makes_the_far_end(self) -> bool {
        matches!(self, Self::ClassicTunnel)
    }
}

closed_set! {
    /// How sure it is that a wildcard's concrete names exist and stand for it.
    pub enum Confidence {
        /// Read in a primary source.
        High = "high",
        /// Secondary source, or inferred from primary ones.
        Medium = "medium",
        /// Unverified.
        Low = "low",
    }
}

/// A host as documented, and the names to probe for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPattern {
    /// As the documentation spells it, parameters in braces.
    pub pattern: String,
    /// Names to probe; none: it cannot be tested.
    pub probe: Vec<Template>,
    /// How sure the names are, when they are not the pattern itself.
    pub confidence: Option<Confidence>,
    /// The service tag that the documentation offers in its place, parameters in braces.
    pub service_tag: Option<Template>,
}

/// A protocol on a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// What is spoken.
    pub protocol: Protocol,
    /// Where.
    pub port: u16,
    /// Application protocols that must pass (`https` only).
    pub alpn: Vec<String>,
    /// SNI when it is not the host (`https` only).
    pub server_name: Option<String>,
}

/// Where a row was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Name of the document.
    pub document: String,
    /// Its rows.
    pub rows: Vec<String>,
}

/// One row of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Unique; a later file's entry of the same name takes its place.
    pub name: String,
    /// Hosts as documented.
    pub hosts: Vec<HostPattern>,
    /// What is spoken to every one of them.
    pub services: Vec<Service>,
    /// Core or a feature.
    pub group: Group,
    /// The clouds it is meant for.
    pub clouds: Vec<Cloud>,
    /// What a cluster needs it for.
    pub purpose: String,
    /// First day on which the documentation listed it; absent: before the first edition.
    pub since: Option<Date>,
    /// First day on which it no longer did; absent: it still does.
    pub until: Option<Date>,
    /// Only needed where this holds.
    pub condition: Option<Condition>,
    /// Optional rows stay optional whatever is switched on.
    pub requirement: Requirement,
    /// Who may vouch for its certificates.
    pub trust: Trust,
    /// Where it was read.
    pub sources: Vec<Source>,
    /// The file it stands in.
    pub file: PathBuf,
    /// Its line there.
    pub line: u64,
}

impl Entry {
    /// Whether a cluster in `cloud` that goes by `edition` has this row.
    pub fn applies(&self, cloud: Cloud, edition: &Edition) -> bool {
        self.clouds.contains(&cloud) && edition.lists(self.since, self.until)
    }
}

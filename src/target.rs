//! What to probe, fully decided: no template, parameter or default is left open.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::labels::closed_set;
use crate::outcome::Phase;

closed_set! {
    /// The kind of exchange that proves a target; the `probe` label.
    pub enum ProbeKind {
        /// Resolution of one name by the node's own resolvers.
        Dns = "dns",
        /// A query to one nameserver over UDP.
        DnsUdp = "dns-udp",
        /// A query to one nameserver over TCP.
        DnsTcp = "dns-tcp",
        /// TLS handshake and response head.
        Https = "https",
        /// A completed connect that no interceptor made.
        Tcp = "tcp",
        /// SSH identification line.
        Ssh = "ssh",
        /// Response head in clear text.
        Http = "http",
        /// SNTP exchange.
        Ntp = "ntp",
        /// A datagram of no protocol that answers.
        Udp = "udp",
    }
}

impl ProbeKind {
    /// The least time between two scheduled attempts, whatever the interval:
    /// public time servers ask for at least 64 s (RFC 5905, minimum poll exponent 6).
    pub const fn minimum_interval(self) -> Duration {
        match self {
            Self::Ntp => Duration::from_secs(64),
            _ => Duration::ZERO,
        }
    }
}

closed_set! {
    /// Whether the cluster breaks when the target cannot be reached.
    pub enum Requirement {
        /// Core rows, and rows of a feature that is switched on.
        Required = "required",
        /// Everything else.
        Optional = "optional",
    }
}

closed_set! {
    /// What a catalogue row belongs to: the core of every cluster, or a feature.
    pub enum Group {
        /// What every node needs.
        Core = "core",
        /// Recommended for every node.
        Optional = "optional",
        /// GPU node pools.
        Gpu = "gpu",
        /// Windows node pools.
        Windows = "windows",
        /// Container insights and managed Prometheus.
        AzureMonitor = "azure-monitor",
        /// Azure Policy add-on.
        AzurePolicy = "azure-policy",
        /// Azure Dev Spaces (retired).
        DevSpaces = "dev-spaces",
        /// Microsoft Defender for Containers.
        Defender = "defender",
        /// Secrets store CSI driver with Key Vault.
        KeyVault = "key-vault",
        /// Workload identity.
        WorkloadIdentity = "workload-identity",
        /// Cost analysis add-on.
        CostAnalysis = "cost-analysis",
        /// Cluster extensions.
        ClusterExtensions = "cluster-extensions",
        /// Rows of the user's own catalogue.
        Custom = "custom",
    }
}

/// Identifies a target: `host:port` (`host` for name resolution) and the probe; unique in a plan.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TargetId {
    /// The `target` label.
    pub target: Arc<str>,
    /// The `probe` label.
    pub probe: ProbeKind,
}

impl fmt::Display for TargetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.target, self.probe)
    }
}

/// Where a target lives: a name that is resolved anew in every attempt, or an address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// A host name without a trailing dot, in lower case.
    Name(String),
    /// A literal address.
    Address(IpAddr),
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(address) => address.fmt(f),
        }
    }
}

impl Host {
    /// `host:port`, with an IPv6 address in brackets (RFC 3986).
    pub fn with_port(&self, port: u16) -> String {
        match self {
            Self::Address(IpAddr::V6(address)) => format!("[{address}]:{port}"),
            other => format!("{other}:{port}"),
        }
    }
}

/// Who may vouch for a server's certificate, besides the agent's own roots and CA files.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum Trust {
    /// Public roots, and the CA files given to the agent.
    #[default]
    Public,
    /// The cluster's own CA, which no public root signs. Another CA that was given re-signs.
    Cluster,
    /// CA files of this catalogue entry: a private CA is expected here. Another CA that was given re-signs.
    Files(Vec<PathBuf>),
}

/// What an `https` attempt offers and expects.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Https {
    /// Application protocols that a second handshake must see echoed; empty: no second handshake.
    pub alpn: Vec<String>,
    /// The SNI to send and the name to verify when it is not the host.
    pub server_name: Option<String>,
    /// Who may vouch for the certificate.
    pub trust: Trust,
}

/// The exchange of one attempt with all it needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probe {
    /// Resolve the host by the node's own resolvers.
    Dns,
    /// Ask this nameserver over UDP for `question`.
    DnsUdp {
        /// A name of the plan, most likely a core one.
        question: String,
    },
    /// Ask this nameserver over TCP for `question`.
    DnsTcp {
        /// A name of the plan, most likely a core one.
        question: String,
    },
    /// Full handshake, then `HEAD /`.
    Https(Https),
    /// Connect only.
    Tcp,
    /// Identification line.
    Ssh,
    /// `HEAD /` in clear text.
    Http,
    /// SNTP exchange.
    Ntp,
    /// One datagram.
    Udp,
}

impl Probe {
    /// The label of this exchange.
    pub const fn kind(&self) -> ProbeKind {
        match self {
            Self::Dns => ProbeKind::Dns,
            Self::DnsUdp { .. } => ProbeKind::DnsUdp,
            Self::DnsTcp { .. } => ProbeKind::DnsTcp,
            Self::Https(_) => ProbeKind::Https,
            Self::Tcp => ProbeKind::Tcp,
            Self::Ssh => ProbeKind::Ssh,
            Self::Http => ProbeKind::Http,
            Self::Ntp => ProbeKind::Ntp,
            Self::Udp => ProbeKind::Udp,
        }
    }

    /// The phase in which an attempt starts.
    pub const fn first_phase(&self) -> Phase {
        match self {
            Self::DnsUdp { .. } => Phase::Exchange,
            Self::DnsTcp { .. } => Phase::Connect,
            _ => Phase::Resolve,
        }
    }
}

/// One concrete thing to probe. Rows of the catalogue that name the same target are merged into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Unique in a plan.
    pub id: TargetId,
    /// Where it lives.
    pub host: Host,
    /// Absent for name resolution.
    pub port: Option<u16>,
    /// How it is proven.
    pub probe: Probe,
    /// All groups of the rows that name it, sorted.
    pub groups: Vec<Group>,
    /// Required if any of the rows is.
    pub requirement: Requirement,
    /// What the cluster uses it for.
    pub purpose: String,
}

#[cfg(test)]
impl Target {
    /// A required one of which nothing else matters, for tests.
    pub(crate) fn bare(probe: Probe, host: Host, port: Option<u16>) -> Self {
        Self {
            id: TargetId {
                target: port
                    .map_or_else(|| host.to_string(), |port| host.with_port(port))
                    .into(),
                probe: probe.kind(),
            },
            host,
            port,
            probe,
            groups: vec![Group::Core],
            requirement: Requirement::Required,
            purpose: String::new(),
        }
    }
}

//! What a lab is asked to contain: hosts, their services, and the facts of the pretended cloud.
//! Knows nothing of addresses, namespaces or programs.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

/// A whole laboratory. `LabSpec::default()` is an empty internet with a nameserver and no metadata service.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct LabSpec {
    pub hosts: Vec<HostSpec>,
    /// How many nodes there are, each with a namespace and an address of its own.
    pub nodes: u8,
    /// What the instance metadata service says; `None`: nothing answers at its address.
    pub metadata: Option<Metadata>,
    /// Whether nodes have IPv6 addresses and a default IPv6 route.
    pub ipv6: bool,
    /// Whether a nameserver answers at `Lab::second_nameserver` too (its port is closed otherwise).
    pub second_nameserver: bool,
    /// Whether haproxy and squid run on the firewall. Nothing is led to them until a fault does that; the explicit
    /// proxy (`Lab::proxy_url`) listens from the start.
    pub middleboxes: bool,
}

impl Default for LabSpec {
    fn default() -> Self {
        Self {
            hosts: Vec::new(),
            nodes: 1,
            metadata: None,
            ipv6: true,
            second_nameserver: false,
            middleboxes: false,
        }
    }
}

impl LabSpec {
    /// A lab of these hosts, everything else by default.
    pub fn of(hosts: impl IntoIterator<Item = HostSpec>) -> Self {
        Self {
            hosts: hosts.into_iter().collect(),
            ..Self::default()
        }
    }
}

/// The facts that `GET /metadata/instance` tells. A field that is `None` is left out of the answer.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Metadata {
    /// `AzurePublicCloud`, `AzureUSGovernmentCloud` or `AzureChinaCloud`.
    pub az_environment: Option<String>,
    pub location: Option<String>,
}

/// One host of the lab's internet, with an address of its own.
///
/// A name that is an IP address stands for itself: the host gets that address and no DNS name.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct HostSpec {
    pub name: String,
    pub services: Vec<Service>,
    /// Further names that its certificate covers, for hosts that are asked with another's SNI.
    pub server_names: Vec<String>,
    /// Status of every answer of its HTTP and HTTPS services.
    pub status: u16,
    /// Whether the name has an AAAA record (and its services an IPv6 address) too.
    pub ipv6: bool,
    /// How many IPv4 addresses the name has.
    pub addresses: u8,
    /// Its IPv4 address, for a host that must have a particular one.
    pub at: Option<Ipv4Addr>,
    /// Names that lead to the host's name, the first to the second and so on: each an alias (CNAME) of the next.
    pub aliases: Vec<String>,
}

impl HostSpec {
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            services: Vec::new(),
            server_names: Vec::new(),
            status: 200,
            ipv6: false,
            addresses: 1,
            at: None,
            aliases: Vec::new(),
        }
    }

    /// Adds a service, unless the host has it already.
    #[must_use]
    pub fn with(mut self, service: Service) -> Self {
        if !self.services.contains(&service) {
            self.services.push(service);
        }
        self
    }

    /// HTTPS on 443.
    #[must_use]
    pub fn https(self) -> Self {
        self.with(Service::https())
    }

    /// HTTP on 80.
    #[must_use]
    pub fn http(self) -> Self {
        self.with(Service::Http { port: 80 })
    }

    /// SSH on 22.
    #[must_use]
    pub fn ssh(self) -> Self {
        self.with(Service::Ssh { port: 22 })
    }

    #[must_use]
    pub fn tcp(self, port: u16) -> Self {
        self.with(Service::Tcp(port))
    }

    #[must_use]
    pub fn ntp(self) -> Self {
        self.with(Service::Ntp)
    }

    #[must_use]
    pub fn udp_silent(self, port: u16) -> Self {
        self.with(Service::UdpSilent(port))
    }

    #[must_use]
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.server_names.push(name.into());
        self
    }

    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    #[must_use]
    pub fn ipv6(mut self) -> Self {
        self.ipv6 = true;
        self
    }

    #[must_use]
    pub fn addresses(mut self, count: u8) -> Self {
        self.addresses = count;
        self
    }

    #[must_use]
    pub fn at(mut self, address: Ipv4Addr) -> Self {
        self.at = Some(address);
        self
    }

    #[must_use]
    pub fn alias(mut self, name: impl Into<String>) -> Self {
        self.aliases.push(name.into());
        self
    }

    /// Every name that its clients may ask it by.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        let more = self.server_names.iter().chain(&self.aliases);
        std::iter::once(&self.name).chain(more)
    }
}

/// What a host offers. Ports that no service names are closed, as on any host.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Service {
    /// TLS 1.2 and 1.3 with a certificate for the host, HTTP/1.1 behind it. With `alpn`, these protocols and
    /// `http/1.1` are accepted and echoed; without, ALPN is that of nginx (`http/1.1`).
    Https {
        port: u16,
        alpn: Vec<String>,
    },
    Http {
        port: u16,
    },
    Ssh {
        port: u16,
    },
    /// Accepts, and holds until the peer closes.
    Tcp(u16),
    /// Port 123.
    Ntp,
    /// An open UDP port that swallows everything.
    UdpSilent(u16),
}

impl Service {
    /// HTTPS on 443.
    pub const fn https() -> Self {
        Self::Https {
            port: 443,
            alpn: Vec::new(),
        }
    }

    /// HTTPS on 443 that echoes these ALPN protocols.
    pub fn https_alpn(protocols: &[&str]) -> Self {
        Self::Https {
            port: 443,
            alpn: protocols.iter().map(ToString::to_string).collect(),
        }
    }

    pub const fn port(&self) -> u16 {
        match self {
            Self::Https { port, .. }
            | Self::Http { port }
            | Self::Ssh { port }
            | Self::Tcp(port)
            | Self::UdpSilent(port) => *port,
            Self::Ntp => 123,
        }
    }

    pub const fn is_udp(&self) -> bool {
        matches!(self, Self::Ntp | Self::UdpSilent(_))
    }
}

//! Which targets are reached through which HTTP proxy, and which directly. Pure: knows neither files nor sockets.

mod address;
mod bypass;
mod environment;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

pub use address::ProxyAddress;
pub use bypass::Bypass;

use crate::problem::Problems;
use crate::target::{ProbeKind, Target};

/// What the user wants.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ProxyChoice {
    /// The node's direct path is tested.
    #[default]
    None,
    /// What the variables of the environment say.
    Environment,
    /// This proxy, for every scheme.
    Given(ProxyAddress),
}

impl FromStr for ProxyChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Self::None),
            "environment" => Ok(Self::Environment),
            url => url
                .parse()
                .map(Self::Given)
                .map_err(|why: String| format!("{why}; or write `none` or `environment`")),
        }
    }
}

/// What a choice comes to in an environment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DecidedProxy {
    /// Which targets are reached through which proxy.
    pub policy: ProxyPolicy,
    /// What was left out or assumed, in sentences without any secret.
    pub notices: Vec<String>,
}

impl ProxyChoice {
    /// Makes the policy. Exceptions that are given stand in place of those that the variables name.
    ///
    /// # Errors
    /// Every variable in use that names no proxy: to pass over it would be to test another path than the node's.
    pub fn decide(
        &self,
        no_proxy: Option<&Bypass>,
        variables: &BTreeMap<String, String>,
    ) -> Result<DecidedProxy, Problems> {
        match self {
            Self::None => Ok(DecidedProxy::default()),
            Self::Environment => environment::read(variables, no_proxy),
            Self::Given(address) => Ok(DecidedProxy {
                policy: ProxyPolicy::given(address.clone(), no_proxy.cloned().unwrap_or_default()),
                notices: Vec::new(),
            }),
        }
    }
}

/// A proxy and who named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Where it is.
    pub address: ProxyAddress,
    /// `configuration`, or the variable of the environment.
    pub via: &'static str,
}

/// Decides for every target. The default is no proxy at all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProxyPolicy {
    /// For what is tunnelled: `https`, `tcp` and `ssh`.
    tunnels: Option<Proxy>,
    /// For `http`.
    http: Option<Proxy>,
    bypass: Bypass,
}

impl ProxyPolicy {
    /// One proxy for everything that `bypass` does not except.
    pub fn given(address: ProxyAddress, bypass: Bypass) -> Self {
        let via = "configuration";
        let proxy = Some(Proxy { address, via });
        Self {
            tunnels: proxy.clone(),
            http: proxy,
            bypass,
        }
    }

    /// The proxy through which `target` is reached; none when it is reached directly. Names are matched as they are
    /// written, never resolved. What is spoken to nameservers, over UDP and for the time goes through no HTTP proxy.
    pub fn for_target(&self, target: &Target) -> Option<&Proxy> {
        let proxy = match target.id.probe {
            ProbeKind::Https | ProbeKind::Tcp | ProbeKind::Ssh => self.tunnels.as_ref(),
            ProbeKind::Http => self.http.as_ref(),
            ProbeKind::Dns
            | ProbeKind::DnsUdp
            | ProbeKind::DnsTcp
            | ProbeKind::Ntp
            | ProbeKind::Udp => None,
        }?;
        (!self.bypass.excepts(&target.host, target.port)).then_some(proxy)
    }

    /// Whether everything is reached directly.
    pub fn is_none(&self) -> bool {
        self.tunnels.is_none() && self.http.is_none()
    }
}

impl fmt::Display for ProxyPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = |proxy: &Option<Proxy>| match proxy {
            Some(proxy) => proxy.address.to_string(),
            None => "none".to_owned(),
        };
        let (tunnels, http) = (address(&self.tunnels), address(&self.http));
        if tunnels == http {
            f.write_str(&tunnels)?;
        } else {
            write!(f, "{tunnels} for https, tcp and ssh, {http} for http")?;
        }
        if !self.is_none() && !self.bypass.is_empty() {
            write!(f, " except {}", self.bypass)?;
        }
        Ok(())
    }
}

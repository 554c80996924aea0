//! The address of a proxy as people write it: `http://HOST:PORT`. Nothing else of a URL is kept, credentials least of all.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use crate::target::Host;

/// Names longer than this cannot be resolved (RFC 1035 section 2.3.4).
const LONGEST_NAME: usize = 253;

/// Schemes that other clients know; they may be named in messages, where any other beginning may be a secret.
const OTHER_SCHEMES: [&str; 6] = ["https", "socks", "socks4", "socks4a", "socks5", "socks5h"];

/// Where an HTTP proxy listens; it is spoken to in clear text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyAddress {
    /// Its name, which the node's resolvers know, or its address.
    pub host: Host,
    /// Its port.
    pub port: u16,
}

impl ProxyAddress {
    /// `HOST:PORT`.
    pub fn authority(&self) -> String {
        self.host.with_port(self.port)
    }
}

impl fmt::Display for ProxyAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.authority())
    }
}

impl FromStr for ProxyAddress {
    type Err = String;

    /// As configuration writes it: in full. Messages quote nothing of it, since it may hold a password.
    fn from_str(text: &str) -> Result<Self, String> {
        let url = Url::split(text)?;
        if url.has_credentials {
            return Err("must not contain credentials: the agent holds none".to_owned());
        }
        if !url.has_scheme {
            return Err("must begin with http://, as in http://proxy.example:3128".to_owned());
        }
        // Clients differ in what they take for the port (80 in Go, 1080 in curl).
        let port = url
            .port
            .ok_or("must name the port of the proxy, as in http://proxy.example:3128")?;
        let host = url.host;
        Ok(Self { host, port })
    }
}

/// The parts of a proxy's URL.
#[derive(Debug)]
pub(super) struct Url {
    pub(super) has_scheme: bool,
    /// A user or a password, which are dropped here.
    pub(super) has_credentials: bool,
    pub(super) host: Host,
    pub(super) port: Option<u16>,
}

impl Url {
    /// Takes the URL apart. A slash at its end is no path.
    pub(super) fn split(text: &str) -> Result<Self, String> {
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Some(scheme.to_ascii_lowercase()), rest),
            None => (None, text),
        };
        if let Some(scheme) = scheme.as_deref().filter(|scheme| *scheme != "http") {
            return Err(if OTHER_SCHEMES.contains(&scheme) {
                format!("must begin with http://: proxies that speak {scheme} are not supported")
            } else {
                "must begin with http://".to_owned()
            });
        }
        // A password may contain what would end the authority.
        let (has_credentials, rest) = match rest.rsplit_once('@') {
            Some((_dropped, rest)) => (true, rest),
            None => (false, rest),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains(['/', '?', '#']) {
            return Err("must end after the port: a proxy has no path".to_owned());
        }
        let (host, port) = host_and_port(authority)?;
        Ok(Self {
            has_scheme: scheme.is_some(),
            has_credentials,
            host,
            port,
        })
    }
}

/// `host`, `host:port`, `[address]` or `[address]:port`.
pub(super) fn host_and_port(authority: &str) -> Result<(Host, Option<u16>), String> {
    const NO_HOST: &str = "must name a host, as in proxy.example or 192.0.2.10";
    const NO_PORT: &str = "must have a port from 1 to 65535 behind the colon";
    let (host, port) = if let Some(literal) = authority.strip_prefix('[') {
        let (address, rest) = literal.split_once(']').ok_or("must close its bracket")?;
        let address: Ipv6Addr = address
            .parse()
            .map_err(|_| "must have an IPv6 address in its brackets")?;
        let port = match rest {
            "" => None,
            rest => Some(rest.strip_prefix(':').ok_or(NO_PORT)?),
        };
        (Host::Address(address.into()), port)
    } else {
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        };
        (parse_host(host).ok_or(NO_HOST)?, port)
    };
    match port.map(parse_port) {
        None => Ok((host, None)),
        Some(Some(port)) => Ok((host, Some(port))),
        Some(None) => Err(NO_PORT.to_owned()),
    }
}

/// A port to which something can be sent.
pub(super) fn parse_port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port > 0)
}

/// An IPv4 address, or a name in lower case without the dot of the root.
fn parse_host(text: &str) -> Option<Host> {
    if let Ok(address) = text.parse() {
        return Some(Host::Address(address));
    }
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    // No top-level domain is a number: `10.0.0.256` is an address that is mistyped.
    let ends_in_number = name
        .rsplit('.')
        .next()
        .is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    let is_name = name.len() <= LONGEST_NAME && name.split('.').all(is_label) && !ends_in_number;
    is_name.then_some(Host::Name(name))
}

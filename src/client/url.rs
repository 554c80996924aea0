//! Where an agent or a Prometheus server answers, as people write it.

use std::fmt::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// `http://HOST:PORT/PATH`, or the same with `https`; scheme, port and path may be missing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Url {
    /// Whether TLS is spoken.
    pub tls: bool,
    /// A name or an address.
    pub host: String,
    /// Absent when the reader of the URL decides.
    pub port: Option<u16>,
    /// What stands before every path; empty, or with a slash at its beginning only.
    pub prefix: String,
}

/// A text that is no such URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAUrl {
    /// Nothing between the scheme and the port.
    #[error("has no host; write HOST, HOST:PORT or http://HOST:PORT")]
    Host,
    /// Port 0, or no number.
    #[error("has no usable port; write HOST:PORT with a port from 1 to 65535")]
    Port,
    /// A query, a fragment, a login, or characters that no URL has.
    #[error("holds `{0}`, which has no place there; write HOST, HOST:PORT or http://HOST:PORT")]
    Character(char),
}

impl Url {
    /// An address that needs no name.
    pub fn of(address: SocketAddr) -> Self {
        Self {
            tls: false,
            host: address.ip().to_string(),
            port: Some(address.port()),
            prefix: String::new(),
        }
    }

    /// The same with this port, unless it has one.
    #[must_use]
    pub fn or_port(self, port: u16) -> Self {
        Self {
            port: self.port.or(Some(port)),
            ..self
        }
    }

    /// The same without this at the end of its path.
    #[must_use]
    pub fn without(mut self, end: &str) -> Self {
        if let Some(prefix) = self.prefix.strip_suffix(end) {
            self.prefix = prefix.to_owned();
        }
        self
    }

    /// Host and port as they stand in a URL.
    pub(super) fn authority(&self) -> String {
        let host = match self.host.parse::<IpAddr>() {
            Ok(IpAddr::V6(address)) => format!("[{address}]"),
            _ => self.host.clone(),
        };
        match self.port {
            Some(port) => format!("{host}:{port}"),
            None => host,
        }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.prefix)
    }
}

impl FromStr for Url {
    type Err = NotAUrl;

    fn from_str(text: &str) -> Result<Self, NotAUrl> {
        let strange = |c: &char| !c.is_ascii_graphic() || matches!(c, '?' | '#' | '@' | '\\' | '"');
        if let Some(character) = text.chars().find(strange) {
            return Err(NotAUrl::Character(character));
        }
        let over_tls = text.strip_prefix("https://");
        let bare = text.strip_prefix("http://").or(over_tls);
        let rest = bare.unwrap_or(text);
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let path = path.trim_end_matches('/');
        let (host, port) = split(authority)?;
        if host.is_empty() {
            return Err(NotAUrl::Host);
        }
        let prefix = if path.is_empty() {
            String::new()
        } else {
            format!("/{path}")
        };
        let tls = over_tls.is_some();
        let usual = if tls { 443 } else { 80 };
        Ok(Self {
            tls,
            host: host.to_owned(),
            // What has a scheme is a URL, and such URLs have a usual port.
            port: port.or(bare.map(|_| usual)),
            prefix,
        })
    }
}

/// `[::1]:9100`, `::1`, `host:9100` and `host`.
fn split(authority: &str) -> Result<(&str, Option<u16>), NotAUrl> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']').ok_or(NotAUrl::Host)?;
            (host, (!rest.is_empty()).then_some(rest))
        }
        None if authority.parse::<IpAddr>().is_ok() => (authority, None),
        None => match authority.find(':') {
            Some(colon) => (&authority[..colon], Some(&authority[colon..])),
            None => (authority, None),
        },
    };
    let Some(port) = port else {
        return Ok((host, None));
    };
    let number = port.strip_prefix(':').and_then(|port| port.parse().ok());
    match number {
        Some(port) if port > 0 => Ok((host, Some(port))),
        _ => Err(NotAUrl::Port),
    }
}

/// Percent-encoding of everything that is not unreserved (RFC 3986, section 2.3).
pub fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            // Writing to a string cannot fail.
            other => drop(write!(encoded, "%{other:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_as_people_write_them() {
        for (text, shown) in [
            ("node-3", "http://node-3:9100"),
            ("node-3:9110", "http://node-3:9110"),
            ("http://node-3:9110/", "http://node-3:9110"),
            ("http://node-3", "http://node-3:80"),
            ("https://node-3:9100/status", "https://node-3:9100"),
            ("https://node-3", "https://node-3:443"),
            ("node-3/status", "http://node-3:9100"),
            (
                "http://127.0.0.1:8001/api/proxy/status",
                "http://127.0.0.1:8001/api/proxy",
            ),
            ("fd00::7", "http://[fd00::7]:9100"),
            ("[fd00::7]:9110", "http://[fd00::7]:9110"),
        ] {
            let url: Url = text.parse().unwrap();
            assert_eq!(
                url.or_port(9100).without("/status").to_string(),
                shown,
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_url_is_refused_with_its_reason() {
        for (text, why) in [
            ("", NotAUrl::Host),
            (":9100", NotAUrl::Host),
            ("http://", NotAUrl::Host),
            ("node-3:", NotAUrl::Port),
            ("node-3:0", NotAUrl::Port),
            ("node-3:65536", NotAUrl::Port),
            ("[::1]9100", NotAUrl::Port),
            ("user@node-3", NotAUrl::Character('@')),
            ("node-3/status?watch", NotAUrl::Character('?')),
            ("node 3", NotAUrl::Character(' ')),
        ] {
            assert_eq!(text.parse::<Url>(), Err(why), "{text}");
        }
    }

    #[test]
    fn expressions_travel_unharmed() {
        let expression = "up == 0 and x{a=\"é\"}";
        let travels = "up%20%3D%3D%200%20and%20x%7Ba%3D%22%C3%A9%22%7D";
        assert_eq!(encoded(expression), travels);
    }
}

//! A `ClientHello` as bytes, for experiments that look at nothing but what comes back first.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use rustls::ClientConnection;
use rustls::pki_types::ServerName;

use super::trust::base_config;

/// Stands for the peer when no name is sent; an address is never sent as SNI (RFC 6066 section 3).
const NOBODY: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// How large a `ClientHello` is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Padding {
    /// As an attempt sends it.
    None,
    /// More than any first link takes in one segment of usual size.
    Large,
}

/// What an attempt would send, with this SNI or without any. Random keys, as in every real one, and nothing secret.
pub(crate) fn client_hello(name: Option<&str>, padding: Padding) -> Option<Vec<u8>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = base_config(&provider).ok()?;
    config.alpn_protocols = application_protocols(padding);
    let server = match name {
        Some(name) => ServerName::try_from(name.to_owned()).ok()?,
        None => ServerName::from(NOBODY),
    };
    let mut session = ClientConnection::new(Arc::new(config), server).ok()?;
    let mut bytes = Vec::new();
    session.write_tls(&mut bytes).ok()?;
    Some(bytes)
}

/// Names that no server knows may stand beside one that it does (RFC 7301 section 3.1).
fn application_protocols(padding: Padding) -> Vec<Vec<u8>> {
    const NAMES: usize = 7;
    const LENGTH: usize = 250;
    let mut protocols = vec![b"http/1.1".to_vec()];
    if padding == Padding::Large {
        let digits = (b'0'..).take(NAMES);
        protocols.extend(digits.map(|digit| [&b"padding-"[..], &[digit; LENGTH - 8]].concat()));
    }
    protocols
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(bytes: &[u8], name: &[u8]) -> bool {
        bytes.windows(name.len()).any(|window| window == name)
    }

    #[test]
    fn a_hello_carries_its_name_and_its_size() {
        let name = Some("mcr.example");
        let plain = client_hello(name, Padding::None).unwrap();
        let large = client_hello(name, Padding::Large).unwrap();
        let nameless = client_hello(None, Padding::None).unwrap();
        for hello in [&plain, &large, &nameless] {
            assert_eq!(hello[0], 22, "a handshake record");
            assert_eq!(contains(hello, b"mcr.example"), *hello != nameless);
        }
        assert!(plain.len() < 400, "{}", plain.len());
        assert!(large.len() > 1800, "{}", large.len());
    }
}

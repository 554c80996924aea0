//! Pages that nginx serves at the address of the oddities, for faults that put them in place of a host's own.

use std::fmt::Write;
use std::path::Path;

use anyhow::Result;

use crate::ca::{Authority, Validity};
use crate::directory::{Directory, ODDITIES, ODDITIES_V6};
use crate::spec::LabSpec;

/// A server that is good but for one thing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Page {
    /// HTTP without TLS.
    Plain,
    Expired,
    NotYetValid,
    WrongName,
    TlsHeaderFlood,
    HttpHeaderFlood,
    /// A redirect to a page of another domain.
    Block,
    /// A captive portal.
    Portal,
}

impl Page {
    const ALL: [Self; 8] = [
        Self::Plain,
        Self::Expired,
        Self::NotYetValid,
        Self::WrongName,
        Self::TlsHeaderFlood,
        Self::HttpHeaderFlood,
        Self::Block,
        Self::Portal,
    ];

    /// The port at the address of the oddities where peers meet it.
    pub(crate) const fn port(self) -> u16 {
        41_001 + self as u16
    }

    fn answer(self) -> String {
        match self {
            Self::Block => "return 302 https://blocked.example.net/why?u=1;".to_owned(),
            Self::Portal => "return 511 \"Log in to use this network\\n\";".to_owned(),
            Self::TlsHeaderFlood | Self::HttpHeaderFlood => {
                let mut headers = String::new();
                for number in 0..17 {
                    // Writing to a String cannot fail. A parameter of nginx has at most 4 KiB.
                    let _ = write!(headers, "add_header X-Flood-{number} {};", "x".repeat(3900));
                }
                headers + "return 200;"
            }
            _ => "return 200 \"not the host's own\\n\";".to_owned(),
        }
    }
}

/// A `server` block for each page.
pub(super) fn servers(
    spec: &LabSpec,
    directory: &Directory,
    authority: &Authority,
) -> Result<String> {
    let hosts = directory.sites.iter().filter(|site| site.has_name());
    let names: Vec<_> = hosts.flat_map(|site| site.spec.names().cloned()).collect();
    let mut blocks = String::new();
    for page in Page::ALL {
        let certificate = match page {
            Page::Expired => Some(authority.sign("expired", names.clone(), Validity::Over)?),
            Page::NotYetValid => {
                Some(authority.sign("not-yet-valid", names.clone(), Validity::ToCome)?)
            }
            Page::WrongName => {
                let other = vec!["another.example.net".to_owned()];
                Some(authority.sign("another", other, Validity::Now)?)
            }
            Page::TlsHeaderFlood => Some(authority.sign("every", names.clone(), Validity::Now)?),
            _ => None,
        };
        let block = server(page, certificate.as_deref(), spec.ipv6);
        writeln!(blocks, "{block}")?;
    }
    Ok(blocks)
}

fn server(page: Page, certificate: Option<&Path>, ipv6: bool) -> String {
    let (tls, certificate) = match certificate {
        Some(path) => (" ssl", format!("ssl_certificate {};", path.display())),
        None => ("", String::new()),
    };
    let port = page.port();
    let mut listen = format!("listen {ODDITIES}:{port}{tls};");
    if ipv6 {
        // Writing to a String cannot fail.
        let _ = write!(listen, " listen [{ODDITIES_V6}]:{port}{tls};");
    }
    format!(
        "server {{ {listen} {certificate} location / {{ {} }} }}",
        page.answer()
    )
}

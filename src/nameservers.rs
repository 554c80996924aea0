//! The node's own nameservers: from a text in the form of resolv.conf(5), or as somebody writes them on a command line.
//!
//! Only the addresses are read. Search domains and options shape names and waits, and both are the plan's
//! and the resolver's own business. Whether a file changed is seen by comparing the lists.

use std::io;
use std::net::{AddrParseError, IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use nix::net::if_::if_nametoindex;
use thiserror::Error;

use crate::file::{self, FileError};
use crate::text::printable;

/// The port of DNS.
const PORT: u16 = 53;

/// Whom the system's resolver asks when its file names nobody (resolv.conf(5)).
pub const THIS_NODE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), PORT);

/// A longer file is not a resolv.conf, in bytes.
const LARGEST: u64 = 64 * 1024;

/// Bytes shown of what is no address.
const LONGEST_SHOWN: usize = 128;

/// Lines that are left out are told one by one up to this many.
const MOST_TOLD: usize = 8;

/// The system's resolver reads no more of them (`MAXNS` in resolv.conf(5)).
const MOST_NAMESERVERS: usize = 3;

/// Why a file names no nameservers.
#[derive(Debug, Error)]
pub enum NameserversError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", file.display())]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A directory, a pipe or a device.
    #[error("{} is not a file", file.display())]
    NotAFile {
        /// What is none.
        file: PathBuf,
    },
    /// The file is larger than 64 KiB.
    #[error("{} is larger than 64 KiB; is it a resolv.conf?", file.display())]
    TooLarge {
        /// Which file.
        file: PathBuf,
    },
    /// The file is not text.
    #[error("{}:{line}: not text; is it a resolv.conf?", file.display())]
    NotText {
        /// Which file.
        file: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// None of the nameserver lines can be used; this is the first one.
    #[error("{}:{line}: {source}", file.display())]
    NoneUsable {
        /// Which file.
        file: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong with that line.
        source: NotANameserver,
    },
}

/// A text that is not the address of a nameserver.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotANameserver {
    /// Neither `ADDRESS` nor `ADDRESS:PORT`.
    #[error("`{0}` is not the address of a nameserver; write ADDRESS, ADDRESS:PORT or [IPV6]:PORT")]
    Address(String),
    /// Port 0, or more than 65535.
    #[error("`{0}` has no usable port; write 1 to 65535")]
    Port(String),
    /// A link-local address with a scope that is no interface of this node.
    #[error("`{0}` is in the scope of an interface that this node does not have")]
    Scope(String),
}

/// A nameserver as `ADDRESS[:PORT]`: `10.0.0.10`, `10.0.0.10:5353`, `fd00::10`, `[fd00::10]:5353`, `fe80::1%eth0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Nameserver(pub SocketAddr);

impl FromStr for Nameserver {
    type Err = NotANameserver;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, port) = split_port(text)?;
        socket_address(address, port, text).map(Self)
    }
}

/// What a file says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listed {
    /// At most three, in the order of the file; none when no line names one, which is for the caller to judge.
    pub nameservers: Vec<SocketAddr>,
    /// The lines that cannot be used, in words.
    pub ignored: Vec<String>,
}

/// The nameservers that the file at `path` names. A line that cannot be used is left out as long as another one can.
pub fn load(path: &Path) -> Result<Listed, NameserversError> {
    let file = path.to_owned();
    let bytes = file::read(path, LARGEST).map_err(|error| match error {
        FileError::Unreadable(source) => NameserversError::Unreadable { file, source },
        FileError::NotAFile => NameserversError::NotAFile { file },
        FileError::TooLarge(_) => NameserversError::TooLarge { file },
    })?;
    parse(&bytes, path)
}

/// The nameservers that a file with these bytes names; `path` is only named in errors.
pub fn parse(bytes: &[u8], path: &Path) -> Result<Listed, NameserversError> {
    let mut usable = Vec::new();
    let mut unusable = Vec::new();
    for (index, bytes) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let line = index + 1;
        let text = statement(bytes).ok_or_else(|| NameserversError::NotText {
            file: path.to_owned(),
            line,
        })?;
        match nameserver_line(text) {
            None => {}
            Some(Ok(address)) => usable.push(address),
            Some(Err(error)) => unusable.push((line, error)),
        }
    }
    if usable.is_empty() && !unusable.is_empty() {
        let (line, source) = unusable.swap_remove(0);
        return Err(NameserversError::NoneUsable {
            file: path.to_owned(),
            line,
            source,
        });
    }
    usable.truncate(MOST_NAMESERVERS);
    let file = path.display();
    let left_out = |(line, error): &_| format!("{file}:{line}: {error}; the line is left out");
    let mut ignored: Vec<_> = unusable.iter().take(MOST_TOLD).map(left_out).collect();
    if let Some(more @ 1..) = unusable.len().checked_sub(MOST_TOLD) {
        ignored.push(format!("{file}: {more} more lines like these are left out"));
    }
    Ok(Listed {
        nameservers: without_repeats(usable),
        ignored,
    })
}

/// A line without its comment, which may be in any encoding; none when the rest is not text.
fn statement(line: &[u8]) -> Option<&str> {
    let comment = line.iter().position(|byte| matches!(byte, b'#' | b';'));
    let text = std::str::from_utf8(&line[..comment.unwrap_or(line.len())]).ok()?;
    (!text.contains('\0')).then_some(text)
}

fn nameserver_line(text: &str) -> Option<Result<SocketAddr, NotANameserver>> {
    let mut words = text.split_whitespace();
    if words.next() != Some("nameserver") {
        return None;
    }
    let address = words.next().unwrap_or_default();
    Some(socket_address(address, PORT, address))
}

/// A nameserver that is listed twice is one target.
fn without_repeats(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let mut unique = Vec::with_capacity(addresses.len());
    for address in addresses {
        if !unique.contains(&address) {
            unique.push(address);
        }
    }
    unique
}

fn split_port(text: &str) -> Result<(&str, u16), NotANameserver> {
    let (address, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, after) = rest
                .split_once(']')
                .ok_or_else(|| NotANameserver::Address(shown(text)))?;
            let port = after.strip_prefix(':');
            if port.is_none() && !after.is_empty() {
                return Err(NotANameserver::Address(shown(text)));
            }
            (address, port)
        }
        // Two colons or more without brackets are a bare IPv6 address.
        None => match text.split_once(':') {
            Some((address, port)) if !port.contains(':') => (address, Some(port)),
            _ => (text, None),
        },
    };
    let port = match port.map(str::parse) {
        None => PORT,
        Some(Ok(port)) if port > 0 => port,
        Some(_) => return Err(NotANameserver::Port(shown(text))),
    };
    Ok((address, port))
}

/// `whole` is what was written, for the error.
fn socket_address(address: &str, port: u16, whole: &str) -> Result<SocketAddr, NotANameserver> {
    let not_an_address = |_: AddrParseError| NotANameserver::Address(shown(whole));
    let Some((address, scope)) = address.split_once('%') else {
        let address: IpAddr = address.parse().map_err(not_an_address)?;
        return Ok(SocketAddr::new(address, port));
    };
    let address: Ipv6Addr = address.parse().map_err(not_an_address)?;
    let scope = scope_id(scope).ok_or_else(|| NotANameserver::Scope(shown(whole)))?;
    Ok(SocketAddrV6::new(address, port, 0, scope).into())
}

/// An interface by its name, or by its number (RFC 4007 section 11).
fn scope_id(scope: &str) -> Option<u32> {
    if_nametoindex(scope).ok().or_else(|| scope.parse().ok())
}

fn shown(text: &str) -> String {
    printable(text.as_bytes(), LONGEST_SHOWN)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> Result<Vec<String>, String> {
        let found = parse(text.as_bytes(), Path::new("/etc/resolv.conf"));
        let found = found.map_err(|error| error.to_string())?.nameservers;
        Ok(found.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_file_names_its_nameservers_in_order() {
        let text = "# by hand\nsearch corp.example\n nameserver\t10.0.0.10 # first\n\
                    options ndots:5\nnameserver fd00::10\n;nameserver 10.0.0.66\nnameserverx 10.0.0.67\n";
        assert_eq!(parsed(text).unwrap(), ["10.0.0.10:53", "[fd00::10]:53"]);
    }

    #[test]
    fn three_are_read_and_repeats_are_one() {
        let lines = |last: &[u8]| -> String {
            let lines = last.iter().map(|n| format!("nameserver 10.0.0.{n}"));
            lines.collect::<Vec<_>>().join("\n")
        };
        let expected = ["10.0.0.1:53", "10.0.0.2:53", "10.0.0.3:53"];
        assert_eq!(parsed(&lines(&[1, 2, 3, 4])).unwrap(), expected);
        assert_eq!(parsed(&lines(&[1, 1, 2, 3])).unwrap(), expected[..2]);
    }

    #[test]
    fn a_file_without_nameservers_names_none() {
        for text in ["", "search corp.example\n", "# nameserver 10.0.0.10\n"] {
            assert!(parsed(text).unwrap().is_empty(), "{text:?}");
        }
    }

    #[test]
    fn lines_that_are_left_out_are_told() {
        let text = "nameserver dns.example\nnameserver 10.0.0.10\nnameserver fe80::1%nowhere9\n";
        let found = parse(text.as_bytes(), Path::new("/etc/resolv.conf")).unwrap();
        let lines = found.ignored.iter().map(|told| told.split(' ').next());
        let expected = ["/etc/resolv.conf:1:", "/etc/resolv.conf:3:"].map(Some);
        assert_eq!(lines.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_bad_line_is_left_out_unless_it_is_all_there_is() {
        let text = "nameserver dns.example\nnameserver 10.0.0.10\n";
        assert_eq!(parsed(text).unwrap(), ["10.0.0.10:53"]);
        let text = "search a\nnameserver dns.example\nnameserver\n";
        let error = parsed(text).unwrap_err();
        assert!(
            error.starts_with("/etc/resolv.conf:2: `dns.example`"),
            "{error}"
        );
    }

    #[test]
    fn a_scope_is_an_interface_by_name_or_number() {
        let index = if_nametoindex("lo").unwrap();
        let expected = [format!("[fe80::1%{index}]:53")];
        assert_eq!(parsed("nameserver fe80::1%lo").unwrap(), expected);
        assert_eq!(parsed("nameserver fe80::1%7").unwrap(), ["[fe80::1%7]:53"]);
        let error = parsed("nameserver fe80::1%nowhere9").unwrap_err();
        assert!(error.contains("scope"), "{error}");
        assert!(parsed("nameserver 10.0.0.10%lo").is_err());
    }

    #[test]
    fn a_flag_may_have_a_port() {
        for (text, expected) in [
            ("10.0.0.10", "10.0.0.10:53"),
            ("10.0.0.10:5353", "10.0.0.10:5353"),
            ("fd00::10", "[fd00::10]:53"),
            ("[fd00::10]", "[fd00::10]:53"),
            ("[fd00::10]:5353", "[fd00::10]:5353"),
            ("[fe80::1%7]:5353", "[fe80::1%7]:5353"),
        ] {
            let Nameserver(address) = text.parse().unwrap();
            assert_eq!(address.to_string(), expected);
        }
    }

    #[test]
    fn a_bad_flag_says_what_is_wrong_with_it() {
        let error = |text: &str| text.parse::<Nameserver>().unwrap_err();
        for text in [
            "",
            "dns.example",
            "dns.example:53",
            "[fd00::10",
            "[fd00::10]53",
            "[10.0.0.10",
            ":53",
        ] {
            assert_eq!(error(text), NotANameserver::Address(text.to_owned()));
        }
        for text in [
            "10.0.0.10:0",
            "10.0.0.10:",
            "10.0.0.10:65536",
            "[fd00::10]:x",
        ] {
            assert_eq!(error(text), NotANameserver::Port(text.to_owned()));
        }
    }

    #[test]
    fn files_that_cannot_be_used_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let written = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            fs::write(&path, bytes).unwrap();
            load(&path).inspect_err(|error| {
                let text = error.to_string();
                assert!(text.contains(name), "{text}");
            })
        };
        let good = written("good", b"nameserver 10.0.0.10\n").unwrap();
        assert_eq!(good.nameservers, ["10.0.0.10:53".parse().unwrap()]);
        assert!(good.ignored.is_empty());
        let huge = written("huge", &vec![b'\n'; 65_537]);
        assert!(matches!(huge, Err(NameserversError::TooLarge { .. })));
        assert!(written("large", &vec![b'\n'; 65_536]).is_ok());
        let garbage = written("garbage", b"nameserver 10.0.0.10\n\xff\xfe\n");
        assert!(matches!(
            garbage,
            Err(NameserversError::NotText { line: 2, .. })
        ));
        assert!(written("zeros", b"search a\0b\n").is_err());
        let latin1 = written("latin1", b"# caf\xe9\nnameserver 10.0.0.10\n").unwrap();
        assert_eq!(latin1, good);
        let missing = load(&folder.path().join("missing"));
        assert!(matches!(missing, Err(NameserversError::Unreadable { .. })));
        let directory = load(folder.path());
        assert!(matches!(directory, Err(NameserversError::NotAFile { .. })));
    }

    #[test]
    fn a_pipe_is_refused_and_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        assert!(matches!(
            load(&pipe),
            Err(NameserversError::NotAFile { .. })
        ));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(nameserver|[ \\t\\n#;:%\\[\\].0-9a-f]|\\PC){0,60}") {
            let _ = parse(text.as_bytes(), Path::new("x"));
            let _ = text.parse::<Nameserver>();
        }
    }
}

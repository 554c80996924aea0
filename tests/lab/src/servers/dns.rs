//! dnsmasq, authoritative for exactly the hosts' names: any other name does not exist. Nothing is asked of
//! the machine's own resolvers. The names lie in a hosts file that is read again on SIGHUP.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::net::{IpAddr, UdpSocket};
use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::process::Process;
use crate::directory::{Directory, NAMESERVER, SECOND_NAMESERVER, Site};
use crate::namespace::Namespace;
use crate::spec::{HostSpec, LabSpec};

/// A name that only the lab knows. Its second answer, a serial number in 127.0.0.0/8, tells which hosts file is in force.
const CANARY: &str = "serial.egress-lab.invalid";

/// Names that answer something else than their host's addresses; an empty list: the name does not exist.
pub(crate) type Overrides = BTreeMap<String, Vec<IpAddr>>;

pub(super) fn start(
    internet: &Namespace,
    spec: &LabSpec,
    directory: &Directory,
    folder: &Path,
) -> Result<Process> {
    fs::write(folder.join("hosts"), hosts(directory, &Overrides::new(), 0))?;
    let mut addresses = vec![NAMESERVER.to_string()];
    if spec.second_nameserver {
        addresses.push(SECOND_NAMESERVER.to_string());
    }
    let addresses = addresses.join(",");
    let folder_name = folder.display();
    let configuration = format!(
        "user=root\n\
         port=53\n\
         listen-address={addresses}\n\
         bind-interfaces\n\
         no-resolv\n\
         no-poll\n\
         no-round-robin\n\
         no-hosts\n\
         addn-hosts={folder_name}/hosts\n\
         local=/#/\n\
         local-ttl=0\n\
         cache-size=0\n\
         log-facility=-\n"
    );
    let aliases = directory.sites.iter().map(|site| aliases(&site.spec));
    let configuration = configuration + &aliases.collect::<String>();
    let file = folder.join("dnsmasq.conf");
    fs::write(&file, configuration)?;
    let configuration = format!("--conf-file={}", file.display());
    let pid = format!("--pid-file={folder_name}/dnsmasq.pid");
    let arguments = ["--keep-in-foreground", &configuration, &pid];
    Process::start(internet, "dnsmasq", &arguments, folder)
}

/// One line for each alias of a host, which leads to the next one or, the last of them, to the host's name.
fn aliases(host: &HostSpec) -> String {
    let targets = host.aliases.iter().skip(1).chain([&host.name]);
    let mut lines = String::new();
    for (alias, target) in host.aliases.iter().zip(targets) {
        // Writing to a String cannot fail.
        let _ = writeln!(lines, "cname={alias},{target}");
    }
    lines
}

/// The hosts file: every name with its addresses, or with what stands in `overrides`.
pub(crate) fn hosts(directory: &Directory, overrides: &Overrides, serial: u16) -> String {
    let [high, low] = serial.to_be_bytes();
    let mut text = format!("127.1.{high}.{low} {CANARY}\n");
    let sites = directory.sites.iter().filter(|site| site.has_name());
    let own = sites.map(|site| (site.spec.name.clone(), Site::addresses(site)));
    let mut names: BTreeMap<_, _> = own.collect();
    names.extend(overrides.clone());
    for (name, addresses) in names {
        for address in addresses.into_iter().collect::<BTreeSet<_>>() {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{address} {name}");
        }
    }
    text
}

/// Whether the nameserver is up. Run inside the internet namespace.
pub(super) fn answers() -> bool {
    serial().is_some()
}

/// The serial number of the hosts file that is being served. Run inside the internet namespace.
pub(crate) fn serial() -> Option<u16> {
    let socket = UdpSocket::bind((NAMESERVER, 0)).ok()?;
    let patience = Some(Duration::from_millis(200));
    socket.set_read_timeout(patience).ok()?;
    socket.connect((NAMESERVER, 53)).ok()?;
    socket.send(&query(CANARY)).ok()?;
    let mut buffer = [0; 512];
    let length = socket.recv(&mut buffer).ok()?;
    // The answer's only record is an A record, and its four bytes are the last of the message.
    let [.., 127, 1, high, low] = buffer[..length] else {
        return None;
    };
    Some(u16::from_be_bytes([high, low]))
}

/// A query for the A record of a name.
fn query(name: &str) -> Vec<u8> {
    let mut message = vec![0x13, 0x57, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    message.extend(wire_name(name));
    message.extend([0, 1, 0, 1]);
    message
}

/// A name as it travels in a DNS message.
pub(crate) fn wire_name(name: &str) -> Vec<u8> {
    let mut wire = Vec::with_capacity(name.len() + 2);
    for label in name.trim_end_matches('.').split('.') {
        // A label has at most 63 bytes; a longer one makes a query that no server takes for another name.
        wire.push(u8::try_from(label.len()).unwrap_or(u8::MAX));
        wire.extend(label.bytes());
    }
    wire.push(0);
    wire
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_addresses_is_left_out_of_the_hosts_file() {
        let spec = LabSpec::of([HostSpec::new("a.example"), HostSpec::new("b.example")]);
        let directory = Directory::new(&spec).unwrap();
        let overrides = Overrides::from([("a.example".into(), Vec::new())]);
        let text = hosts(&directory, &overrides, 258);
        assert_eq!(
            text,
            "127.1.1.2 serial.egress-lab.invalid\n203.0.113.2 b.example\n"
        );
    }

    #[test]
    fn a_wire_name_counts_its_labels() {
        assert_eq!(wire_name("mcr.com"), b"\x03mcr\x03com\x00");
    }
}

//! haproxy on the firewall: a transparent proxy that decides by SNI or Host, as Azure Firewall does, and another
//! one that opens TLS. Which names are denied how lies in lists, which are changed while it runs.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::process::Process;
use crate::ca::{Authority, INSPECTION_SIGNER, Validity};
use crate::directory::NAMESERVER;
use crate::fault::Fault;
use crate::namespace::Namespace;

/// On packets to a peer that is to see a reset.
pub(crate) const RESET_MARK: &str = "0x52";

/// The lists of names, one for each way of denying.
const LISTS: [Fault; 5] = [
    Fault::SniClose,
    Fault::SniReset,
    Fault::SniDrop,
    Fault::SniAlert,
    Fault::Http470,
];

/// Where connections are led to.
#[derive(Clone, Copy)]
pub(crate) enum Face {
    /// Plain HTTP.
    Http,
    /// TLS that is passed on unopened.
    Tls,
    /// TLS that is opened and signed anew.
    Inspection,
}

impl Face {
    pub(crate) const fn port(self) -> u16 {
        42_001 + self as u16
    }
}

pub(super) fn start(firewall: &Namespace, authority: &Authority, folder: &Path) -> Result<Process> {
    for list in LISTS {
        fs::write(list_file(folder, list), "")?;
    }
    let own = vec!["haproxy.egress-lab.invalid".to_owned()];
    let certificate = authority.sign("haproxy", own, Validity::Now)?;
    let certificate = authority.with_key(&certificate)?;
    let file = folder.join("haproxy.conf");
    fs::write(&file, configuration(folder, &certificate)?)?;
    let arguments = ["-db", "-f", &file.display().to_string()];
    Process::start(firewall, "haproxy", &arguments, folder)
}

fn list_file(folder: &Path, list: Fault) -> PathBuf {
    folder.join(format!("{list}.names"))
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("haproxy.sock")
}

/// Whether it is up.
pub(super) fn answers(folder: &Path) -> bool {
    UnixStream::connect(socket(folder)).is_ok()
}

/// Makes these the denied names; they are in force upon return.
pub(crate) fn deny(folder: &Path, denied: &[(Fault, &str)]) -> Result<()> {
    let mut commands = Vec::new();
    for list in LISTS {
        let file = list_file(folder, list);
        commands.push(format!("clear acl {}", file.display()));
        let names = denied.iter().filter(|(fault, _)| *fault == list);
        commands.extend(names.map(|(_, name)| format!("add acl {} {name}", file.display())));
    }
    for command in commands {
        let mut stream = UnixStream::connect(socket(folder)).context("talking to haproxy")?;
        writeln!(stream, "{command}")?;
        let mut said = String::new();
        stream.read_to_string(&mut said)?;
        ensure!(
            said.trim().is_empty(),
            "haproxy says to {command:?}: {said}"
        );
    }
    Ok(())
}

fn configuration(folder: &Path, certificate: &Path) -> Result<String> {
    let socket = socket(folder);
    let mut text = String::new();
    writeln!(
        text,
        "global\n\
         stats socket {} mode 600 level admin\n\
         defaults\n\
         timeout connect 5s\n\
         timeout client 60s\n\
         timeout server 60s\n\
         resolvers lab\n\
         nameserver lab {NAMESERVER}:53\n\
         hold valid 0s\n",
        socket.display()
    )?;
    text += &tls_face(folder, certificate);
    text += &inspection_face(folder, certificate);
    text += &http_face(folder);
    Ok(text)
}

/// Names are resolved anew, as the real one does: the address that the client has dialled counts for nothing.
fn tls_face(folder: &Path, certificate: &Path) -> String {
    let denied = |list| {
        format!(
            "{{ req.ssl_sni -i -f {} }}",
            list_file(folder, list).display()
        )
    };
    let [close, reset, drop, by_alert] = [
        Fault::SniClose,
        Fault::SniReset,
        Fault::SniDrop,
        Fault::SniAlert,
    ]
    .map(denied);
    let port = Face::Tls.port();
    format!(
        "frontend tls\n\
         bind :::{port} v4v6\n\
         mode tcp\n\
         tcp-request inspect-delay 30s\n\
         tcp-request content reject if {{ req.ssl_hello_type 1 }} !{{ req.ssl_sni -m found }}\n\
         tcp-request content reject if {close}\n\
         tcp-request content set-mark {RESET_MARK} if {reset}\n\
         tcp-request content reject if {reset}\n\
         tcp-request content silent-drop if {drop}\n\
         tcp-request content accept if {by_alert}\n\
         tcp-request content do-resolve(txn.host,lab,ipv4) req.ssl_sni if {{ req.ssl_hello_type 1 }}\n\
         tcp-request content set-dst var(txn.host) if {{ var(txn.host) -m found }}\n\
         tcp-request content accept if {{ req.ssl_hello_type 1 }}\n\
         use_backend alert if {by_alert}\n\
         default_backend splice\n"
    ) + &tls_ends(folder, certificate)
}

/// Where connections of that face lead: to the host, or to a face without a certificate for any name.
fn tls_ends(folder: &Path, certificate: &Path) -> String {
    let alert = folder.join("haproxy-alert.sock");
    let (alert, certificate) = (alert.display(), certificate.display());
    format!(
        "backend splice\n\
         mode tcp\n\
         server host 0.0.0.0:443\n\
         backend alert\n\
         mode tcp\n\
         server itself unix@{alert}\n\
         frontend alert\n\
         mode tcp\n\
         bind unix@{alert} ssl crt {certificate} strict-sni\n\
         default_backend splice\n"
    )
}

fn inspection_face(folder: &Path, certificate: &Path) -> String {
    let signer = folder.join("certificates").join(INSPECTION_SIGNER);
    let (signer, certificate) = (signer.display(), certificate.display());
    let port = Face::Inspection.port();
    format!(
        "frontend inspection\n\
         bind :::{port} v4v6 ssl crt {certificate} generate-certificates ca-sign-file {signer}\n\
         mode tcp\n\
         tcp-request inspect-delay 30s\n\
         tcp-request content do-resolve(txn.host,lab,ipv4) ssl_fc_sni\n\
         tcp-request content set-dst var(txn.host) if {{ var(txn.host) -m found }}\n\
         default_backend opened\n\
         backend opened\n\
         mode tcp\n\
         server host 0.0.0.0:443 ssl verify none sni ssl_fc_sni\n"
    )
}

fn http_face(folder: &Path) -> String {
    let denied = list_file(folder, Fault::Http470);
    let (denied, port) = (denied.display(), Face::Http.port());
    format!(
        "frontend http\n\
         bind :::{port} v4v6\n\
         mode http\n\
         http-request return status 470 content-type \"text/plain; charset=utf-8\" \
         string \"Action: Deny. Reason: No rule matched. Proceeding with default action.\" \
         if {{ hdr(host),host_only -i -f {denied} }}\n\
         http-request do-resolve(txn.host,lab,ipv4) hdr(host),host_only\n\
         http-request set-dst var(txn.host) if {{ var(txn.host) -m found }}\n\
         default_backend plain\n\
         backend plain\n\
         mode http\n\
         server host 0.0.0.0:80\n"
    )
}

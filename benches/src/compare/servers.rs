//! What is probed: nginx and dnsmasq on addresses of this namespace, with a private authority.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use crate::http::is_up;
use crate::measured::Measured;

/// The one name. Targets differ by port.
pub(crate) const NAME: &str = "bench.test";
/// Not a loopback address, which a name must not resolve to; it lies on the loopback interface all the same.
const ADDRESS: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 1);
pub(crate) const TLS_PORT: u16 = 20_000;
pub(crate) const PLAIN_PORT: u16 = 21_000;
pub(crate) const MOST_TARGETS: u16 = 1000;

pub(crate) struct Servers {
    pub(crate) ca_file: PathBuf,
    /// What names the nameserver, for programs that only know /etc/resolv.conf.
    pub(crate) resolv_conf: PathBuf,
    _nginx: Measured,
    _dnsmasq: Measured,
}

impl Servers {
    pub(crate) fn start(folder: &Path) -> Result<Self> {
        wire()?;
        let ca_file = certificates(folder)?;
        let resolv_conf = folder.join("resolv.conf");
        fs::write(&resolv_conf, "nameserver 127.0.0.1\n")?;
        let mut nginx = nginx(folder)?;
        nginx.wait(|| is_up(SocketAddr::from((ADDRESS, PLAIN_PORT)), "/"))?;
        Ok(Self {
            ca_file,
            resolv_conf,
            _nginx: nginx,
            _dnsmasq: dnsmasq(folder)?,
        })
    }
}

/// Refuses to work where packets could get out, and gives the servers their address.
fn wire() -> Result<()> {
    let links = ip(&["-o", "link"])?;
    ensure!(
        links.lines().count() == 1,
        "this is no network namespace with loopback only: use `make bench`"
    );
    ip(&["link", "set", "lo", "up"])?;
    ip(&["addr", "add", &format!("{ADDRESS}/32"), "dev", "lo"])?;
    // The agent's control dial ends in silence, as it does on a network: nobody has the address, and nothing forwards.
    ip(&["route", "add", "192.0.2.0/24", "dev", "lo"])?;
    Ok(())
}

fn ip(arguments: &[&str]) -> Result<String> {
    let output = Command::new("ip").args(arguments).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "ip {arguments:?}: {}", said.trim());
    Ok(String::from_utf8(output.stdout)?)
}

/// A P-256 leaf that a P-256 root has signed, and the root's file.
fn certificates(folder: &Path) -> Result<PathBuf> {
    let mut root = CertificateParams::new([])?;
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root_key = KeyPair::generate()?;
    let ca_file = folder.join("ca.pem");
    fs::write(&ca_file, root.self_signed(&root_key)?.pem())?;
    let key = KeyPair::generate()?;
    let leaf = CertificateParams::new([NAME.to_owned()])?;
    let leaf = leaf.signed_by(&key, &Issuer::new(root, root_key))?;
    fs::write(folder.join("leaf.pem"), leaf.pem())?;
    fs::write(folder.join("key.pem"), key.serialize_pem())?;
    Ok(ca_file)
}

/// No session is ever resumed: neither prober asks for it, and nginx offers none.
fn nginx(folder: &Path) -> Result<Measured> {
    let (tls, plain, last) = (TLS_PORT, PLAIN_PORT, MOST_TARGETS - 1);
    let (last_tls, last_plain, name) = (tls + last, plain + last, folder.display());
    let configuration = format!(
        "user root;\n\
         daemon off;\n\
         worker_processes 2;\n\
         worker_rlimit_nofile 8192;\n\
         pid {name}/nginx.pid;\n\
         error_log stderr error;\n\
         events {{ worker_connections 4096; }}\n\
         http {{\n\
           access_log off;\n\
           ssl_certificate {name}/leaf.pem;\n\
           ssl_certificate_key {name}/key.pem;\n\
           ssl_protocols TLSv1.2 TLSv1.3;\n\
           ssl_session_cache off;\n\
           ssl_session_tickets off;\n\
           server {{\n\
             listen {ADDRESS}:{tls}-{last_tls} ssl;\n\
             listen {ADDRESS}:{plain}-{last_plain};\n\
             default_type text/plain;\n\
             return 200 \"well\";\n\
           }}\n\
         }}\n"
    );
    let file = folder.join("nginx.conf");
    fs::write(&file, configuration)?;
    let mut command = Command::new("/usr/sbin/nginx");
    command.arg("-e").arg("stderr").arg("-c").arg(file);
    Measured::start("nginx", &mut command, folder.join("nginx.log"))
        .context("install Debian's package nginx-light")
}

fn dnsmasq(folder: &Path) -> Result<Measured> {
    let mut command = Command::new("/usr/sbin/dnsmasq");
    command.args([
        "--keep-in-foreground",
        "--conf-file=/dev/null",
        "--user=root",
    ]);
    command.args(["--listen-address=127.0.0.1", "--bind-interfaces"]);
    command.args(["--no-resolv", "--no-hosts", "--cache-size=0", "--local=/#/"]);
    command.arg(format!("--address=/{NAME}/{ADDRESS}"));
    command.arg(format!("--pid-file={}/dnsmasq.pid", folder.display()));
    Measured::start("dnsmasq", &mut command, folder.join("dnsmasq.log"))
        .context("install Debian's package dnsmasq-base")
}

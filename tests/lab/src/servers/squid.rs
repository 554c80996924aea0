//! squid on the firewall: the explicit proxy, with a port for each way of refusing, and one that intercepts HTTP
//! and denies it. Faults lead connections from the first port to the others.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};

use super::process::Process;
use crate::directory::{FIREWALL, NAMESERVER};
use crate::namespace::Namespace;

/// The explicit proxy, open to everybody.
pub(crate) const PORT: u16 = 3128;
pub(crate) const DENYING: u16 = 3403;
pub(crate) const ASKING: u16 = 3407;
/// For plain HTTP that is led here without the client's knowledge: denied.
pub(crate) const INTERCEPTING: u16 = 3180;

/// Where distributions put the helper, without which squid cannot ask for credentials.
const HELPERS: [&str; 2] = [
    "/usr/lib/squid/basic_ncsa_auth",
    "/usr/lib64/squid/basic_ncsa_auth",
];

pub(super) fn start(firewall: &Namespace, folder: &Path) -> Result<Process> {
    let home = folder.join("squid");
    fs::create_dir(&home)?;
    // squid gives up root for a user of its own, who writes here.
    fs::set_permissions(&home, Permissions::from_mode(0o777))?;
    fs::write(home.join("users"), "")?;
    let helper = HELPERS.into_iter().find(|path| Path::new(path).exists());
    let helper = helper.context("squid's basic_ncsa_auth is not where it is usually")?;
    let file = folder.join("squid.conf");
    fs::write(&file, configuration(&home, helper))?;
    let arguments = ["-N", "-f", &file.display().to_string()];
    Process::start(firewall, "squid", &arguments, folder)
}

fn configuration(home: &Path, helper: &str) -> String {
    let home = home.display();
    format!(
        "visible_hostname proxy.egress-lab.invalid\n\
         pid_filename {home}/squid.pid\n\
         access_log stdio:{home}/access.log\n\
         cache_log {home}/cache.log\n\
         coredump_dir {home}\n\
         cache deny all\n\
         pinger_enable off\n\
         shutdown_lifetime 0 seconds\n\
         dns_nameservers {NAMESERVER}\n\
         positive_dns_ttl 1 second\n\
         negative_dns_ttl 1 second\n\
         connect_timeout 5 seconds\n\
         http_port {FIREWALL}:{PORT} name=open\n\
         http_port {FIREWALL}:{DENYING} name=denying\n\
         http_port {FIREWALL}:{ASKING} name=asking\n\
         http_port {INTERCEPTING} intercept name=intercepting\n\
         auth_param basic program {helper} {home}/users\n\
         auth_param basic realm egress-lab\n\
         acl denying myportname denying intercepting\n\
         acl asking myportname asking\n\
         acl known proxy_auth REQUIRED\n\
         http_access deny denying\n\
         http_access deny asking !known\n\
         http_access allow all\n"
    )
}

//! What `status` and `fleet` have in common: they ask agents, and need nothing of this node but its nameservers.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use tokio::runtime::{Builder, Runtime};

use crate::cli::{Common, LoginArgs, TlsRoots};
use crate::client::{Client, Login, LoginFiles};
use crate::nameservers::{self, THIS_NODE};

/// Where agents listen unless told otherwise.
pub(super) const AGENT_PORT: u16 = 9100;
/// For one answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The configuration file is left alone: agents must be readable also where it has mistakes.
pub(super) fn client(common: &Common, args: &LoginArgs) -> Result<Client> {
    let timeout = common.timeout.unwrap_or(PATIENCE);
    let files = LoginFiles {
        bundled_roots: common.tls_roots != Some(TlsRoots::None),
        ca_files: common.ca_files.clone(),
        // The command line has both or none.
        certificate: args.client_cert.clone().zip(args.client_key.clone()),
        user: args.user.clone().zip(args.password_file.clone()),
        tls_name: args.tls_name.clone(),
    };
    let login = Login::load(&files)?;
    Ok(Client::new(nameservers(common)?, timeout, login))
}

fn nameservers(common: &Common) -> Result<Vec<SocketAddr>> {
    if !common.nameservers.is_empty() {
        return Ok(common.nameservers.iter().map(|given| given.0).collect());
    }
    let listed = match &common.resolv_conf {
        Some(file) => nameservers::load(file)?,
        None => nameservers::load(Path::new("/etc/resolv.conf")).unwrap_or_default(),
    };
    if listed.nameservers.is_empty() {
        return Ok(vec![THIS_NODE]);
    }
    Ok(listed.nameservers)
}

pub(super) fn runtime() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

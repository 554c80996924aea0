//! What `status` and `fleet` have in common: they ask agents, and need nothing of this node but its nameservers.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use tokio::runtime::{Builder, Runtime};

use crate::cli::Common;
use crate::client::Client;
use crate::nameservers::{self, THIS_NODE};

/// Where agents listen unless told otherwise.
pub(super) const AGENT_PORT: u16 = 9100;
/// For one answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The configuration file is left alone: agents must be readable also where it has mistakes.
pub(super) fn client(common: &Common) -> Result<Client> {
    let timeout = common.timeout.unwrap_or(PATIENCE);
    Ok(Client::new(nameservers(common)?, timeout))
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

//! Resolution of one name by the node's own resolvers, without a cache.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::{Symptom, Trace};
use crate::outcome::Reason;

/// What a name resolved to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// IPv4 first.
    pub addresses: Vec<IpAddr>,
}

/// Asks the nameservers that it was given last.
#[derive(Debug)]
pub struct Resolver {
    nameservers: ArcSwap<Vec<SocketAddr>>,
}

impl Resolver {
    /// A resolver that asks `nameservers` in this order.
    pub fn new(nameservers: Vec<SocketAddr>) -> Self {
        Self {
            nameservers: ArcSwap::from_pointee(nameservers),
        }
    }

    /// From the next resolution on, other nameservers are asked.
    pub fn set(&self, nameservers: Vec<SocketAddr>) {
        self.nameservers.store(Arc::new(nameservers));
    }

    /// The nameservers that are asked.
    pub fn get(&self) -> Arc<Vec<SocketAddr>> {
        self.nameservers.load_full()
    }

    /// The addresses of `name`. Facts are noted in the trace.
    #[expect(clippy::unused_async, reason = "the exchange follows")]
    pub async fn resolve(&self, name: &str, _trace: &mut Trace) -> Result<Resolved, Symptom> {
        Err(Symptom::new(
            Reason::Internal,
            format!("cannot resolve {name} yet"),
        ))
    }
}

/// Whether no server of a public name can live there: unspecified or loopback, IPv4-mapped included.
pub(super) fn is_sinkhole(address: IpAddr) -> bool {
    let address = address.to_canonical();
    address.is_unspecified() || address.is_loopback()
}

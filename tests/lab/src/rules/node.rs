//! The node's own routes.

use std::fmt::{Error, Write};

use super::Laid;
use crate::fault::Fault;

/// Lines for `ip -batch` (or `ip -6 -batch`) on the node. A `throw` route ends the search in its table: for the
/// address there is no route, as if the default route had gone for it alone.
pub(crate) fn node(faults: &[Laid<'_>], ipv6: bool) -> Result<String, Error> {
    let mut lines = "route flush type throw\n".to_owned();
    for laid in faults {
        if laid.standing.fault != Fault::NoRoute {
            continue;
        }
        let addresses = laid.target.addresses.iter();
        for address in addresses.filter(|address| address.is_ipv6() == ipv6) {
            writeln!(lines, "route replace throw {address}")?;
        }
    }
    Ok(lines)
}

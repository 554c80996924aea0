//! Laying faults, healing them, and saying which there are.

use std::fmt::Write;
use std::path::Path;

use anyhow::Result;
use egress_lab::{Fault, NAMED, Named, On, Scope};

use super::beacon::Beacon;
use super::say;

/// Lays any fault upon any host.
pub(super) fn block(beacon: &Path, host: &str, scope: Scope, fault: Fault) -> Result<()> {
    Beacon::find(beacon)?.control.block(host, scope, fault)?;
    say(&format!("{host} ({scope}): {}", fault.summary()))
}

/// Lays a named fault where it shows, unless a host is given.
pub(super) fn named(beacon: &Path, name: &str, host: Option<String>) -> Result<()> {
    let named = Named::find(name)?;
    let control = Beacon::find(beacon)?.control;
    let host = match host {
        Some(host) => host,
        None => named.usual_host(control.directory())?,
    };
    let Named { fault, scope, .. } = named;
    control.block(&host, scope, fault)?;
    let hint = match named.on {
        On::Proxy => "; the agent goes there in a lab that was started with --proxy",
        _ => "",
    };
    say(&format!("{host} ({scope}): {}{hint}", fault.summary()))
}

pub(super) fn heal(beacon: &Path, host: Option<&str>) -> Result<()> {
    let control = Beacon::find(beacon)?.control;
    let Some(host) = host else {
        control.heal_all()?;
        return say("every host is well");
    };
    let standing = control.faults()?;
    control.heal(host)?;
    let healed = standing.iter().filter(|fault| fault.host == host).count();
    say(&format!(
        "{host} is well; faults that stood upon it: {healed} healed"
    ))
}

/// Every named fault, and every fault for `block`.
pub(super) fn list() -> Result<String> {
    let mut text = "Faults by name, for `egress-lab fault NAME`:\n\n".to_owned();
    for named in NAMED {
        writeln!(text, "  {:26} {}", named.name, named.fault.summary())?;
    }
    text += "\nFaults for `egress-lab block --host HOST --fault FAULT`:\n\n";
    for fault in Fault::ALL {
        writeln!(text, "  {:26} {}", fault.as_str(), fault.summary())?;
    }
    Ok(text.trim_end().to_owned())
}

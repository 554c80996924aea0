//! What an agent's `/metrics` say of a change, and when.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Result, bail};
use tokio::time::Instant;

use super::Change;
use crate::http::get;

/// Between two looks at an agent: the times are this exact.
const LOOK: Duration = Duration::from_millis(500);

/// Seconds until an agent showed the first target as unreachable, and until it showed all of them so.
pub(super) struct Seen {
    pub(super) first: f64,
    pub(super) all: f64,
}

/// Looks until every target that the change hits is unreachable.
pub(super) fn watch(
    address: SocketAddr,
    change: Change,
    begin: Instant,
    until: Instant,
) -> Result<Seen> {
    let mut first = None;
    loop {
        let exposition = get(address, "/metrics")?.body;
        let elapsed = begin.elapsed().as_secs_f64();
        let [down, up] = ["0", "1"].map(|state| hit_by(&change, &exposition, state));
        if !down.is_empty() {
            let first = *first.get_or_insert(elapsed);
            if up.is_empty() {
                let all = elapsed;
                return Ok(Seen { first, all });
            }
        }
        if Instant::now() > until {
            bail!("{address} still shows as reachable: {up:?}");
        }
        sleep(LOOK);
    }
}

/// The targets that a change hits and whose state is this one.
pub(super) fn hit_by(change: &Change, exposition: &str, state: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in exposition.lines() {
        let Some(labels) = line.strip_prefix("egress_probe_success{") else {
            continue;
        };
        if let (Some(target), Some(probe)) = (label(labels, "target"), label(labels, "probe"))
            && (change.hits)(target, probe)
            && line.ends_with(&format!(" {state}"))
        {
            found.insert(format!("{target} {probe}"));
        }
    }
    found
}

fn label<'a>(labels: &'a str, name: &str) -> Option<&'a str> {
    let (_, value) = labels.split_once(&format!("{name}=\""))?;
    Some(value.split_once('"')?.0)
}

/// Whether a target is no name.
pub(super) fn is_address(target: &str) -> bool {
    let host = target.rsplit_once(':').map_or(target, |(host, _)| host);
    host.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::super::CHANGES;
    use super::*;

    const EXPOSITION: &str = "\
egress_probe_success{probe=\"https\",target=\"mcr.microsoft.com:443\"} 0
egress_probe_success{probe=\"dns\",target=\"mcr.microsoft.com\"} 1
egress_probe_success{probe=\"tcp\",target=\"203.0.113.250:443\"} 1
egress_probe_success{probe=\"ntp\",target=\"ntp.ubuntu.com:123\"} 1
egress_probe_attempts_total{probe=\"https\",target=\"mcr.microsoft.com:443\"} 0
";

    #[test]
    fn a_change_hits_what_it_is_about() {
        let hit = |change: usize, state| {
            let found = hit_by(&CHANGES[change], EXPOSITION, state);
            found.into_iter().collect::<Vec<_>>().join(", ")
        };
        assert_eq!(hit(0, "0"), "mcr.microsoft.com:443 https");
        assert_eq!(hit(0, "1"), "");
        assert_eq!(hit(2, "1"), "203.0.113.250:443 tcp");
        assert_eq!(hit(3, "1"), "mcr.microsoft.com dns");
    }
}

//! The policy that the variables of the environment make, read as the clients on a node read them.

use std::collections::BTreeMap;
use std::path::Path;

use super::address::{ProxyAddress, Url};
use super::{Bypass, DecidedProxy, Proxy, ProxyPolicy};
use crate::problem::Problems;

/// The scheme's own port, which Go's clients (kubelet, containerd) take when a variable names none.
const DEFAULT_PORT: u16 = 80;

const HTTPS: [&str; 2] = ["HTTPS_PROXY", "https_proxy"];
const HTTP: [&str; 2] = ["HTTP_PROXY", "http_proxy"];
const ALL: [&str; 2] = ["ALL_PROXY", "all_proxy"];
const NO: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// Upper case wins over lower case, and a variable that is empty is not there.
pub(super) fn read(
    variables: &BTreeMap<String, String>,
    bypass: Option<&Bypass>,
) -> Result<DecidedProxy, Problems> {
    let mut notices = Vec::new();
    let mut problems = Problems::default();
    let mut proxy = |names: [&'static str; 2]| {
        let (name, value) = first(variables, names).or_else(|| first(variables, ALL))?;
        let proxy = to_proxy(name, value, &mut notices);
        let place = format!("environment variable {name}");
        let bad = |why| problems.add(Path::new(&place), None, "", why);
        proxy.map_err(bad).ok()
    };
    let (tunnels, http) = (proxy(HTTPS), proxy(HTTP));
    problems.into_result()?;
    let bypass = bypass.cloned();
    let policy = ProxyPolicy {
        tunnels,
        http,
        bypass: bypass.unwrap_or_else(|| exceptions(variables, &mut notices)),
    };
    Ok(DecidedProxy { policy, notices })
}

fn exceptions(variables: &BTreeMap<String, String>, notices: &mut Vec<String>) -> Bypass {
    let Some((name, list)) = first(variables, NO) else {
        return Bypass::default();
    };
    let (bypass, wrong) = Bypass::read(list);
    let ignored = |why| format!("{name}: {why}, and is ignored");
    notices.extend(wrong.into_iter().map(ignored));
    bypass
}

fn first<'v>(
    variables: &'v BTreeMap<String, String>,
    names: [&'static str; 2],
) -> Option<(&'static str, &'v str)> {
    names.into_iter().find_map(|name| {
        let value = variables.get(name)?.trim();
        (!value.is_empty()).then_some((name, value))
    })
}

fn to_proxy(name: &'static str, value: &str, notices: &mut Vec<String>) -> Result<Proxy, String> {
    let url = Url::split(value)?;
    let (host, port) = (url.host, url.port.unwrap_or(DEFAULT_PORT));
    let proxy = Proxy {
        address: ProxyAddress { host, port },
        via: name,
    };
    let authority = proxy.address.authority();
    let mut note = |notice: String| {
        // `ALL_PROXY` may be read for both.
        if !notices.contains(&notice) {
            notices.push(notice);
        }
    };
    if url.has_credentials {
        note(format!(
            "{name} holds credentials (http://***@{authority}), which are dropped: the agent holds none"
        ));
    }
    if url.port.is_none() {
        note(format!("{name} names no port; {authority} is used"));
    }
    Ok(proxy)
}

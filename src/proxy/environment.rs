//! The policy that the variables of the environment make, read as the clients on a node read them.

use std::collections::BTreeMap;

use super::address::{ProxyAddress, Url};
use super::{Bypass, Proxy, ProxyPolicy};

/// The scheme's own port, which Go's clients (kubelet, containerd) take when a variable names none.
const DEFAULT_PORT: u16 = 80;

const HTTPS: [&str; 2] = ["HTTPS_PROXY", "https_proxy"];
const HTTP: [&str; 2] = ["HTTP_PROXY", "http_proxy"];
const ALL: [&str; 2] = ["ALL_PROXY", "all_proxy"];
const NO: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// What the environment says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FromEnvironment {
    /// Which targets are reached through which proxy.
    pub policy: ProxyPolicy,
    /// What was left out or assumed, in sentences without any secret.
    pub notices: Vec<String>,
}

/// A variable that names no proxy that could be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadVariable {
    /// Its name.
    pub name: &'static str,
    /// What is wrong, in a sentence without any secret.
    pub message: String,
}

/// Reads the variables; `bypass`, when given, stands in place of `NO_PROXY`. Upper case wins over lower case, and a
/// variable that is empty is not there.
///
/// # Errors
/// Every variable in use that names no proxy: to pass over it would be to test another path than the node's.
pub fn from_environment(
    variables: &BTreeMap<String, String>,
    bypass: Option<&Bypass>,
) -> Result<FromEnvironment, Vec<BadVariable>> {
    let mut found = FromEnvironment::default();
    let mut bad = Vec::new();
    let mut proxy = |names: [&'static str; 2]| {
        let (name, value) = first(variables, names).or_else(|| first(variables, ALL))?;
        let read = read(name, value, &mut found.notices);
        read.map_err(|message| bad.push(BadVariable { name, message }))
            .ok()
    };
    let (tunnels, http) = (proxy(HTTPS), proxy(HTTP));
    found.policy = ProxyPolicy {
        tunnels,
        http,
        bypass: match (bypass, first(variables, NO)) {
            (Some(given), _) => given.clone(),
            (None, Some((name, list))) => {
                let (bypass, wrong) = Bypass::read(list);
                let ignored = |why| format!("{name}: {why}, and is ignored");
                found.notices.extend(wrong.into_iter().map(ignored));
                bypass
            }
            (None, None) => Bypass::default(),
        },
    };
    bad.dedup();
    if bad.is_empty() { Ok(found) } else { Err(bad) }
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

fn read(name: &'static str, value: &str, notices: &mut Vec<String>) -> Result<Proxy, String> {
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

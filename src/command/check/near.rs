//! What somebody may have meant who asked for a target that is not there.

use std::sync::Arc;

use super::glob;
use crate::problem::nearest;
use crate::target::Target;

/// `did you mean ...? `, or nothing.
pub(super) fn near(targets: &[Arc<Target>], patterns: &[String]) -> String {
    let ids = || targets.iter().map(|target| &*target.id.target);
    let hosts = targets.iter().map(|target| target.host.to_string());
    let hosts: Vec<String> = hosts.collect();
    let unmatched = patterns
        .iter()
        .find(|pattern| !ids().any(|id| glob::matches(pattern, id)));
    let Some(pattern) = unmatched else {
        return String::new();
    };
    // A host without its port is the usual slip, where only its ports are tested.
    let near = if hosts.iter().any(|host| glob::matches(pattern, host)) {
        Some(format!("{pattern}:*"))
    } else {
        nearest(pattern, ids()).map(str::to_owned)
    };
    near.map_or_else(String::new, |near| {
        format!("for `{pattern}`, did you mean `{near}`? ")
    })
}

//! The system calls that a container may make when its pod asks for `RuntimeDefault`: the usual list, as Debian ships it for
//! containers, in the form that runc reads. That of containerd is nearly the same.

use std::env::consts::ARCH;
use std::fs;

use serde_json::{Value, json};

use crate::pod::list;

const PROFILE: &str = "/usr/share/containers/seccomp.json";

/// For a container without capabilities.
pub(crate) fn runtime_default() -> Value {
    let profile = fs::read_to_string(PROFILE)
        .unwrap_or_else(|error| panic!("{PROFILE}: {error}; it comes with buildah"));
    let profile: Value = serde_json::from_str(&profile).expect("JSON");
    let (own, architecture) = match ARCH {
        "x86_64" => ("amd64", "SCMP_ARCH_X86_64"),
        "aarch64" => ("arm64", "SCMP_ARCH_AARCH64"),
        other => panic!("no image for {other}"),
    };
    let applies = |rule: &&Value| {
        let (capabilities, architectures) =
            (&rule["includes"]["caps"], &rule["includes"]["arches"]);
        let here = architectures.is_null() || list(architectures).any(|one| one == own);
        capabilities.is_null() && here
    };
    let rules = list(&profile["syscalls"]).filter(applies);
    let rules: Vec<_> = rules.map(rule).collect();
    json!({
        "defaultAction": profile["defaultAction"],
        "defaultErrnoRet": profile["defaultErrnoRet"],
        "architectures": [architecture],
        "syscalls": rules,
    })
}

/// Without the fields of which runc knows nothing.
fn rule(rule: &Value) -> Value {
    let mut rule = rule.clone();
    let fields = rule.as_object_mut().expect("a map");
    fields.retain(|field, value| {
        ["names", "action", "args", "errnoRet"].contains(&field.as_str()) && !value.is_null()
    });
    rule
}

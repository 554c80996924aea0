//! What the programs in `fuzz_targets/` try, by name.

mod targets;

/// Tries the target of this name.
pub fn check(name: &str, input: &[u8]) {
    let target = targets::TARGETS.iter().find(|target| target.name == name);
    (target.expect("a target of this name").check)(input);
}

//! Tells the crate which compiler built it, for `egress_build_info`.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=RUSTC");
    println!(
        "cargo::rustc-env=RUSTC_VERSION={}",
        rustc_version().unwrap_or_else(|| "unknown".to_owned())
    );
}

/// `rustc --version` is `rustc 1.95.0 (hash date)`.
fn rustc_version() -> Option<String> {
    let rustc = std::env::var_os("RUSTC")?;
    let output = Command::new(rustc).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_whitespace().nth(1).map(str::to_owned)
}

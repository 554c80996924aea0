//! What this build is, decided at compile time.

/// The version of the crate.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The source revision, when the build was told (`EGRESS_PROBE_REVISION`).
pub const REVISION: &str = match option_env!("EGRESS_PROBE_REVISION") {
    Some(revision) => revision,
    None => "unknown",
};

/// The version of the compiler.
pub const RUSTC: &str = env!("RUSTC_VERSION");

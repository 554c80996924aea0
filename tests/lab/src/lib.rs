//! A network laboratory on one Linux machine, as root: a node, a firewall and an internet of real servers, each
//! in a network namespace of its own, with faults that can be laid and healed while it runs.
//!
//! ```no_run
//! use egress_lab::{Fault, HostSpec, Lab, LabSpec};
//!
//! # fn main() -> anyhow::Result<()> {
//! let lab = Lab::start(&LabSpec::of([HostSpec::new("mcr.microsoft.com").https()]))?;
//! lab.block("mcr.microsoft.com", Fault::TlsReset)?;
//! let mut curl = lab.node().command("curl");
//! let status = curl.arg("--cacert").arg(lab.ca_file()).arg("https://mcr.microsoft.com/").status()?;
//! assert_eq!(status.code(), Some(35));
//! # Ok(())
//! # }
//! ```

mod ca;
mod cluster;
mod control;
mod directory;
mod fault;
mod guard;
mod lab;
mod named;
mod namespace;
mod plan;
mod rules;
mod servers;
mod spec;
mod topology;
mod wire;

pub use cluster::Cluster;
pub use control::Control;
pub use directory::{Directory, Site};
pub use fault::{ANYWHERE, Fault, Place, Scope, Standing};
pub use guard::remove_leftovers;
pub use lab::Lab;
pub use named::{NAMED, Named, On};
pub use namespace::Namespace;
pub use spec::{HostSpec, LabSpec, Metadata, Service};
pub use topology::Topology;

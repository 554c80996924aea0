//! What an attempt at a server is given besides its target.

use std::collections::HashSet;

use super::addresses::Turn;
use super::tls::TlsTrust;
use super::{Limits, Resolver, Symptom};
use crate::outcome::Reason;
use crate::proxy::Proxy;
use crate::target::Target;

/// Shared by the probes of servers; the prober owns what is behind it.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    /// The node's own resolvers.
    pub(super) resolver: &'a Resolver,
    /// Who may vouch for certificates.
    pub(super) tls: &'a TlsTrust,
    /// The control address, among others.
    pub(super) limits: &'a Limits,
    /// Registrable domains of all names in the catalogue: redirects to them are expected.
    pub(super) named_domains: &'a HashSet<String>,
    /// Through which the target is reached, unless directly.
    pub(super) proxy: Option<&'a Proxy>,
    /// Which address comes first, and the deadline.
    pub(super) turn: Turn,
}

/// The port of a target that must have one; a plan without it is a defect of ours.
pub(super) fn port(target: &Target) -> Result<u16, Symptom> {
    target
        .port
        .ok_or_else(|| Symptom::new(Reason::Internal, "the target has no port"))
}

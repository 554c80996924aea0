//! The network's prober: deadline, dispatch, and the making of an outcome. It cannot fail.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::time::{Instant, timeout_at};

use super::addresses::Turn;
use super::context::Context;
use super::resolve::Transport;
use super::{
    Attempt, Limits, Resolver, Symptom, TlsTrust, Trace, dns, http, https, ntp, ssh, tcp, udp,
};
use crate::outcome::Outcome;
use crate::proxy::ProxyPolicy;
use crate::target::{Probe, Target};

/// Tries targets over the network. Immutable: what belongs to one attempt lives in the attempt.
#[derive(Debug)]
pub struct Prober {
    /// The node's own resolvers; shared, since they change while the agent runs.
    pub resolver: Arc<Resolver>,
    /// Who may vouch for certificates.
    pub tls: Arc<TlsTrust>,
    /// What every attempt obeys.
    pub limits: Limits,
    /// Registrable domains of all names in the plan: redirects to them are expected.
    pub named_domains: HashSet<String>,
    /// Which targets are reached through which proxy.
    pub proxies: ProxyPolicy,
}

impl Attempt for Prober {
    async fn attempt(&self, target: &Target, ordinal: u64) -> Outcome {
        let deadline = Instant::now() + self.limits.timeout;
        let turn = Turn { ordinal, deadline };
        let mut trace = Trace::start(target.probe.first_phase());
        // The trace stands outside: when the deadline drops the attempt, it still knows where it was.
        let result = timeout_at(deadline, self.probe(target, turn, &mut trace)).await;
        let result = result.unwrap_or_else(|_| Err(trace.timed_out(self.limits.timeout)));
        trace.finish(result, self.limits.slow)
    }
}

impl Prober {
    async fn probe(&self, target: &Target, turn: Turn, trace: &mut Trace) -> Result<(), Symptom> {
        let cx = Context {
            resolver: &self.resolver,
            tls: &self.tls,
            limits: &self.limits,
            named_domains: &self.named_domains,
            proxy: self.proxies.for_target(target),
            turn,
        };
        match &target.probe {
            Probe::Dns => dns::probe(cx.resolver, target, trace).await,
            Probe::DnsUdp { question } => {
                dns::probe_nameserver(cx.resolver, target, question, Transport::Udp, trace).await
            }
            Probe::DnsTcp { question } => {
                dns::probe_nameserver(cx.resolver, target, question, Transport::Tcp, trace).await
            }
            Probe::Https(https) => https::probe(&cx, target, https, trace).await,
            Probe::Tcp => tcp::probe(&cx, target, trace).await,
            Probe::Ssh => ssh::probe(&cx, target, trace).await,
            Probe::Http => http::probe(&cx, target, trace).await,
            Probe::Ntp => ntp::probe(cx.resolver, target, turn, cx.limits, trace).await,
            Probe::Udp => udp::probe(cx.resolver, target, turn, trace).await,
        }
    }
}

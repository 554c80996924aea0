//! The network's prober: deadline, dispatch, and the making of an outcome. It cannot fail.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::addresses::Turn;
use super::context::Context;
use super::{
    Attempt, Limits, Resolver, Symptom, TlsTrust, Trace, dns, http, https, ntp, ssh, tcp, udp,
};
use crate::outcome::{Outcome, Reason};
use crate::proxy::ProxyPolicy;
use crate::target::{Probe, Target};

/// A deadline that is noticed so much too late, and by more than a quarter of the time that was to be waited, was not
/// kept: the process was stopped, or had no CPU.
const LATE: Duration = Duration::from_secs(1);

/// Tries targets over the network. Immutable: what belongs to one attempt lives in the attempt.
#[derive(Debug)]
pub struct Prober {
    /// The node's own resolvers; when they change, there is a new prober.
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
        let result = result.map_err(|symptom| self.unless_late(symptom, deadline, &mut trace));
        trace.finish(result, self.limits.slow)
    }
}

impl Prober {
    /// That nothing came by the `deadline` says nothing if the agent was not there to see it.
    fn unless_late(&self, symptom: Symptom, deadline: Instant, trace: &mut Trace) -> Symptom {
        let late = deadline.elapsed();
        if symptom.reason != Reason::Timeout || late <= LATE.max(self.limits.timeout / 4) {
            return symptom;
        }
        trace.forget_addresses();
        let detail = format!(
            "the node did not let the agent run until {late:.1?} after the deadline, so nobody waited: {}",
            symptom.detail
        );
        Symptom::new(Reason::LocalResource, detail)
    }

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
            Probe::Dns => dns::probe(cx.resolver, target, turn, trace).await,
            Probe::DnsUdp { .. } | Probe::DnsTcp { .. } => {
                dns::probe_nameserver(cx.resolver, target, turn, trace).await
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

#[cfg(test)]
mod tests {
    use super::super::TrustConfig;
    use super::super::testing::*;
    use super::*;
    use crate::outcome::Phase;

    #[tokio::test]
    async fn a_deadline_that_passes_in_a_standstill_says_nothing_of_the_network() {
        let prober = Prober {
            resolver: Arc::new(Resolver::new(Vec::new())),
            tls: Arc::new(TlsTrust::load(&TrustConfig::default()).unwrap()),
            limits: Bench::impatient().limits,
            named_domains: HashSet::new(),
            proxies: ProxyPolicy::default(),
        };
        let target = target(silent().await, Probe::Ssh);
        let attempt = prober.attempt(&target, 0);
        let standstill = async { std::thread::sleep(LATE + Duration::from_secs(1)) };
        let (outcome, ()) = tokio::join!(attempt, standstill);
        assert_eq!(unproven(&outcome), (Phase::Banner, Reason::LocalResource));
        assert_eq!(outcome.addresses, [], "no address is blamed");
    }
}

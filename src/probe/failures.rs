//! The failures of a target's addresses, and the one among them that speaks for the target.

use super::{Symptom, Trace};
use crate::outcome::{IcmpError, Reason};

/// What the addresses tried so far failed of.
#[derive(Debug, Default)]
pub(super) struct Failures {
    telling: Option<FailedAddress>,
}

/// A failure with the facts that belong to it.
#[derive(Debug)]
struct FailedAddress {
    symptom: Symptom,
    icmp: Option<IcmpError>,
    no_local_route: bool,
}

impl Failures {
    /// The address under trial failed of this. An address for which no packet left the node (a family without a
    /// route, say) hides no other address's failure.
    pub(super) fn add(&mut self, symptom: Symptom, trace: &mut Trace) {
        trace.address_failed(&symptom);
        if self.telling.is_none() || !trace.facts.no_local_route {
            self.telling = Some(FailedAddress {
                symptom,
                icmp: trace.facts.icmp,
                no_local_route: trace.facts.no_local_route,
            });
        }
    }

    /// The last failure that the network caused; facts about ICMP and routes are its own from here on.
    pub(super) fn into_symptom(self, trace: &mut Trace) -> Symptom {
        let Some(failed) = self.telling else {
            return Symptom::new(Reason::NoAddresses, "there is no address to try");
        };
        trace.facts.icmp = failed.icmp;
        trace.facts.no_local_route = failed.no_local_route;
        failed.symptom
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Phase;

    fn spokesman(failures: &[(Reason, bool)]) -> (Reason, bool) {
        let mut trace = Trace::start(Phase::Exchange);
        let mut all = Failures::default();
        for (number, (reason, no_local_route)) in failures.iter().enumerate() {
            trace.try_address(([192, 0, 2, 1], u16::try_from(number).unwrap()).into());
            trace.facts.no_local_route = *no_local_route;
            all.add(Symptom::new(*reason, ""), &mut trace);
        }
        (
            all.into_symptom(&mut trace).reason,
            trace.facts.no_local_route,
        )
    }

    #[test]
    fn the_last_failure_that_the_network_caused_speaks() {
        let (refused, silent) = ((Reason::ConnectionRefused, false), (Reason::Timeout, false));
        let unsent = (Reason::Unreachable, true);
        assert_eq!(spokesman(&[refused, silent]), silent);
        assert_eq!(spokesman(&[refused, unsent]), refused);
        assert_eq!(spokesman(&[unsent, refused]), refused);
        assert_eq!(spokesman(&[unsent, unsent]), unsent);
        assert_eq!(spokesman(&[]).0, Reason::NoAddresses);
    }
}

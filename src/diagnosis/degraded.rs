//! What stands against targets that can be reached.

use super::{Cause, Diagnosis};
use crate::outcome::{Outcome, Phase, Warning};
use crate::store::Record;

/// A SYN that is lost is sent again after so many seconds (RFC 6298).
const SYN_RESENT_AFTER: f64 = 1.0;

/// The first warning that means something; none for a target without warnings.
pub(super) fn diagnose(record: &Record) -> Option<Diagnosis> {
    let warnings = record.warnings();
    let first = warnings.first()?;
    let telling = warnings
        .iter()
        .find_map(|warning| of_warning(*warning, record));
    Some(telling.unwrap_or_else(|| {
        Diagnosis::undetermined(format!("the target is reachable, with the warning {first}"))
    }))
}

fn of_warning(warning: Warning, record: &Record) -> Option<Diagnosis> {
    let latest = record.latest.as_deref()?;
    match warning {
        Warning::PartialAddresses => Some(partial_addresses(record)),
        Warning::Intercepted => Some(intercepted(latest)),
        Warning::ClockOffset => {
            let offset = latest.facts.ntp.as_ref()?.offset_seconds?;
            let evidence = format!("this node's clock is {offset:+.1} s off by the server's");
            Some(Diagnosis::certain(Cause::ClockWrong, evidence))
        }
        Warning::ClockUnsynchronised | Warning::KissOfDeath => Some(Diagnosis::certain(
            Cause::EndpointDown,
            format!("the server's reply came, and says that it gives no time ({warning})"),
        )),
        Warning::Slow => slow(latest),
        Warning::Redirected => None,
    }
}

fn partial_addresses(record: &Record) -> Diagnosis {
    let failing = record
        .addresses
        .iter()
        .filter(|(_, state)| state.failure.is_some());
    let failing: Vec<_> = failing.map(|(address, _)| address.to_string()).collect();
    let (all, number) = (record.addresses.len(), failing.len());
    let evidence = format!("{number} of {all} addresses fail: {}", failing.join(", "));
    Diagnosis::certain(Cause::PartialAddresses, evidence).not(
        Cause::EndpointDown,
        "the other addresses of the name answer",
    )
}

fn intercepted(latest: &Outcome) -> Diagnosis {
    let certificate = latest.facts.certificate.as_ref();
    let issuer = certificate.map_or("a CA that was given to the agent", |c| &c.issuer);
    let evidence = format!("the certificate is signed by {issuer}, which no public root knows");
    Diagnosis::certain(Cause::TlsInspection, evidence)
}

fn slow(latest: &Outcome) -> Option<Diagnosis> {
    let mut phases = latest.phases.iter();
    let connect = phases.find(|timing| timing.phase == Phase::Connect)?;
    let seconds = connect.elapsed.as_secs_f64();
    let evidence = format!("the connect took {seconds:.1} s: a SYN or its answer was sent again");
    (seconds >= SYN_RESENT_AFTER).then(|| Diagnosis::likely(Cause::PacketLoss, evidence))
}

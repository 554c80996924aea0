//! Failures to resolve one name, where others resolve.

use super::node::{Node, facts};
use super::{Cause, Diagnosis};
use crate::outcome::{Failure, Reason};
use crate::store::Record;

pub(super) fn diagnose(record: &Record, failure: &Failure, node: &Node<'_>) -> Diagnosis {
    let Failure { reason, detail, .. } = failure;
    let others = node.names.well;
    if others == 0 {
        return Diagnosis::undetermined(format!("{detail}; no other name of the plan shows more"));
    }
    let name = match facts(record).and_then(|facts| facts.proxy.as_ref()) {
        Some(proxy) => format!("the name of the proxy {}", proxy.address),
        None => "this name".to_owned(),
    };
    let diagnosis = match reason {
        Reason::Sinkholed => Diagnosis::certain(
            Cause::DnsFilter,
            format!("the resolvers lead {name} to where no server can be: {detail}"),
        ),
        Reason::NameNotFound => Diagnosis::likely(
            Cause::DnsFilter,
            format!("the resolvers say that {name} does not exist"),
        )
        .and("a name that is misspelt or gone would answer alike: ask another resolver"),
        Reason::NoAddresses => Diagnosis::likely(
            Cause::DnsFilter,
            format!("the resolvers know {name}, without any address"),
        )
        .and("a private DNS zone without the record answers like this"),
        Reason::Timeout => Diagnosis::likely(
            Cause::DnsFilter,
            format!("queries for {name} get no answer, and those for others do"),
        ),
        Reason::ResolverRefused => Diagnosis::likely(
            Cause::DnsFilter,
            format!("the nameserver refuses {name} alone"),
        ),
        Reason::UnexpectedReply => Diagnosis::likely(
            Cause::DnsFilter,
            format!("answers for {name} do not match what was asked: somebody else writes them"),
        ),
        _ => Diagnosis::undetermined(format!("{name}: {detail}")).and(
            "the servers of its zone, the resolver's way to them and a filter all look like this",
        ),
    };
    diagnosis.not(Cause::DnsOutage, format!("other names resolve ({others})"))
}

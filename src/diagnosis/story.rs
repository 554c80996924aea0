//! The node in one or two sentences, and the targets by what stands behind them.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;

use super::node::Node;
use super::{Cause, Certainty, Diagnosis, Place};
use crate::store::State;
use crate::target::{ProbeKind, TargetId};

/// Targets that a sentence names; more are counted.
const NAMED: usize = 3;
/// Causes that the story tells of.
const TOLD: usize = 2;

/// A cause and everything that it explains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shared {
    /// What stands behind the targets.
    pub cause: Cause,
    /// As sure as the least sure of them.
    pub certainty: Certainty,
    /// The same in a sentence.
    pub sentence: String,
    /// What it explains.
    pub targets: Vec<SharedTarget>,
}

/// One of the targets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SharedTarget {
    /// The `target` label.
    pub target: String,
    /// The `probe` label.
    pub probe: ProbeKind,
}

/// Groups the targets: what explains most of what is required and unreachable first, what explains nothing last.
pub(super) fn by_cause(targets: &BTreeMap<TargetId, Diagnosis>, node: &Node<'_>) -> Vec<Shared> {
    let mut groups: BTreeMap<Cause, Vec<(&TargetId, &Diagnosis)>> = BTreeMap::new();
    for (id, diagnosis) in targets {
        groups
            .entry(diagnosis.cause)
            .or_default()
            .push((id, diagnosis));
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(cause, members)| {
        let last = matches!(cause, Cause::Undetermined | Cause::LocalResource);
        let urgent = members.iter().filter(|(id, _)| node.is_urgent(id)).count();
        (last, Reverse(urgent), Reverse(members.len()))
    });
    let groups = groups.into_iter();
    groups
        .map(|(cause, members)| shared(cause, &members))
        .collect()
}

fn shared(cause: Cause, members: &[(&TargetId, &Diagnosis)]) -> Shared {
    let certainties = members.iter().map(|(_, diagnosis)| diagnosis.certainty);
    let certainty = certainties.max().unwrap_or(Certainty::Open);
    let targets = members.iter().map(|(id, _)| SharedTarget {
        target: id.target.to_string(),
        probe: id.probe,
    });
    let mut places = members.iter().map(|(_, diagnosis)| diagnosis.place);
    let place = places.next().flatten();
    let place = place.filter(|place| places.all(|other| other == Some(*place)));
    Shared {
        cause,
        certainty,
        sentence: sentence(cause, certainty, members, place),
        targets: targets.collect(),
    }
}

fn sentence(
    cause: Cause,
    certainty: Certainty,
    members: &[(&TargetId, &Diagnosis)],
    place: Option<Place>,
) -> String {
    let who = names(members.iter().map(|(id, _)| &*id.target));
    let many = members.len() > 1;
    let verb = if many { "are" } else { "is" };
    let maybe = if certainty == Certainty::Likely {
        "most likely "
    } else {
        ""
    };
    let at = place.map_or_else(String::new, |place| format!(", {place}"));
    match cause {
        Cause::FirewallDrop => format!("{who} {verb} {maybe}dropped by a packet filter{at}"),
        Cause::FirewallReject => format!("{who} {verb} {maybe}rejected by a packet filter{at}"),
        Cause::SniFilter => format!("{who} {verb} {maybe}stopped by name (TLS SNI){at}"),
        Cause::HttpFilter => format!(
            "{who} {verb} {maybe}denied by a middlebox that answers HTTP in the server's place"
        ),
        Cause::TlsInspection => format!("TLS to {who} is {maybe}opened on the way and signed anew"),
        Cause::AlpnStripped => format!("the application protocol of {who} does not pass"),
        Cause::DnsFilter => {
            format!("{who} {verb} {maybe}withheld or falsified by DNS, while other names resolve")
        }
        Cause::DnsOutage => format!(
            "no name resolves, and {} fail for that alone",
            count(members.len())
        ),
        Cause::TransparentProxy => format!(
            "something on the way accepts connections for everybody: {who} {verb} not proven by them"
        ),
        Cause::ProxyRequired => format!("{who} {verb} {maybe}open through a proxy only"),
        Cause::ProxyDenied => format!("{who} {verb} {maybe}refused by the proxy"),
        Cause::RouteMissing => format!("this node has no route to {who}"),
        Cause::MtuBlackhole => format!("large packets to or from {who} vanish (MTU)"),
        Cause::NtpFilter => format!("NTP to {who} {verb} {maybe}filtered{at}"),
        Cause::PartialAddresses => format!("some addresses of {who} fail, others work"),
        Cause::EgressDown => format!(
            "nothing beyond the nameservers can be reached: {} fail for one reason",
            count(members.len())
        ),
        Cause::EndpointDown => format!("{who}: {maybe}the far end, not the path"),
        Cause::PacketLoss => format!("packets to {who} are {maybe}lost by chance"),
        Cause::ClockWrong => format!("a clock is {maybe}wrong: {who}"),
        Cause::LocalResource => {
            format!("the agent could not test {who}, for want of something on this node")
        }
        Cause::Undetermined => format!("what stands behind {who} cannot be decided from here"),
    }
}

fn count(targets: usize) -> String {
    format!("{targets} target{}", if targets == 1 { "" } else { "s" })
}

fn names<'a>(targets: impl Iterator<Item = &'a str>) -> String {
    let mut all: Vec<&str> = targets.collect();
    all.dedup();
    // Short names are those that people know.
    all.sort_by_key(|name| name.len());
    let more = all.len().saturating_sub(NAMED);
    all.truncate(NAMED);
    match (all.as_slice(), more) {
        ([rest @ .., last], 0) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        (named, 0) => named.join(", "),
        (named, more) => format!("{} and {more} more", named.join(", ")),
    }
}

/// What the reader of a page should know before anything else.
pub(super) fn tell(
    causes: &[Shared],
    targets: &BTreeMap<TargetId, Diagnosis>,
    node: &Node<'_>,
) -> Option<String> {
    if causes.is_empty() {
        return None;
    }
    let mut sentences: Vec<String> = causes
        .iter()
        .take(TOLD)
        .map(|shared| capitalized(&shared.sentence) + ".")
        .collect();
    let rest: usize = causes
        .iter()
        .skip(TOLD)
        .map(|shared| shared.targets.len())
        .sum();
    let well = node
        .of(|record| record.state == State::Reachable && !targets.contains_key(&record.target.id))
        .count();
    let more = match (rest, well) {
        (0, 0) => String::new(),
        (0, well) => format!("{} have nothing against them.", capitalized(&count(well))),
        (rest, _) => format!("{rest} more for other reasons."),
    };
    if !more.is_empty() {
        sentences.push(more);
    }
    Some(sentences.join(" "))
}

fn capitalized(sentence: &str) -> String {
    // Host names stay as they are written.
    let first_word = sentence.split(' ').next().unwrap_or_default();
    if first_word.contains('.') {
        return sentence.to_owned();
    }
    let mut characters = sentence.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}

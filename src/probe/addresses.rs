//! Which addresses of a host an attempt tries, in which order and for how long. Sends nothing itself.

use std::net::{IpAddr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use tokio::time::Instant;

use super::resolve::{Resolver, is_sinkhole};
use super::{Symptom, Trace, classify};
use crate::outcome::{Phase, Reason};
use crate::target::Host;

/// More addresses than this are not tried in one attempt.
const MOST_CANDIDATES: usize = 8;

/// Whose turn it is, and until when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn {
    /// Counts the attempts at a target.
    pub(super) ordinal: u64,
    /// The end of the whole attempt.
    pub(super) deadline: Instant,
}

impl Turn {
    /// The end of a try when `left` addresses, this one included, share the time that remains.
    pub(super) fn share(self, left: usize) -> Instant {
        let now = Instant::now();
        let left = u32::try_from(left).unwrap_or(u32::MAX).max(1);
        now + self.deadline.saturating_duration_since(now) / left
    }

    /// The time that remains.
    pub(super) fn remaining(self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

/// The addresses to try, the first one in turn first. Never an address of the node itself, save a literal one.
pub(super) async fn candidates(
    resolver: &Resolver,
    host: &Host,
    turn: Turn,
    trace: &mut Trace,
) -> Result<Vec<IpAddr>, Symptom> {
    match host {
        Host::Address(address) => Ok(vec![*address]),
        Host::Name(name) => {
            trace.enter(Phase::Resolve);
            let found = resolver.resolve(name, turn.deadline, trace).await?;
            select(found.addresses, turn.ordinal, has_route, trace)
        }
    }
}

fn select(
    mut addresses: Vec<IpAddr>,
    ordinal: u64,
    has_route: impl Fn(Ipv6Addr) -> bool,
    trace: &mut Trace,
) -> Result<Vec<IpAddr>, Symptom> {
    addresses.retain(|address| !is_sinkhole(*address));
    if addresses.is_empty() {
        let detail = "every address of the name is unspecified or loopback";
        return Err(Symptom::new(Reason::Sinkholed, detail));
    }
    addresses.retain(|address| match address {
        IpAddr::V4(_) => true,
        IpAddr::V6(address) => has_route(*address),
    });
    if addresses.is_empty() {
        trace.facts.no_local_route = true;
        let detail = "the name has IPv6 addresses only, and this node has no route to them";
        return Err(Symptom::new(Reason::Unreachable, detail));
    }
    let mut addresses = in_turn(addresses, ordinal);
    addresses.truncate(MOST_CANDIDATES);
    Ok(addresses)
}

/// Turns the list so that every address is the first one in turn, and families alternate after it: two addresses
/// are enough to hold one of each. Nameservers shuffle their answers, so the list is sorted before it is turned.
fn in_turn(mut addresses: Vec<IpAddr>, ordinal: u64) -> Vec<IpAddr> {
    addresses.sort_unstable(); // IPv4 comes first
    addresses.dedup();
    let first = rest(ordinal, addresses.len());
    let v6_from = addresses.partition_point(IpAddr::is_ipv4);
    let (v4, v6) = addresses.split_at_mut(v6_from);
    let (first_family, other_family) = if first < v6_from {
        v4.rotate_left(first);
        v6.rotate_left(rest(ordinal, v6.len()));
        (v4, v6)
    } else {
        v6.rotate_left(first - v6_from);
        v4.rotate_left(rest(ordinal, v4.len()));
        (v6, v4)
    };
    alternating(first_family, other_family)
}

fn alternating(first: &[IpAddr], other: &[IpAddr]) -> Vec<IpAddr> {
    let longest = first.len().max(other.len());
    let pairs = (0..longest).flat_map(|at| [first.get(at), other.get(at)]);
    pairs.flatten().copied().collect()
}

/// What is left of `ordinal` when it is counted in rounds of `length`.
fn rest(ordinal: u64, length: usize) -> usize {
    let rest = ordinal.checked_rem(length as u64);
    rest.and_then(|rest| usize::try_from(rest).ok())
        .unwrap_or(0)
}

/// Asks the kernel's routing table: connecting a datagram socket sends nothing.
fn has_route(address: Ipv6Addr) -> bool {
    const DISCARD: u16 = 9; // any port does
    let connected = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0))
        .and_then(|socket| socket.connect(SocketAddr::from((address, DISCARD))));
    // Every other error is for the attempt itself to meet and to report.
    !connected.is_err_and(|error| classify::is_want_of_route(&error))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn addresses(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn chosen(texts: &[&str], ordinal: u64, routed: bool) -> (Result<Vec<IpAddr>, Symptom>, Trace) {
        let mut trace = Trace::start(Phase::Resolve);
        let result = select(addresses(texts), ordinal, |_| routed, &mut trace);
        (result, trace)
    }

    #[test]
    fn every_address_is_the_first_in_turn() {
        let all = ["192.0.2.1", "192.0.2.2", "2001:db8::1"];
        for (ordinal, first) in [(0, 0), (1, 1), (2, 2), (3, 0), (u64::MAX, 0)] {
            let (result, _) = chosen(&all, ordinal, true);
            let result = result.unwrap();
            assert_eq!(result[0], addresses(&all)[first], "ordinal {ordinal}");
            assert_eq!(result.len(), 3);
        }
    }

    #[test]
    fn ipv6_without_a_route_is_left_out() {
        let (result, trace) = chosen(&["192.0.2.1", "2001:db8::1"], 1, false);
        assert_eq!(result.unwrap(), addresses(&["192.0.2.1"]));
        assert!(!trace.facts.no_local_route);
    }

    #[test]
    fn only_unroutable_ipv6_is_unreachable_for_want_of_a_route() {
        let (result, trace) = chosen(&["2001:db8::1"], 0, false);
        assert_eq!(result.unwrap_err().reason, Reason::Unreachable);
        assert!(trace.facts.no_local_route);
    }

    #[test]
    fn the_node_itself_is_never_a_candidate() {
        let (result, _) = chosen(
            &["127.0.0.1", "0.0.0.0", "::1", "::ffff:127.0.0.1"],
            0,
            true,
        );
        assert_eq!(result.unwrap_err().reason, Reason::Sinkholed);
        let (result, _) = chosen(&["0.0.0.0", "192.0.2.1"], 0, true);
        assert_eq!(result.unwrap(), addresses(&["192.0.2.1"]));
    }

    #[test]
    fn a_long_list_is_cut_after_it_was_turned() {
        let all: Vec<String> = (1..=12).map(|n| format!("192.0.2.{n}")).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let (result, _) = chosen(&all, 10, true);
        let result = result.unwrap();
        assert_eq!(result.len(), MOST_CANDIDATES);
        assert_eq!(result[..2], addresses(&["192.0.2.11", "192.0.2.12"]));
    }

    #[test]
    fn shuffled_answers_do_not_change_whose_turn_it_is() {
        let answers = [
            ["192.0.2.10", "192.0.2.9", "2001:db8::1"],
            ["2001:db8::1", "192.0.2.10", "192.0.2.9"],
        ];
        let first = |ordinal| {
            answers.map(|answer| chosen(&answer, ordinal, true).0.unwrap()[0].to_string())
        };
        assert_eq!(first(0), ["192.0.2.9"; 2], "by number, not by spelling");
        assert_eq!(first(1), ["192.0.2.10"; 2]);
        assert_eq!(first(2), ["2001:db8::1"; 2]);
    }

    fn of_families(v4: u8, v6: u8) -> Vec<IpAddr> {
        let v4 = (0..v4).map(|n| IpAddr::from([192, 0, 2, n]));
        let v6 = (0..v6).map(|n| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, u16::from(n)]));
        v4.chain(v6).collect()
    }

    proptest! {
        #[test]
        fn every_address_leads_in_turn_and_every_window_holds_ipv4(
            v4 in 0_u8..20, v6 in 0_u8..20, start in prop_oneof![Just(0), 0_u64..1000], seed: usize,
        ) {
            let all = of_families(v4, v6);
            prop_assume!(!all.is_empty());
            let mut leaders = Vec::new();
            for turn in 0..all.len() {
                let mut answer = all.clone();
                answer.rotate_left(seed.wrapping_add(turn * 7) % all.len());
                let mut trace = Trace::start(Phase::Resolve);
                let ordinal = start + turn as u64;
                let window = select(answer, ordinal, |_| true, &mut trace).unwrap();
                prop_assert_eq!(window.len(), all.len().min(MOST_CANDIDATES));
                leaders.push(window[0]);
                // Datagram probes take the first four.
                prop_assert_eq!(window.iter().take(2).any(IpAddr::is_ipv4), v4 > 0);
                if ordinal == 0 {
                    prop_assert_eq!(window[0].is_ipv4(), v4 > 0);
                }
            }
            leaders.sort_unstable();
            prop_assert_eq!(leaders, all);
        }
    }

    #[tokio::test]
    async fn a_literal_address_is_taken_as_it_is() {
        let resolver = Resolver::new(Vec::new());
        let host = Host::Address("127.0.0.1".parse().unwrap());
        let mut trace = Trace::start(Phase::Connect);
        let turn = Turn {
            ordinal: 7,
            deadline: Instant::now(),
        };
        let result = candidates(&resolver, &host, turn, &mut trace).await;
        assert_eq!(result.unwrap(), addresses(&["127.0.0.1"]));
        assert_eq!(trace.phase(), Phase::Connect);
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_that_remains_is_shared_fairly() {
        let now = Instant::now();
        let turn = Turn {
            ordinal: 0,
            deadline: now + Duration::from_secs(9),
        };
        assert_eq!(turn.share(3), now + Duration::from_secs(3));
        assert_eq!(turn.share(1), turn.deadline);
        tokio::time::advance(Duration::from_secs(20)).await;
        assert_eq!(turn.share(1), Instant::now());
        assert_eq!(turn.remaining(), Duration::ZERO);
    }
}

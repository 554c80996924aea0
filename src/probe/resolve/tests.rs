//! The resolver against scripted nameservers on loopback.

use hickory_resolver::proto::op::{Message, MessageType, ResponseCode};
use tokio::time::Instant;

use super::message::mnemonic;
use super::*;
use crate::outcome::Phase;
use crate::probe::scripted::{Server, answer, asks_v4, closed_port, framed, reply};

const HOST: &str = "mcr.example";
const BOTH: &[(&str, &str)] = &[(HOST, "192.0.2.1"), (HOST, "2001:db8::1")];

/// Long enough to be seen, where silence is what is tested.
const SHORT: Duration = Duration::from_millis(60);

/// An attempt with room for many short tries.
const SILENCE: Duration = Duration::from_millis(600);

async fn resolve_within(
    per_try: Duration,
    nameservers: &[SocketAddr],
) -> (Result<Resolved, Symptom>, Trace) {
    resolve_until(Instant::now() + SILENCE, per_try, nameservers).await
}

async fn resolve_until(
    deadline: Instant,
    per_try: Duration,
    nameservers: &[SocketAddr],
) -> (Result<Resolved, Symptom>, Trace) {
    let resolver = Resolver::new(nameservers.to_vec()).with_time_per_try(per_try);
    let mut trace = Trace::start(Phase::Resolve);
    let result = resolver.resolve(HOST, deadline, &mut trace).await;
    (result, trace)
}

async fn resolve(nameservers: &[SocketAddr]) -> (Result<Resolved, Symptom>, Trace) {
    let ample = Instant::now() + Duration::from_secs(20);
    resolve_until(ample, Duration::from_secs(2), nameservers).await
}

fn texts(addresses: &[IpAddr]) -> Vec<String> {
    addresses.iter().map(ToString::to_string).collect()
}

async fn always(rcode: ResponseCode) -> Server {
    Server::dns(move |query| vec![reply(query, rcode)]).await
}

async fn good() -> Server {
    Server::dns(|query| vec![answer(query, BOTH)]).await
}

#[tokio::test]
async fn ipv4_comes_first_and_facts_are_noted() {
    let server = Server::dns(|query| {
        let chain = [
            (HOST, "cdn.example"),
            ("cdn.example", "192.0.2.1"),
            ("cdn.example", "2001:db8::1"),
        ];
        vec![answer(query, &chain)]
    })
    .await;
    let (result, trace) = resolve(&[server.address]).await;
    let resolved = result.unwrap();
    assert_eq!(texts(&resolved.addresses), ["192.0.2.1", "2001:db8::1"]);
    assert_eq!(resolved.aliases, ["cdn.example"]);
    assert_eq!(trace.facts.nameserver, Some(server.address));
    assert_eq!(trace.facts.rcode.as_deref(), Some("NOERROR"));
    assert_eq!(trace.facts.aliases, ["cdn.example"]);
    assert_eq!(trace.facts.resolved, resolved.addresses);
    assert_eq!(trace.facts.ignored_replies, 0);
}

#[tokio::test]
async fn both_questions_are_asked_once_with_edns() {
    let server = good().await;
    resolve(&[server.address]).await.0.unwrap();
    let queries = server.received();
    let queries: Vec<_> = queries
        .iter()
        .map(|query| Message::from_vec(query).unwrap())
        .collect();
    assert_eq!(queries.len(), 2);
    for query in queries {
        assert!(query.metadata.recursion_desired);
        assert_eq!(query.max_payload(), 1232);
        assert_eq!(query.queries[0].name.to_ascii(), "mcr.example.");
    }
}

#[tokio::test]
async fn a_dropped_aaaa_hardly_delays_a_good_a() {
    let only_a = |query: &Message| {
        if asks_v4(query) {
            vec![answer(query, BOTH)]
        } else {
            vec![]
        }
    };
    let server = Server::dns(only_a).await;
    let (result, _) = resolve(&[server.address]).await;
    assert_eq!(texts(&result.unwrap().addresses), ["192.0.2.1"]);
    assert_eq!(server.received().len(), 2, "before the next try");
}

#[tokio::test]
async fn a_failing_aaaa_does_not_fail_a_good_a() {
    for rcode in [
        ResponseCode::ServFail,
        ResponseCode::NXDomain,
        ResponseCode::Refused,
    ] {
        let server = Server::dns(move |query| {
            let reply = if asks_v4(query) {
                answer(query, BOTH)
            } else {
                reply(query, rcode)
            };
            vec![reply]
        })
        .await;
        let (result, trace) = resolve(&[server.address]).await;
        assert_eq!(texts(&result.unwrap().addresses), ["192.0.2.1"]);
        assert_eq!(trace.facts.rcode.as_deref(), Some("NOERROR"));
    }
}

#[tokio::test]
async fn a_name_with_ipv6_only_resolves() {
    let server = Server::dns(|query| vec![answer(query, &BOTH[1..])]).await;
    let (result, _) = resolve(&[server.address]).await;
    assert_eq!(texts(&result.unwrap().addresses), ["2001:db8::1"]);
}

#[tokio::test]
async fn ipv6_alone_is_taken_when_no_nameserver_tells_ipv4() {
    let only_aaaa = |query: &Message| {
        if asks_v4(query) {
            vec![]
        } else {
            vec![answer(query, BOTH)]
        }
    };
    let half = Server::dns(only_aaaa).await;
    let (result, trace) = resolve_within(SHORT, &[half.address]).await;
    assert_eq!(texts(&result.unwrap().addresses), ["2001:db8::1"]);
    assert_eq!(trace.facts.nameserver, Some(half.address));

    let whole = good().await;
    let (result, trace) = resolve_within(SHORT, &[half.address, whole.address]).await;
    assert_eq!(result.unwrap().addresses.len(), 2);
    assert_eq!(trace.facts.nameserver, Some(whole.address));
}

#[tokio::test]
async fn nxdomain_is_final() {
    let first = always(ResponseCode::NXDomain).await;
    let second = good().await;
    let (result, trace) = resolve(&[first.address, second.address]).await;
    assert_eq!(result.unwrap_err().reason, Reason::NameNotFound);
    assert_eq!(trace.facts.rcode.as_deref(), Some("NXDOMAIN"));
    assert_eq!(trace.facts.nameserver, Some(first.address));
    assert!(second.received().is_empty());
}

#[tokio::test]
async fn a_name_without_addresses_is_told_from_one_that_does_not_exist() {
    let server = Server::dns(|query| vec![answer(query, &[(HOST, "gone.example")])]).await;
    let (result, trace) = resolve(&[server.address]).await;
    assert_eq!(result.unwrap_err().reason, Reason::NoAddresses);
    assert_eq!(trace.facts.rcode.as_deref(), Some("NOERROR"));
    assert_eq!(trace.facts.aliases, ["gone.example"]);
}

#[tokio::test]
async fn silence_about_aaaa_leaves_a_name_without_a_open() {
    let server = Server::dns(|query| {
        let nothing = asks_v4(query).then(|| reply(query, ResponseCode::NoError));
        nothing.into_iter().collect()
    })
    .await;
    let (result, _) = resolve_within(SHORT, &[server.address]).await;
    assert_eq!(result.unwrap_err().reason, Reason::Timeout);
}

#[tokio::test]
async fn the_next_nameserver_is_asked_after_a_failure_of_any_kind() {
    let good = good().await;
    let silent = Server::silent().await;
    let refusing = always(ResponseCode::Refused).await;
    let failing = always(ResponseCode::ServFail).await;
    let bad = [
        silent.address,
        refusing.address,
        failing.address,
        closed_port().await,
    ];
    for bad in bad {
        let (result, trace) = resolve_within(SHORT, &[bad, good.address]).await;
        assert_eq!(result.unwrap().nameserver, good.address);
        assert_eq!(
            trace.facts.icmp, None,
            "what did not end the attempt is no fact of its end"
        );
    }
}

#[tokio::test]
async fn the_list_is_gone_through_twice() {
    for (rcode, reason) in [
        (ResponseCode::Refused, Reason::ResolverRefused),
        (ResponseCode::ServFail, Reason::ResolverFailure),
    ] {
        let server = always(rcode).await;
        let (result, trace) = resolve(&[server.address]).await;
        let symptom = result.unwrap_err();
        assert_eq!(symptom.reason, reason);
        assert!(symptom.detail.contains(&server.address.to_string()));
        assert_eq!(trace.facts.rcode, Some(mnemonic(rcode)));
        assert_eq!(server.received().len(), 4, "A and AAAA, twice");
    }
}

#[tokio::test]
async fn silence_is_a_timeout_at_the_deadline_and_after_both_rounds() {
    let server = Server::silent().await;
    let started = Instant::now();
    let (result, _) = resolve_within(SHORT, &[server.address]).await;
    let symptom = result.unwrap_err();
    assert_eq!(symptom.reason, Reason::Timeout);
    let named = server.address.to_string();
    assert!(symptom.detail.contains(&named), "{}", symptom.detail);
    assert!(started.elapsed() >= SILENCE);
    assert_eq!(server.received().len(), 4);
}

#[tokio::test]
async fn a_deadline_that_cuts_the_resolution_is_a_timeout_while_resolving() {
    let server = Server::silent().await;
    let resolver = Resolver::new(vec![server.address]);
    let mut trace = Trace::start(Phase::Resolve);
    let deadline = Instant::now() + SHORT;
    let resolution = resolver.resolve(HOST, deadline, &mut trace);
    let cut = tokio::time::timeout_at(deadline, resolution).await;
    let result = cut.unwrap_or_else(|_| Err(trace.timed_out(SHORT)));
    let outcome = trace.finish(result.map(drop), None);
    let failure = outcome.verdict.failure().unwrap();
    assert_eq!(
        (failure.phase, failure.reason),
        (Phase::Resolve, Reason::Timeout)
    );
}

#[tokio::test]
async fn an_answer_that_comes_after_the_next_try_began_counts() {
    // A and AAAA of the first try are answered when those of the second one arrive, and those never.
    let server = Server::late(2, |query| answer(query, BOTH)).await;
    let (result, trace) = resolve_within(SHORT, &[server.address]).await;
    assert_eq!(result.unwrap().addresses.len(), 2);
    assert_eq!(trace.facts.nameserver, Some(server.address));
    assert_eq!(server.received().len(), 4);
}

#[tokio::test]
async fn a_late_answer_of_the_first_nameserver_beats_the_silence_of_the_second() {
    let first = Server::late(2, |query| answer(query, BOTH)).await;
    let silent = Server::silent().await;
    let (result, trace) = resolve_within(SHORT, &[first.address, silent.address]).await;
    assert_eq!(result.unwrap().nameserver, first.address);
    assert_eq!(trace.facts.nameserver, Some(first.address));
}

#[tokio::test]
async fn a_dead_nameserver_leaves_most_of_a_short_deadline_to_the_next() {
    let (dead, good) = (Server::silent().await, good().await);
    let deadline = Instant::now() + SILENCE * 2;
    let per_try = Duration::from_secs(2);
    let (result, _) = resolve_until(deadline, per_try, &[dead.address, good.address]).await;
    assert_eq!(result.unwrap().nameserver, good.address);
}

#[tokio::test]
async fn no_more_than_six_tries_listen() {
    for (silent, heard) in [(4, true), (5, false)] {
        // It answers the first try at the second one, and that never.
        let late = Server::late(2, |query| answer(query, BOTH)).await;
        let mut servers = vec![late];
        for _ in 0..silent {
            servers.push(Server::silent().await);
        }
        let addresses: Vec<_> = servers.iter().map(|server| server.address).collect();
        let deadline = Instant::now() + SILENCE * 2;
        let (result, _) = resolve_until(deadline, SHORT / 3, &addresses).await;
        assert_eq!(result.is_ok(), heard, "{result:?}");
        assert_eq!(servers[0].received().len(), 4);
    }
}

#[tokio::test]
async fn facts_of_another_nameserver_are_not_those_of_the_failure() {
    let failing = always(ResponseCode::ServFail).await;
    let nameservers = [failing.address, closed_port().await];
    let (result, trace) = resolve(&nameservers).await;
    assert_eq!(result.unwrap_err().reason, Reason::ResolverFailure);
    assert_eq!(trace.facts.nameserver, Some(failing.address));
    assert_eq!(trace.facts.icmp, None);
}

#[tokio::test]
async fn a_closed_port_is_refused_with_the_icmp_message() {
    let (result, trace) = resolve(&[closed_port().await]).await;
    assert_eq!(result.unwrap_err().reason, Reason::ConnectionRefused);
    let icmp = trace.facts.icmp.unwrap();
    assert_eq!((icmp.kind, icmp.code), (3, 3));
}

#[tokio::test]
async fn the_most_telling_failure_is_reported() {
    let failing = always(ResponseCode::ServFail).await;
    let nameservers = [
        closed_port().await,
        failing.address,
        Server::silent().await.address,
    ];
    let (result, trace) = resolve_within(SHORT, &nameservers).await;
    assert_eq!(result.unwrap_err().reason, Reason::ResolverFailure);
    assert_eq!(trace.facts.nameserver, Some(failing.address));
    assert_eq!(trace.facts.icmp, None);
}

/// Wrong in every way that does not make it an answer to `query`.
fn impostors(query: &Message) -> Vec<Message> {
    let good = answer(query, &[(HOST, "203.0.113.66"), (HOST, "2001:db8::66")]);
    let mut other_id = good.clone();
    other_id.metadata.id ^= 1;
    let mut other_name = good.clone();
    other_name.queries[0].name = crate::probe::scripted::name("evil.example");
    let mut not_a_reply = good.clone();
    not_a_reply.metadata.message_type = MessageType::Query;
    let mut no_question = good;
    no_question.queries.clear();
    vec![other_id, other_name, not_a_reply, no_question]
}

fn malformed(query: &Message) -> Vec<u8> {
    let bytes = answer(query, BOTH).to_vec().unwrap();
    bytes[..bytes.len() - 3].to_vec()
}

#[tokio::test]
async fn replies_that_do_not_match_neither_count_nor_end_the_wait() {
    let server = Server::udp(|query| {
        let query = Message::from_vec(query).unwrap();
        let impostors = impostors(&query)
            .into_iter()
            .map(|reply| reply.to_vec().unwrap());
        let noise = [malformed(&query), vec![], vec![0; 5]];
        let good = answer(&query, BOTH).to_vec().unwrap();
        impostors.chain(noise).chain([good]).collect()
    })
    .await;
    let (result, trace) = resolve(&[server.address]).await;
    assert_eq!(
        texts(&result.unwrap().addresses),
        ["192.0.2.1", "2001:db8::1"]
    );
    assert_eq!(trace.facts.ignored_replies, 14, "seven to each question");
}

#[tokio::test]
async fn only_replies_that_do_not_match_are_unexpected() {
    let server = Server::dns(impostors).await;
    let (result, trace) = resolve_within(SHORT, &[server.address]).await;
    assert_eq!(result.unwrap_err().reason, Reason::UnexpectedReply);
    assert_eq!(trace.facts.ignored_replies, 16);
}

fn cut(query: &Message) -> Vec<Message> {
    let mut reply = reply(query, ResponseCode::NoError);
    reply.metadata.truncation = true;
    vec![reply]
}

#[tokio::test]
async fn a_truncated_answer_is_asked_for_over_tcp() {
    let server = Server::dns(cut).await;
    let server = server.and_tcp(|query| {
        let query = Message::from_vec(query).unwrap();
        let stale = impostors(&query).remove(0).to_vec().unwrap();
        let good = answer(&query, BOTH).to_vec().unwrap();
        [framed(&stale), framed(&good)].concat()
    });
    let (result, trace) = resolve(&[server.address]).await;
    assert_eq!(
        texts(&result.unwrap().addresses),
        ["192.0.2.1", "2001:db8::1"]
    );
    assert_eq!(trace.facts.ignored_replies, 2, "over TCP too");
}

#[tokio::test]
async fn tcp_trouble_after_truncation_is_told() {
    let refusing = Server::dns(cut).await;
    let (result, _) = resolve(&[refusing.address]).await;
    let symptom = result.unwrap_err();
    assert_eq!(symptom.reason, Reason::ConnectionRefused);
    assert!(symptom.detail.contains("truncated"), "{}", symptom.detail);

    let closing = Server::dns(cut).await.and_tcp(|_| vec![0, 40, 1]);
    let (result, _) = resolve(&[closing.address]).await;
    assert_eq!(result.unwrap_err().reason, Reason::ConnectionClosed);

    let truncating = Server::dns(cut).await;
    let truncating = truncating
        .and_tcp(|query| framed(&cut(&Message::from_vec(query).unwrap())[0].to_vec().unwrap()));
    let (result, _) = resolve(&[truncating.address]).await;
    assert_eq!(result.unwrap_err().reason, Reason::ResolverFailure);
}

#[tokio::test]
async fn a_server_that_cannot_read_edns_is_asked_without() {
    let server = Server::dns(|query| {
        let mut refusal = reply(query, ResponseCode::FormErr);
        refusal.queries.clear();
        match &query.edns {
            Some(_) => vec![refusal],
            None => vec![answer(query, BOTH)],
        }
    })
    .await;
    let (result, _) = resolve(&[server.address]).await;
    assert_eq!(result.unwrap().addresses.len(), 2);
    assert_eq!(server.received().len(), 4);

    let stubborn = always(ResponseCode::FormErr).await;
    let (result, trace) = resolve(&[stubborn.address]).await;
    assert_eq!(result.unwrap_err().reason, Reason::ResolverFailure);
    assert_eq!(trace.facts.rcode.as_deref(), Some("FORMERR"));
    assert_eq!(
        stubborn.received().len(),
        6,
        "both questions with and without, and without in the second round"
    );
}

#[tokio::test]
async fn whatever_a_server_says_against_edns_it_is_asked_without() {
    for rcode in [ResponseCode::NotImp, ResponseCode::BADVERS] {
        let server = Server::dns(move |query| match &query.edns {
            Some(edns) => {
                let mut refusal = reply(query, rcode);
                refusal.set_edns(edns.clone()); // it carries the high bits of the code
                vec![refusal]
            }
            None => vec![answer(query, BOTH)],
        })
        .await;
        let (result, _) = resolve(&[server.address]).await;
        assert_eq!(result.unwrap().addresses.len(), 2, "{rcode:?}");
        assert_eq!(server.received().len(), 4, "{rcode:?}");
    }
}

#[tokio::test]
async fn the_second_round_does_without_edns() {
    for choking in [Some(ResponseCode::ServFail), None] {
        let server = Server::dns(move |query| match &query.edns {
            Some(_) => choking
                .map(|rcode| reply(query, rcode))
                .into_iter()
                .collect(),
            None => vec![answer(query, BOTH)],
        })
        .await;
        let (result, _) = resolve_within(SHORT, &[server.address]).await;
        assert_eq!(result.unwrap().addresses.len(), 2, "{choking:?}");
        assert_eq!(server.received().len(), 4, "{choking:?}");
    }
}

#[tokio::test]
async fn sixteen_addresses_are_kept() {
    let server = Server::dns(|query| {
        let many: Vec<String> = (1..=20).map(|n| format!("192.0.2.{n}")).collect();
        let many: Vec<_> = many
            .iter()
            .map(|address| (HOST, address.as_str()))
            .collect();
        vec![answer(query, &many)]
    })
    .await;
    let (result, _) = resolve(&[server.address]).await;
    assert_eq!(result.unwrap().addresses.len(), 16);
}

#[tokio::test]
async fn what_cannot_be_asked_is_the_agents_own_trouble() {
    let (result, _) = resolve(&[]).await;
    assert_eq!(result.unwrap_err().reason, Reason::Internal);

    let server = good().await;
    let resolver = Resolver::new(vec![server.address]);
    for name in ["", "a..b", "white space.example", "back\\slash.example"] {
        let mut trace = Trace::start(Phase::Resolve);
        let deadline = Instant::now() + SILENCE;
        let result = resolver.resolve(name, deadline, &mut trace).await;
        let symptom = result.unwrap_err();
        assert_eq!(symptom.reason, Reason::Internal, "{name:?}");
        assert!(!symptom.decides);
    }
    assert!(server.received().is_empty());
}

#[test]
fn a_resolution_can_move_between_threads() {
    const fn movable<T: Send>(_: &T) {}
    let resolver = Resolver::new(Vec::new());
    let mut trace = Trace::start(Phase::Resolve);
    let deadline = Instant::now();
    movable(&resolver.resolve(HOST, deadline, &mut trace));
}

#[tokio::test]
async fn addresses_of_private_use_are_told_when_there_are_no_others() {
    for (addresses, private) in [
        (&["10.255.255.1"][..], true),
        (&["100.64.0.1", "fd00::1"], true),
        (&["10.0.0.1", "192.0.2.1"], false),
        (&["100.128.0.1"], false),
        (&["2001:db8::1"], false),
    ] {
        let server = Server::dns(move |query| {
            let records: Vec<_> = addresses.iter().map(|address| (HOST, *address)).collect();
            vec![answer(query, &records)]
        })
        .await;
        let (result, trace) = resolve(&[server.address]).await;
        result.unwrap();
        assert_eq!(trace.facts.private_addresses, private, "{addresses:?}");
    }
}

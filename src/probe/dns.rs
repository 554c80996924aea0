//! The `dns` probe of a name, and the `dns-udp` and `dns-tcp` probes of a nameserver.

use super::addresses::Turn;
use super::resolve::{Resolver, Transport, is_sinkhole};
use super::{Symptom, Trace};
use crate::outcome::{Phase, Reason};
use crate::target::{Host, Probe, Target};

/// The port of a nameserver whose target names none.
const PORT: u16 = 53;

/// Proven by an address of the name where a server can live; those that lead back to the node stay among the facts.
pub(super) async fn probe(
    resolver: &Resolver,
    target: &Target,
    turn: Turn,
    trace: &mut Trace,
) -> Result<(), Symptom> {
    trace.enter(Phase::Resolve);
    let Host::Name(name) = &target.host else {
        return Err(misplanned("a name", &target.host));
    };
    let found = resolver.resolve(name, turn.deadline, trace).await?;
    let addresses = &found.addresses;
    if addresses.iter().any(|address| !is_sinkhole(*address)) {
        return Ok(());
    }
    let listed: Vec<_> = addresses.iter().map(ToString::to_string).collect();
    let (nameserver, listed) = (found.nameserver, listed.join(", "));
    let detail = format!("nameserver {nameserver} answers with {listed} only");
    Err(Symptom::new(Reason::Sinkholed, detail))
}

/// Proven by a well-formed answer, whatever it says: the nameserver is there and can be talked to.
pub(super) async fn probe_nameserver(
    resolver: &Resolver,
    target: &Target,
    turn: Turn,
    trace: &mut Trace,
) -> Result<(), Symptom> {
    let (question, transport) = match &target.probe {
        Probe::DnsUdp { question } => (question, Transport::Udp),
        Probe::DnsTcp { question } => (question, Transport::Tcp),
        other => {
            let detail = format!("{} asks no nameserver", other.kind());
            return Err(Symptom::new(Reason::Internal, detail));
        }
    };
    let Host::Address(address) = target.host else {
        return Err(misplanned("an address", &target.host));
    };
    let nameserver = resolver.nameserver_at(address, target.port.unwrap_or(PORT));
    trace.try_address(nameserver);
    let ask = resolver.ask(nameserver, question, transport, turn.deadline, trace);
    ask.await
}

fn misplanned(wanted: &str, host: &Host) -> Symptom {
    let detail = format!("this probe needs {wanted}, and the plan gave it {host}");
    Symptom::new(Reason::Internal, detail)
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, SocketAddr};
    use std::time::Duration;

    use hickory_resolver::proto::op::{Message, ResponseCode};

    use tokio::time::Instant;

    use super::*;
    use crate::probe::scripted::{Server, answer, closed_port, framed, reply, target};
    use crate::target::ProbeKind;

    const HOST: &str = "mcr.example";
    const SHORT: Duration = Duration::from_millis(60);

    fn turn() -> Turn {
        Turn {
            ordinal: 0,
            deadline: Instant::now() + SHORT * 5,
        }
    }

    async fn probed(addresses: &'static [&'static str]) -> (Result<(), Symptom>, Trace) {
        let server = Server::dns(|query| {
            let records: Vec<_> = addresses.iter().map(|address| (HOST, *address)).collect();
            vec![answer(query, &records)]
        })
        .await;
        let resolver = Resolver::new(vec![server.address]);
        let target = target(Probe::Dns, Host::Name(HOST.to_owned()), None);
        let mut trace = Trace::start(Phase::Resolve);
        let result = probe(&resolver, &target, turn(), &mut trace).await;
        (result, trace)
    }

    fn texts(addresses: &[&str]) -> Vec<IpAddr> {
        addresses.iter().map(|text| text.parse().unwrap()).collect()
    }

    async fn asked(nameserver: SocketAddr, transport: Transport) -> (Result<(), Symptom>, Trace) {
        let resolver = Resolver::new(Vec::new()).with_time_per_try(SHORT);
        let question = HOST.to_owned();
        let probe = match transport {
            Transport::Udp => Probe::DnsUdp { question },
            Transport::Tcp => Probe::DnsTcp { question },
        };
        let host = Host::Address(nameserver.ip());
        let target = target(probe, host, Some(nameserver.port()));
        let mut trace = Trace::start(Phase::Resolve);
        let result = probe_nameserver(&resolver, &target, turn(), &mut trace).await;
        (result, trace)
    }

    #[tokio::test]
    async fn an_address_proves_resolution() {
        let (result, trace) = probed(&["192.0.2.1", "2001:db8::1"]).await;
        result.unwrap();
        assert_eq!(trace.facts.resolved.len(), 2);
        assert_eq!(trace.phase(), Phase::Resolve);
    }

    #[tokio::test]
    async fn addresses_of_the_node_itself_alone_are_a_sinkhole() {
        for sinkhole in [
            &["0.0.0.0"][..],
            &["127.0.0.53"],
            &["::"],
            &["0.0.0.0", "::1"],
            &["127.0.0.1", "::ffff:127.0.0.1"],
        ] {
            let (result, trace) = probed(sinkhole).await;
            let symptom = result.unwrap_err();
            assert_eq!(symptom.reason, Reason::Sinkholed, "{sinkhole:?}");
            for address in sinkhole {
                assert!(symptom.detail.contains(address), "{}", symptom.detail);
            }
            assert_eq!(trace.facts.resolved.len(), sinkhole.len(), "kept as facts");
        }
    }

    #[tokio::test]
    async fn one_good_address_among_sinkholes_proves_resolution() {
        for mixed in [
            &["192.0.2.1", "127.0.0.1"],
            &["0.0.0.0", "2001:db8::1"],
            &["192.0.2.1", "::ffff:127.0.0.1"],
        ] {
            let (result, trace) = probed(mixed).await;
            result.unwrap();
            assert_eq!(trace.facts.resolved, texts(mixed), "all are shown");
        }
    }

    #[tokio::test]
    async fn any_answer_proves_a_nameserver() {
        for rcode in [
            ResponseCode::NoError,
            ResponseCode::NXDomain,
            ResponseCode::Refused,
        ] {
            let bytes = move |query: &[u8]| {
                let query = Message::from_vec(query).unwrap();
                reply(&query, rcode).to_vec().unwrap()
            };
            let server = Server::udp(move |query| vec![bytes(query)]).await;
            let server = server.and_tcp(move |query| framed(&bytes(query)));
            for transport in [Transport::Udp, Transport::Tcp] {
                let (result, trace) = asked(server.address, transport).await;
                result.unwrap();
                assert!(trace.facts.rcode.is_some());
                assert_eq!(trace.facts.nameserver, Some(server.address));
                assert_eq!(trace.phase(), Phase::Exchange);
            }
        }
    }

    #[tokio::test]
    async fn the_root_can_be_the_question() {
        let server = Server::dns(|query| vec![reply(query, ResponseCode::NoError)]).await;
        let resolver = Resolver::new(Vec::new());
        let probe = Probe::DnsUdp {
            question: ".".to_owned(),
        };
        let host = Host::Address(server.address.ip());
        let target = target(probe, host, Some(server.address.port()));
        let mut trace = Trace::start(Phase::Resolve);
        let result = probe_nameserver(&resolver, &target, turn(), &mut trace).await;
        result.unwrap();
        let asked = Message::from_vec(&server.received()[0]).unwrap();
        assert!(asked.queries[0].name.is_root());
    }

    #[tokio::test]
    async fn a_lost_datagram_is_sent_again_once() {
        let mut seen = 0;
        let server = Server::dns(move |query| {
            seen += 1;
            (seen == 2)
                .then(|| reply(query, ResponseCode::NoError))
                .into_iter()
                .collect()
        })
        .await;
        asked(server.address, Transport::Udp).await.0.unwrap();
        let received = server.received();
        assert_eq!(received.len(), 2);
        assert_eq!(received[0], received[1]);
    }

    #[tokio::test]
    async fn a_silent_nameserver_times_out() {
        let server = Server::silent().await;
        let (result, trace) = asked(server.address, Transport::Udp).await;
        assert_eq!(result.unwrap_err().reason, Reason::Timeout);
        assert_eq!(trace.phase(), Phase::Exchange);
        assert_eq!(server.received().len(), 2);
    }

    #[tokio::test]
    async fn a_slow_nameserver_has_the_whole_attempt() {
        let server = Server::silent().await;
        let turn = turn();
        asked(server.address, Transport::Udp).await.0.unwrap_err();
        assert!(Instant::now() >= turn.deadline);
        assert_eq!(server.received().len(), 2, "resent once all the same");
    }

    #[tokio::test]
    async fn only_malformed_answers_are_unexpected() {
        let server = Server::udp(|query| vec![query.to_vec()]).await;
        let (result, trace) = asked(server.address, Transport::Udp).await;
        assert_eq!(result.unwrap_err().reason, Reason::UnexpectedReply);
        assert_eq!(trace.facts.ignored_replies, 2);
    }

    #[tokio::test]
    async fn a_closed_port_is_refused_in_the_phase_that_met_it() {
        let closed = closed_port().await;
        let (result, trace) = asked(closed, Transport::Udp).await;
        assert_eq!(result.unwrap_err().reason, Reason::ConnectionRefused);
        assert_eq!(trace.phase(), Phase::Exchange);
        assert!(trace.facts.icmp.is_some());
        let (result, trace) = asked(closed, Transport::Tcp).await;
        assert_eq!(result.unwrap_err().reason, Reason::ConnectionRefused);
        assert_eq!(trace.phase(), Phase::Connect);
        assert_eq!(trace.facts.icmp, None, "a TCP port refuses by RST");
    }

    #[tokio::test]
    async fn a_connection_that_ends_before_the_answer_is_closed() {
        let server = Server::silent().await.and_tcp(|_| Vec::new());
        let (result, trace) = asked(server.address, Transport::Tcp).await;
        assert_eq!(result.unwrap_err().reason, Reason::ConnectionClosed);
        assert_eq!(trace.phase(), Phase::Exchange);
    }

    #[tokio::test]
    async fn a_link_local_nameserver_is_asked_in_its_scope() {
        let loopback = nix::net::if_::if_nametoindex("lo").unwrap();
        let scoped: SocketAddr = format!("[fe80::1%{loopback}]:53").parse().unwrap();
        let resolver = Resolver::new(vec!["[fe80::1%77]:5353".parse().unwrap(), scoped]);
        let probe = Probe::DnsUdp {
            question: HOST.to_owned(),
        };
        let target = target(probe, Host::Address(scoped.ip()), None);
        let mut trace = Trace::start(Phase::Exchange);
        let result = probe_nameserver(&resolver, &target, turn(), &mut trace).await;
        let outcome = trace.finish(result, None);
        assert_eq!(outcome.addresses[0].address, scoped);
    }

    #[tokio::test]
    async fn a_host_of_the_wrong_kind_is_the_plans_fault() {
        let resolver = Resolver::new(Vec::new());
        let mut trace = Trace::start(Phase::Resolve);
        let address = target(Probe::Dns, Host::Address([127, 0, 0, 1].into()), None);
        assert_eq!(address.id.probe, ProbeKind::Dns);
        let result = probe(&resolver, &address, turn(), &mut trace).await;
        assert_eq!(result.unwrap_err().reason, Reason::Internal);
    }
}

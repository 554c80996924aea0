//! Which of several answers and failures is told.

use super::*;

fn answer(rcode: ResponseCode, addresses: &[&str]) -> Answer {
    Answer {
        rcode,
        aliases: Vec::new(),
        addresses: addresses.iter().map(|text| text.parse().unwrap()).collect(),
        endless: false,
    }
}

fn ok(addresses: &[&str]) -> Heard {
    hear(answer(ResponseCode::NoError, addresses))
}

fn err(reason: Reason) -> Heard {
    Err(Symptom::new(reason, "test"))
}

fn told(step: Step) -> Result<usize, (bool, Reason)> {
    match step {
        Step::Done(answer) | Step::Half(answer) => Ok(answer.addresses.len()),
        Step::Final(symptom) => Err((true, symptom.reason)),
        Step::Next(symptom) => Err((false, symptom.reason)),
    }
}

#[test]
fn aaaa_has_all_its_time_only_when_the_name_depends_on_it() {
    let with = |rcode, addresses: &[&str]| grace_for_v6(&Ok(answer(rcode, addresses)));
    assert_eq!(with(ResponseCode::NoError, &["192.0.2.1"]), Some(GRACE));
    assert_eq!(with(ResponseCode::NoError, &[]), None);
    assert_eq!(with(ResponseCode::ServFail, &[]), Some(GRACE));
    assert_eq!(with(ResponseCode::NXDomain, &[]), Some(Duration::ZERO));
    let failed = Err(Symptom::new(Reason::Timeout, "test"));
    assert_eq!(grace_for_v6(&failed), Some(GRACE));
}

#[test]
fn both_ends_make_one_step() {
    let (a, aaaa) = (&["192.0.2.1"], &["2001:db8::1"]);
    assert_eq!(told(combine(ok(a), ok(aaaa))), Ok(2));
    assert_eq!(told(combine(ok(a), err(Reason::Timeout))), Ok(1));
    assert_eq!(told(combine(ok(&[]), ok(aaaa))), Ok(1));
    assert!(matches!(
        combine(err(Reason::Timeout), ok(aaaa)),
        Step::Half(_)
    ));
    let final_ = |reason| Err((true, reason));
    assert_eq!(told(combine(ok(&[]), ok(&[]))), final_(Reason::NoAddresses));
    assert_eq!(
        told(combine(ok(&[]), err(Reason::NameNotFound))),
        final_(Reason::NoAddresses)
    );
    assert_eq!(
        told(combine(err(Reason::NameNotFound), ok(aaaa))),
        final_(Reason::NameNotFound)
    );
    let next = |reason| Err((false, reason));
    assert_eq!(
        told(combine(ok(&[]), err(Reason::Timeout))),
        next(Reason::Timeout)
    );
    assert_eq!(
        told(combine(err(Reason::Timeout), ok(&[]))),
        next(Reason::Timeout)
    );
    assert_eq!(
        told(combine(err(Reason::Timeout), err(Reason::NameNotFound))),
        next(Reason::NameNotFound)
    );
}

#[test]
fn an_endless_chain_of_aliases_is_the_resolvers_failure() {
    let endless = Answer {
        endless: true,
        ..answer(ResponseCode::NoError, &["192.0.2.1"])
    };
    assert_eq!(hear(endless).unwrap_err().reason, Reason::ResolverFailure);
}

#[test]
fn the_nodes_own_trouble_is_never_hidden_behind_the_networks() {
    let order = [
        Reason::Timeout,
        Reason::UnexpectedReply,
        Reason::Unreachable,
        Reason::ConnectionRefused,
        Reason::Prohibited,
        Reason::ResolverFailure,
        Reason::LocalResource,
    ];
    for pair in order.windows(2) {
        let [less, more] = [pair[0], pair[1]].map(|reason| Symptom::new(reason, "test"));
        assert_eq!(more_telling(less.clone(), more.clone()).reason, more.reason);
        assert_eq!(more_telling(more.clone(), less).reason, more.reason);
    }
}

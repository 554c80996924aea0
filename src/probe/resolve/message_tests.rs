//! What is taken for an answer to a question, and what is not.

use std::net::Ipv4Addr;

use proptest::prelude::*;

use super::*;
use crate::probe::scripted::{name, record};

const HOST: &str = "mcr.example";

fn asked() -> Asked {
    Asked::new(&name(HOST), Family::V4, true).unwrap()
}

fn message(asked: &Asked, records: &[(&str, &str)]) -> Message {
    let mut message = Message::from_vec(&asked.bytes).unwrap();
    message.metadata.message_type = MessageType::Response;
    for (owner, data) in records {
        message.add_answer(record(owner, data));
    }
    message
}

fn read(records: &[(&str, &str)]) -> Answer {
    let asked = asked();
    match asked.judge(&message(&asked, records).to_vec().unwrap()) {
        Reply::Answer(answer) => answer,
        other => panic!("not an answer: {other:?}"),
    }
}

#[test]
fn names_that_dns_can_carry_are_absolute() {
    let longest = [
        ["a"; 63].concat(),
        ["b"; 63].concat(),
        ["c"; 63].concat(),
        ["d"; 61].concat(),
    ];
    for good in [HOST, "mcr.example.", "_srv.x", "a", ".", &longest.join(".")] {
        assert!(absolute(good).is_some_and(|name| name.is_fqdn()), "{good}");
    }
    let long_label = ["a"; 64].concat();
    let too_long = format!("{}.e", longest.join("."));
    for bad in [
        "",
        "..",
        "a..b",
        ".a",
        "a b",
        "b\\.c",
        "é.example",
        &long_label,
        &too_long,
    ] {
        assert!(absolute(bad).is_none(), "{bad}");
    }
}

#[test]
fn aliases_are_followed_in_the_order_of_the_chain() {
    let answer = read(&[
        ("c.example", "192.0.2.1"),
        ("b.example", "c.example"),
        (HOST, "B.example"),
        ("c.example", "192.0.2.2"),
        ("c.example", "192.0.2.1"),
    ]);
    assert_eq!(answer.aliases, ["b.example", "c.example"]);
    let expected = [Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 2)];
    assert_eq!(answer.addresses, expected.map(IpAddr::V4));
}

#[test]
fn records_of_other_owners_and_types_are_no_answer() {
    let answer = read(&[
        ("evil.example", "203.0.113.66"),
        (HOST, "2001:db8::1"),
        ("evil.example", HOST),
    ]);
    assert!(answer.addresses.is_empty());
    assert!(answer.aliases.is_empty());
}

#[test]
fn a_loop_of_aliases_ends() {
    assert!(read(&[(HOST, "b.example"), ("b.example", HOST)]).endless);
    assert!(read(&[(HOST, HOST)]).endless);
}

#[test]
fn sixteen_aliases_are_followed_and_not_one_more() {
    let names: Vec<String> = (0..=17).map(|n| format!("n{n}.example")).collect();
    let chain = |aliases: usize| {
        let mut records = vec![(HOST, names[1].as_str())];
        records.extend((1..aliases).map(|n| (names[n].as_str(), names[n + 1].as_str())));
        records.push((&names[aliases], "192.0.2.1"));
        read(&records)
    };
    assert_eq!(chain(16).addresses.len(), 1);
    assert!(!chain(16).endless);
    assert!(chain(17).endless);
}

#[test]
fn a_truncated_reply_may_be_cut_anywhere_after_the_question() {
    let asked = asked();
    let mut message = message(&asked, &[(HOST, "192.0.2.1")]);
    message.metadata.truncation = true;
    let bytes = message.to_vec().unwrap();
    let question_end = 12 + HOST.len() + 2 + 4;
    assert_eq!(asked.judge(&bytes[..question_end]), Reply::Truncated);
    assert_eq!(asked.judge(&bytes), Reply::Truncated);
    assert_eq!(asked.judge(&bytes[..question_end - 1]), Reply::Ignored);
}

#[test]
fn other_types_of_the_same_name_do_not_match() {
    let asked = asked();
    let mut message = message(&asked, &[]);
    message.queries[0].query_type = RecordType::AAAA;
    assert_eq!(asked.judge(&message.to_vec().unwrap()), Reply::Ignored);
}

#[test]
fn response_codes_are_named_as_registered() {
    assert_eq!(mnemonic(ResponseCode::NXDomain), "NXDOMAIN");
    assert_eq!(mnemonic(ResponseCode::Unknown(3841)), "RCODE3841");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_or_match_by_chance(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let asked = asked();
        if !bytes.starts_with(&asked.id.to_be_bytes()) {
            prop_assert_eq!(asked.judge(&bytes), Reply::Ignored);
        }
        // The same with a header and a question that match.
        let mut prefix = message(&asked, &[]).to_vec().unwrap();
        prefix[7] = 9;
        prefix.extend(bytes);
        let _ = asked.judge(&prefix);
    }

    #[test]
    fn a_reply_that_differs_in_id_or_question_is_never_believed(
        id in any::<u16>(),
        at in 12_usize..(12 + 13 + 4),
        bit in 0_u8..8,
    ) {
        let asked = asked();
        let good = message(&asked, &[(HOST, "192.0.2.1")]).to_vec().unwrap();
        prop_assert!(matches!(asked.judge(&good), Reply::Answer(_)));
        let mut other_id = good.clone();
        other_id[..2].copy_from_slice(&id.to_be_bytes());
        prop_assert_eq!(asked.judge(&other_id) == Reply::Ignored, id != asked.id);
        let mut other_question = good;
        let before = other_question[at];
        other_question[at] ^= 1 << bit;
        // Names compare without case.
        if !before.eq_ignore_ascii_case(&other_question[at]) {
            prop_assert_eq!(asked.judge(&other_question), Reply::Ignored);
        }
    }
}

//! Questions for some names go to odd nameservers. By exact match and without connection tracking: that would take
//! a question from a port that was used a moment ago for part of the flow before, and lead it there.

use std::fmt::{Error, Write};

use super::Laid;
use crate::directory::{NAMESERVER, SECOND_NAMESERVER};
use crate::fault::Fault;
use crate::servers::dns;
use crate::servers::small::Behaviour;

/// Where the question begins, counted from the UDP header: 8 bytes of that, and 12 of the DNS header.
const QUESTION: usize = 20;

/// Bytes that one expression compares at most.
const MOST: usize = 16;

/// Rules for packets that arrive: what is asked over UDP for the name goes to the port of the odd nameserver.
pub(super) fn lead_away(faults: &[Laid<'_>]) -> Result<String, Error> {
    let mut rules = String::new();
    for laid in faults.iter().rev() {
        let Some(behaviour) = odd_nameserver(laid.standing.fault) else {
            continue;
        };
        write!(
            rules,
            "ip daddr {{ {NAMESERVER}, {SECOND_NAMESERVER} }} udp dport 53"
        )?;
        for (number, part) in dns::wire_name(&laid.standing.host).chunks(MOST).enumerate() {
            let at = (QUESTION + number * MOST) * 8;
            write!(rules, " @th,{at},{} 0x", part.len() * 8)?;
            for byte in part {
                write!(rules, "{byte:02x}")?;
            }
        }
        writeln!(rules, " notrack udp dport set {}", behaviour.port())?;
    }
    Ok(rules)
}

/// Rules for packets that leave: the answer comes from where it was asked.
pub(super) fn lead_back() -> Result<String, Error> {
    let mut rules = String::new();
    for behaviour in Behaviour::ALL {
        if behaviour.is_nameserver() {
            let port = behaviour.port();
            writeln!(rules, "udp sport {port} notrack udp sport set 53")?;
        }
    }
    Ok(rules)
}

/// Who answers questions for the name in the nameserver's place.
const fn odd_nameserver(fault: Fault) -> Option<Behaviour> {
    Some(match fault {
        Fault::DnsNodata => Behaviour::DnsNodata,
        Fault::DnsServfail => Behaviour::DnsServfail,
        Fault::DnsRefused => Behaviour::DnsRefused,
        Fault::DnsWrongId => Behaviour::DnsWrongId,
        Fault::DnsTruncated => Behaviour::DnsTruncated,
        _ => return None,
    })
}

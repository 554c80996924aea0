//! DNS messages of one question: what is sent, and what of a reply may be believed. Knows no sockets.

use std::net::IpAddr;

use hickory_resolver::proto::op::{Edns, Header, Message, MessageType, Query, ResponseCode};
use hickory_resolver::proto::rr::{DNSClass, Name, RData, RecordType};
use hickory_resolver::proto::serialize::binary::{BinDecodable, BinDecoder};

use crate::outcome::Reason;
use crate::probe::Symptom;

/// Longer chains of aliases are not followed.
const MOST_ALIASES: usize = 16;

/// Bytes that reach everybody without fragments, by the agreement of DNS flag day 2020; told to the server in EDNS.
const PAYLOAD: u16 = 1232;

/// The two questions for addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::probe) enum Family {
    V4,
    V6,
}

impl Family {
    const fn record_type(self) -> RecordType {
        match self {
            Self::V4 => RecordType::A,
            Self::V6 => RecordType::AAAA,
        }
    }
}

/// The absolute name that `name` spells; none when DNS cannot carry it (RFC 1035 section 2.3.4).
/// Nothing is translated or unescaped: what is written is what is asked. A dot alone is the root.
pub(super) fn absolute(name: &str) -> Option<Name> {
    if name == "." {
        return Some(Name::root());
    }
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
    let labels = name.strip_suffix('.').unwrap_or(name);
    if labels.len() > 253 || !labels.bytes().all(plain) {
        return None;
    }
    Name::from_labels(labels.split('.').map(str::as_bytes)).ok()
}

/// One question as it was sent.
#[derive(Debug)]
pub(in crate::probe) struct Asked {
    id: u16,
    question: Query,
    /// The message on the wire.
    pub(in crate::probe) bytes: Vec<u8>,
}

/// What came back.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::probe) enum Reply {
    /// Not an answer to this question, or malformed: somebody else's word.
    Ignored,
    /// The answer does not fit a datagram.
    Truncated,
    /// The answer.
    Answer(Answer),
}

/// A well-formed answer to the question, whatever it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::probe) struct Answer {
    /// The response code, EDNS extension included.
    pub(super) rcode: ResponseCode,
    /// The aliases from the asked name on, in order, without a trailing dot.
    pub(super) aliases: Vec<String>,
    /// The addresses of the name or its aliases.
    pub(super) addresses: Vec<IpAddr>,
    /// The chain of aliases is a loop or longer than is followed.
    pub(super) endless: bool,
}

impl Asked {
    /// A recursive query with a random id. EDNS is RFC 6891.
    pub(in crate::probe) fn new(name: &Name, family: Family, edns: bool) -> Result<Self, Symptom> {
        let mut message = Message::query();
        message.metadata.recursion_desired = true;
        let question = Query::query(name.clone(), family.record_type());
        message.add_query(question.clone());
        if edns {
            let mut options = Edns::new();
            options.set_max_payload(PAYLOAD);
            message.set_edns(options);
        }
        let bytes = message.to_vec().map_err(|error| {
            Symptom::new(Reason::Internal, format!("cannot encode a query: {error}"))
        })?;
        Ok(Self {
            id: message.metadata.id,
            question,
            bytes,
        })
    }

    /// Judges a reply. The source is not judged here: the socket is connected.
    pub(in crate::probe) fn judge(&self, reply: &[u8]) -> Reply {
        match self.matches(reply) {
            None => Reply::Ignored,
            // What follows the question may be cut anywhere.
            Some(header) if header.metadata.truncation => Reply::Truncated,
            Some(_) => Message::from_vec(reply)
                .map_or(Reply::Ignored, |message| Reply::Answer(self.read(&message))),
        }
    }

    /// The header, when it and the question are those of a reply to this query.
    fn matches(&self, reply: &[u8]) -> Option<Header> {
        let mut decoder = BinDecoder::new(reply);
        let header = Header::read(&mut decoder).ok()?;
        let metadata = &header.metadata;
        if metadata.id != self.id || metadata.message_type != MessageType::Response {
            return None;
        }
        let asked = match header.counts.queries {
            // A server that could not read the question cannot repeat it.
            0 => matches!(
                metadata.response_code,
                ResponseCode::FormErr | ResponseCode::NotImp
            ),
            1 => Query::read(&mut decoder).is_ok_and(|question| question == self.question),
            _ => false,
        };
        asked.then_some(header)
    }

    fn read(&self, message: &Message) -> Answer {
        let (chain, endless) = self.chain(message);
        let mut addresses = Vec::new();
        for record in &message.answers {
            let address = match (&record.data, self.question.query_type) {
                (RData::A(a), RecordType::A) => IpAddr::V4(a.0),
                (RData::AAAA(aaaa), RecordType::AAAA) => IpAddr::V6(aaaa.0),
                _ => continue,
            };
            let ours = record.dns_class == DNSClass::IN && chain.contains(&&record.name);
            if ours && !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        Answer {
            rcode: message.metadata.response_code,
            aliases: chain[1..].iter().map(|name| spelled(name)).collect(),
            addresses,
            endless,
        }
    }

    /// The asked name and its aliases, in the order of the chain and not of the records,
    /// and whether the chain has no end.
    fn chain<'a>(&'a self, message: &'a Message) -> (Vec<&'a Name>, bool) {
        let mut chain = vec![&self.question.name];
        let mut owner = &self.question.name;
        loop {
            let alias = message
                .answers
                .iter()
                .find_map(|record| match &record.data {
                    RData::CNAME(alias) if record.name == *owner => Some(&alias.0),
                    _ => None,
                });
            match alias {
                None => return (chain, false),
                Some(alias) if chain.len() > MOST_ALIASES || chain.contains(&alias) => {
                    return (chain, true);
                }
                Some(alias) => {
                    chain.push(alias);
                    owner = alias;
                }
            }
        }
    }
}

/// Lower case, without a trailing dot, unprintable bytes escaped.
fn spelled(name: &Name) -> String {
    let text = name.to_lowercase().to_ascii();
    text.strip_suffix('.').unwrap_or(&text).to_owned()
}

/// The registered mnemonic of a response code.
pub(super) fn mnemonic(rcode: ResponseCode) -> String {
    let known = match rcode {
        ResponseCode::NoError => "NOERROR",
        ResponseCode::FormErr => "FORMERR",
        ResponseCode::ServFail => "SERVFAIL",
        ResponseCode::NXDomain => "NXDOMAIN",
        ResponseCode::NotImp => "NOTIMP",
        ResponseCode::Refused => "REFUSED",
        ResponseCode::NotAuth => "NOTAUTH",
        // The decoder gives 16 the name that it has in transactions.
        ResponseCode::BADVERS | ResponseCode::BADSIG => "BADVERS",
        other => return format!("RCODE{}", u16::from(other)),
    };
    known.to_owned()
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;

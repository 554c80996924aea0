//! Answers to datagrams that no good server gives: of time servers and of nameservers. Pure.

use super::Behaviour;

/// What is answered; none: silence.
pub(super) fn answer(behaviour: Behaviour, request: &[u8]) -> Option<Vec<u8>> {
    match behaviour {
        Behaviour::UdpGarbage => Some(b"\xffnot what you asked for".to_vec()),
        Behaviour::NtpKiss
        | Behaviour::NtpStratum16
        | Behaviour::NtpLeapAlarm
        | Behaviour::NtpWrongOrigin
        | Behaviour::NtpTruncated
        | Behaviour::NtpOtherAddress => time(behaviour, request),
        Behaviour::DnsNodata
        | Behaviour::DnsServfail
        | Behaviour::DnsRefused
        | Behaviour::DnsWrongId
        | Behaviour::DnsTruncated => names(behaviour, request),
        _ => None,
    }
}

/// A server's reply (RFC 5905 section 7.3) that is right but for what the behaviour spoils.
fn time(behaviour: Behaviour, request: &[u8]) -> Option<Vec<u8>> {
    const LENGTH: usize = 48;
    const SERVER: u8 = 4 << 3 | 4;
    const LEAP_ALARM: u8 = 3 << 6;
    let sent = request.get(40..LENGTH)?;
    let mut reply = vec![0; LENGTH];
    (reply[0], reply[1]) = match behaviour {
        Behaviour::NtpKiss => (LEAP_ALARM | SERVER, 0),
        Behaviour::NtpStratum16 => (SERVER, 16),
        Behaviour::NtpLeapAlarm => (LEAP_ALARM | SERVER, 2),
        _ => (SERVER, 2),
    };
    if behaviour == Behaviour::NtpKiss {
        reply[12..16].copy_from_slice(b"RATE");
    }
    let now = now();
    reply[16..24].copy_from_slice(&now);
    reply[24..32].copy_from_slice(sent);
    reply[32..40].copy_from_slice(&now);
    reply[40..48].copy_from_slice(&now);
    match behaviour {
        Behaviour::NtpWrongOrigin => reply[31] ^= 1,
        Behaviour::NtpTruncated => reply.truncate(40),
        _ => {}
    }
    Some(reply)
}

/// Seconds since 1900, and a fraction of none.
fn now() -> [u8; 8] {
    const FROM_1900_TO_1970: u64 = 2_208_988_800;
    let since_1970 = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
    ((since_1970.as_secs() + FROM_1900_TO_1970) << 32).to_be_bytes()
}

/// The question with another header before it (RFC 1035 section 4.1.1), and nothing after it.
fn names(behaviour: Behaviour, query: &[u8]) -> Option<Vec<u8>> {
    const RESPONSE_RECURSION_DESIRED: u8 = 0x81;
    const TRUNCATED: u8 = 0x02;
    const RECURSION_AVAILABLE: u8 = 0x80;
    let name = query.get(12..)?;
    let root = name.iter().position(|byte| *byte == 0)?;
    let question = name.get(..root + 1 + 4)?;
    let (flags, rcode) = match behaviour {
        Behaviour::DnsServfail => (0, 2),
        Behaviour::DnsRefused => (0, 5),
        Behaviour::DnsTruncated => (TRUNCATED, 0),
        _ => (0, 0),
    };
    let mut reply = query.get(..2)?.to_vec();
    if behaviour == Behaviour::DnsWrongId {
        reply[1] ^= 0xff;
    }
    reply.extend([
        RESPONSE_RECURSION_DESIRED | flags,
        RECURSION_AVAILABLE | rcode,
    ]);
    reply.extend([0, 1, 0, 0, 0, 0, 0, 0]);
    reply.extend(question);
    Some(reply)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nameserver_repeats_the_question_and_nothing_that_follows() {
        let query = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\x01\x01a\x02bc\0\0\x01\0\x01\0\0\x29\x04\xd0\0\0\0\0\0\0";
        let reply = answer(Behaviour::DnsServfail, query).unwrap();
        assert_eq!(
            reply,
            b"\x12\x34\x81\x82\0\x01\0\0\0\0\0\0\x01a\x02bc\0\0\x01\0\x01"
        );
        let other = answer(Behaviour::DnsWrongId, query).unwrap();
        assert_eq!(other[..2], [0x12, 0xcb]);
        assert_eq!(answer(Behaviour::DnsServfail, b"short"), None);
    }

    #[test]
    fn a_time_server_repeats_what_was_sent_unless_it_lies() {
        let mut request = [0; 48];
        request[40..].copy_from_slice(b"unguessd");
        let reply = |behaviour| answer(behaviour, &request).unwrap();
        assert_eq!(&reply(Behaviour::NtpKiss)[24..32], b"unguessd");
        assert_ne!(&reply(Behaviour::NtpWrongOrigin)[24..32], b"unguessd");
        assert_eq!(reply(Behaviour::NtpTruncated).len(), 40);
        assert_eq!(reply(Behaviour::NtpLeapAlarm)[0] >> 6, 3);
        assert_eq!(reply(Behaviour::NtpStratum16)[1], 16);
    }
}

//! The 48 bytes of an SNTP exchange (RFC 5905 section 7.3), and the arithmetic of its four times. Pure.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Bytes of a header; extension fields and a MAC may follow it.
pub(super) const LENGTH: usize = 48;

/// From 1900-01-01, where NTP's first era begins, to 1970-01-01, in seconds.
const UNIX_EPOCH_IN_ERA_0: u64 = 2_208_988_800;

const LEAP_ALARM: u8 = 3;
const MODE_SERVER: u8 = 4;

/// What is sent: mode 3, version 4, and in place of our clock's time a number that nobody can guess. Nothing else
/// is told (draft-ietf-ntp-data-minimization); the server only repeats that number.
pub(super) const fn request(cookie: u64) -> [u8; LENGTH] {
    const VERSION_4_CLIENT: u8 = 4 << 3 | 3;
    let mut packet = [0; LENGTH];
    packet[0] = VERSION_4_CLIENT;
    let transmit = cookie.to_be_bytes();
    let mut at = 0;
    while at < transmit.len() {
        packet[LENGTH - 8 + at] = transmit[at];
        at += 1;
    }
    packet
}

/// An authentic reply.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Reply {
    /// 0 none, 1 and 2 a leap second is due, 3 alarm.
    pub(super) leap: u8,
    /// 1 is a primary server.
    pub(super) stratum: u8,
    /// In seconds.
    pub(super) root_delay: f64,
    /// In seconds.
    pub(super) root_dispersion: f64,
    reference_id: [u8; 4],
    received: u64,
    transmitted: u64,
}

/// What the four times say of two clocks and the way between them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Measurement {
    /// The server's clock minus ours, in seconds.
    pub(super) offset: f64,
    /// The round trip without the server's own time, in seconds.
    pub(super) delay: f64,
}

impl Reply {
    /// Reads a server's reply to the request with this cookie; none when it is something else.
    pub(super) fn read(packet: &[u8], cookie: u64) -> Option<Self> {
        let header: &[u8; LENGTH] = packet.first_chunk()?;
        let [leap_version_mode, stratum, ..] = *header;
        let (version, mode) = (leap_version_mode >> 3 & 7, leap_version_mode & 7);
        // Version 3 has the same header, and old servers say 3 whatever they are asked.
        let ours = matches!(version, 3 | 4) && mode == MODE_SERVER && long(header, 24) == cookie;
        ours.then(|| Self {
            leap: leap_version_mode >> 6,
            stratum,
            root_delay: short(header, 4),
            root_dispersion: short(header, 8),
            reference_id: [header[12], header[13], header[14], header[15]],
            received: long(header, 32),
            transmitted: long(header, 40),
        })
    }

    /// Whether the server's clock can be believed: a stratum, no alarm, and times at all.
    pub(super) const fn has_time(&self) -> bool {
        let stratum = matches!(self.stratum, 1..=15);
        stratum && self.leap != LEAP_ALARM && self.received != 0 && self.transmitted != 0
    }

    /// Why the server wants to be left alone: the reference id of stratum 0 (RFC 5905 section 7.4).
    pub(super) fn kiss_code(&self) -> Option<String> {
        let code = self.reference_id.map(char::from);
        let readable = code.iter().all(char::is_ascii_graphic);
        (self.stratum == 0 && readable).then(|| code.iter().collect())
    }

    /// RFC 5905 section 8, with our own two times kept outside the packet: the wall clock when it was sent, and the
    /// monotonic time until the reply, which no step of the wall clock disturbs. None without a time to believe:
    /// such servers fill in anything, often what they were sent.
    pub(super) fn measure(&self, sent_at: SystemTime, round_trip: Duration) -> Option<Measurement> {
        if !self.has_time() {
            return None;
        }
        let t1 = timestamp(sent_at);
        let t4 = t1.wrapping_add(fixed_point(round_trip));
        let (there, back) = (seconds(self.received, t1), seconds(self.transmitted, t4));
        Some(Measurement {
            offset: f64::midpoint(there, back),
            delay: round_trip.as_secs_f64() - seconds(self.transmitted, self.received),
        })
    }
}

/// A point in time as 32.32 bits of seconds in whatever era it is.
fn timestamp(time: SystemTime) -> u64 {
    // A clock before 1970 was never set; how far it is off does not matter then.
    let since_1970 = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    fixed_point(since_1970).wrapping_add(UNIX_EPOCH_IN_ERA_0 << 32)
}

/// 32.32 bits of seconds; whole eras are dropped.
fn fixed_point(duration: Duration) -> u64 {
    const NANOS_PER_SECOND: u64 = 1_000_000_000;
    let fraction = (u64::from(duration.subsec_nanos()) << 32) / NANOS_PER_SECOND;
    (duration.as_secs() << 32) | fraction
}

/// `later` minus `earlier`, in seconds. Right for times less than 68 years apart, in the same era or not.
#[expect(
    clippy::cast_precision_loss,
    reason = "a difference of years needs no nanoseconds"
)]
fn seconds(later: u64, earlier: u64) -> f64 {
    const UNITS_PER_SECOND: f64 = 4_294_967_296.0;
    later.wrapping_sub(earlier).cast_signed() as f64 / UNITS_PER_SECOND
}

fn long(header: &[u8; LENGTH], at: usize) -> u64 {
    header[at..at + 8]
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// 16.16 bits of seconds.
fn short(header: &[u8; LENGTH], at: usize) -> f64 {
    let number = header[at..at + 4]
        .iter()
        .fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
    f64::from(number) / 65_536.0
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    const COOKIE: u64 = 0x0123_4567_89AB_CDEF;

    /// A server's reply, before a test changes it.
    pub(in crate::probe) struct Draft {
        pub(in crate::probe) leap: u8,
        pub(in crate::probe) version: u8,
        pub(in crate::probe) mode: u8,
        pub(in crate::probe) stratum: u8,
        pub(in crate::probe) reference_id: [u8; 4],
        pub(in crate::probe) origin: u64,
        pub(in crate::probe) received: u64,
        pub(in crate::probe) transmitted: u64,
    }

    impl Draft {
        /// Of a good server whose clock shows `time`.
        pub(in crate::probe) fn at(time: SystemTime, origin: u64) -> Self {
            Self {
                leap: 0,
                version: 4,
                mode: MODE_SERVER,
                stratum: 2,
                reference_id: [192, 0, 2, 1],
                origin,
                received: timestamp(time),
                transmitted: timestamp(time),
            }
        }

        pub(in crate::probe) fn bytes(&self) -> Vec<u8> {
            let mut packet = vec![
                self.leap << 6 | self.version << 3 | self.mode,
                self.stratum,
                6,
                0xE9,
            ];
            packet.extend([0, 0, 0x80, 0]); // half a second of root delay
            packet.extend([0, 1, 0, 0]); // one second of root dispersion
            packet.extend(self.reference_id);
            packet.extend([0; 8]);
            for time in [self.origin, self.received, self.transmitted] {
                packet.extend(time.to_be_bytes());
            }
            packet
        }
    }

    /// What a client put in place of its time.
    pub(in crate::probe) fn cookie_of(request: &[u8]) -> u64 {
        long(request.first_chunk().unwrap(), 40)
    }

    fn at(unix_seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(unix_seconds)
    }

    fn draft() -> Draft {
        Draft::at(at(1_700_000_000), COOKIE)
    }

    fn read(draft: &Draft) -> Option<Reply> {
        Reply::read(&draft.bytes(), COOKIE)
    }

    #[test]
    fn a_request_tells_nothing_but_the_cookie() {
        let packet = request(COOKIE);
        assert_eq!(packet[0], 0x23);
        assert!(packet[1..40].iter().all(|byte| *byte == 0));
        assert_eq!(packet[40..], COOKIE.to_be_bytes());
    }

    #[test]
    fn a_reply_is_read() {
        let reply = read(&draft()).unwrap();
        assert_eq!((reply.leap, reply.stratum), (0, 2));
        assert!((reply.root_delay - 0.5).abs() < 1e-9);
        assert!((reply.root_dispersion - 1.0).abs() < 1e-9);
        assert!(reply.has_time());
        assert_eq!(reply.kiss_code(), None);
    }

    #[test]
    fn what_is_not_a_servers_reply_to_us_is_refused() {
        assert!(Reply::read(&draft().bytes()[..LENGTH - 1], COOKIE).is_none());
        assert!(Reply::read(&draft().bytes(), COOKIE ^ 1).is_none());
        for mode in [0, 1, 2, 3, 5, 6, 7] {
            assert!(read(&Draft { mode, ..draft() }).is_none(), "mode {mode}");
        }
        for version in [0, 1, 2, 5, 6, 7] {
            assert!(
                read(&Draft { version, ..draft() }).is_none(),
                "version {version}"
            );
        }
        assert!(
            read(&Draft {
                version: 3,
                ..draft()
            })
            .is_some()
        );
        assert!(
            Reply::read(&request(COOKIE), COOKIE).is_none(),
            "our own request, reflected"
        );
    }

    #[test]
    fn a_server_without_time_is_told_from_one_that_has_it() {
        for stratum in [0, 16, 255] {
            assert!(!read(&Draft { stratum, ..draft() }).unwrap().has_time());
        }
        assert!(!read(&Draft { leap: 3, ..draft() }).unwrap().has_time());
        assert!(read(&Draft { leap: 1, ..draft() }).unwrap().has_time());
        let reply = read(&Draft {
            received: 0,
            transmitted: 0,
            ..draft()
        })
        .unwrap();
        assert!(!reply.has_time());
        assert_eq!(reply.measure(at(0), Duration::ZERO), None);
    }

    #[test]
    fn a_kiss_code_is_four_letters_of_stratum_0() {
        let code = |stratum, reference_id| {
            let draft = Draft {
                stratum,
                reference_id,
                ..draft()
            };
            read(&draft).unwrap().kiss_code()
        };
        assert_eq!(code(0, *b"RATE").as_deref(), Some("RATE"));
        assert_eq!(code(0, [0; 4]), None);
        assert_eq!(code(0, [b'R', 0x1B, b'[', 0xFF]), None);
        assert_eq!(code(1, *b"GPS0"), None);
    }

    #[test]
    fn eras_do_not_matter() {
        // 2036-02-07T06:28:16Z is the first second of era 1.
        let (before, after) = (at(2_085_978_495), at(2_085_978_497));
        let reply = read(&Draft::at(after, COOKIE)).unwrap();
        let measured = reply.measure(before, Duration::ZERO).unwrap();
        assert!((measured.offset - 2.0).abs() < 1e-9, "{measured:?}");
        let reply = read(&Draft::at(before, COOKIE)).unwrap();
        let measured = reply.measure(after, Duration::ZERO).unwrap();
        assert!((measured.offset + 2.0).abs() < 1e-9, "{measured:?}");
    }

    proptest! {
        #[test]
        fn offset_and_delay_are_found_again(
            ours in 0_u64..4_000_000_000,
            offset in -900_000_000_i64..900_000_000,
            there in 0_u32..5_000_000,
            within in 0_u32..1_000_000,
        ) {
            // The way there and back are equally long; the server's clock is ahead by `offset`.
            let micros = |n: u32| Duration::from_micros(n.into());
            let sent_at = at(ours) + Duration::from_secs(1_000_000_000);
            let arrived = (sent_at + micros(there)).checked_add(Duration::from_secs(offset.unsigned_abs()));
            let arrived = if offset >= 0 { arrived } else {
                (sent_at + micros(there)).checked_sub(Duration::from_secs(offset.unsigned_abs()))
            }.unwrap();
            let draft = Draft { transmitted: timestamp(arrived + micros(within)), ..Draft::at(arrived, COOKIE) };
            prop_assume!(draft.received != 0 && draft.transmitted != 0);
            let round_trip = micros(there) * 2 + micros(within);
            let measured = read(&draft).unwrap().measure(sent_at, round_trip).unwrap();
            let expected = f64::from(i32::try_from(offset).unwrap());
            prop_assert!((measured.offset - expected).abs() < 1e-6, "{:?}", measured);
            prop_assert!((measured.delay - f64::from(there) * 2e-6).abs() < 1e-6, "{:?}", measured);
        }

        /// What RFC 5905 promises of a path that is longer one way: the error is at most half of the round trip.
        #[test]
        fn an_uneven_path_misleads_by_no_more_than_half_of_it(
            ours in 1_000_000_000_u64..3_000_000_000,
            ahead in 0_u64..900_000_000,
            there in 0_u32..5_000_000,
            within in 0_u32..1_000_000,
            back in 0_u32..5_000_000,
        ) {
            let micros = |n: u32| Duration::from_micros(n.into());
            let arrived = at(ours) + Duration::from_secs(ahead) + micros(there);
            let draft = Draft { transmitted: timestamp(arrived + micros(within)), ..Draft::at(arrived, COOKIE) };
            let round_trip = micros(there) + micros(within) + micros(back);
            let measured = read(&draft).unwrap().measure(at(ours), round_trip).unwrap();
            let on_the_way = f64::from(there + back) * 1e-6;
            let error = measured.offset - Duration::from_secs(ahead).as_secs_f64();
            prop_assert!((measured.delay - on_the_way).abs() < 1e-6, "{:?}", measured);
            prop_assert!(error.abs() <= on_the_way / 2.0 + 1e-6, "{:?}", measured);
        }

        #[test]
        fn no_bytes_make_it_panic(packet in proptest::collection::vec(any::<u8>(), 0..100), cookie: u64) {
            if let Some(reply) = Reply::read(&packet, cookie) {
                let _ = (reply.has_time(), reply.kiss_code());
                let _ = reply.measure(SystemTime::now(), Duration::from_secs(1));
            }
        }

        #[test]
        fn another_origin_is_never_believed(mut packet in proptest::collection::vec(any::<u8>(), LENGTH..=LENGTH + 20), cookie: u64) {
            packet[0] = 0x24;
            let origin = long(packet.first_chunk().unwrap(), 24);
            prop_assert_eq!(Reply::read(&packet, cookie).is_some(), origin == cookie);
            prop_assert!(Reply::read(&packet, origin).is_some());
        }
    }
}

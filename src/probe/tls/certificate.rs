//! What a certificate says of itself, for people. Verification is not done here, and nothing here can fail an attempt.

use std::net::IpAddr;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;
use x509_parser::time::ASN1Time;

use super::verifier::Presented;
use crate::outcome::Certificate;
use crate::text::printable;

const MOST_NAMES: usize = 16;

/// Bytes kept of one name: the longest host name has 253 (RFC 1035).
const LONGEST_NAME: usize = 255;

/// The facts of the leaf; none when it cannot be parsed.
pub(super) fn facts(presented: &Presented) -> Option<Certificate> {
    let (_, leaf) = X509Certificate::from_der(&presented.leaf).ok()?;
    let validity = leaf.validity();
    Some(Certificate {
        subject: printable(leaf.subject().to_string().as_bytes(), LONGEST_NAME),
        issuer: printable(leaf.issuer().to_string().as_bytes(), LONGEST_NAME),
        names: names(&leaf),
        not_before: timestamp(validity.not_before)?,
        not_after: timestamp(validity.not_after)?,
        sha256: format!("{:x}", Sha256::digest(&presented.leaf)),
        chain_length: presented.chain_length,
        trusted: presented.vouched_by.is_some(),
        vouched_by: presented.vouched_by,
    })
}

/// The facts of a leaf that was presented alone, and that nobody vouches for.
pub(in crate::probe) fn described(der: &[u8]) -> Option<Certificate> {
    facts(&Presented {
        leaf: der.to_vec().into(),
        chain_length: 1,
        vouched_by: None,
    })
}

/// A certificate that never ends says so with the last second of the year 9999 (RFC 5280 section 4.1.2.5),
/// which lies a day beyond the last timestamp; that must not cost the other facts.
fn timestamp(time: ASN1Time) -> Option<Timestamp> {
    let (first, last) = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    Timestamp::from_second(time.timestamp().clamp(first, last)).ok()
}

fn names(leaf: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = leaf.subject_alternative_name() else {
        return Vec::new();
    };
    let names = extension.value.general_names.iter();
    names.filter_map(name).take(MOST_NAMES).collect()
}

/// Names that a client may have asked for: others say nothing about the path.
fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(printable(name.as_bytes(), LONGEST_NAME)),
        GeneralName::IPAddress(octets) => address(octets).map(|address| address.to_string()),
        _ => None,
    }
}

fn address(octets: &[u8]) -> Option<IpAddr> {
    <[u8; 4]>::try_from(octets)
        .map(IpAddr::from)
        .or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from))
        .ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{CertificateParams, DnType, KeyPair};
    use rustls::pki_types::CertificateDer;

    use super::*;
    use crate::outcome::VouchedBy;

    fn presented(leaf: CertificateDer<'static>) -> Presented {
        Presented {
            leaf,
            chain_length: 3,
            vouched_by: Some(VouchedBy::PublicRoot),
        }
    }

    #[test]
    fn the_leaf_is_described_within_bounds() {
        let names: Vec<String> = (0..40).map(|n| format!("h{n}.example.com")).collect();
        let mut params =
            CertificateParams::new([vec!["2001:db8::1".into()], names].concat()).unwrap();
        params
            .distinguished_name
            .push(DnType::CommonName, "x\u{1b}[31m");
        params.not_before = rcgen::date_time_ymd(1999, 12, 31);
        params.not_after = rcgen::date_time_ymd(4096, 1, 1);
        let key = KeyPair::generate().unwrap();
        let leaf = params.self_signed(&key).unwrap().der().clone();
        let certificate = facts(&presented(leaf)).unwrap();
        assert_eq!(certificate.names.len(), MOST_NAMES);
        assert_eq!(certificate.names[..2], ["2001:db8::1", "h0.example.com"]);
        assert!(
            !certificate.subject.contains('\u{1b}'),
            "{}",
            certificate.subject
        );
        assert_eq!(certificate.subject, certificate.issuer);
        assert_eq!(certificate.not_before.to_string(), "1999-12-31T00:00:00Z");
        assert_eq!(certificate.not_after.to_string(), "4096-01-01T00:00:00Z");
        assert_eq!(certificate.sha256.len(), 64);
        assert!(certificate.trusted);
    }

    /// 99991231235959Z, which means "never" (RFC 5280 section 4.1.2.5), is beyond the last timestamp.
    #[test]
    fn a_certificate_that_never_ends_has_facts() {
        let mut params = CertificateParams::new(vec!["example.com".into()]).unwrap();
        let day = rcgen::date_time_ymd(9999, 12, 31);
        params.not_after = day + Duration::from_secs(24 * 60 * 60 - 1);
        let key = KeyPair::generate().unwrap();
        let leaf = params.self_signed(&key).unwrap().der().clone();
        let certificate = facts(&presented(leaf)).unwrap();
        assert!(certificate.not_after.to_string().starts_with("9999-12-30"));
    }

    #[test]
    fn what_is_no_certificate_is_no_fact() {
        for der in [&b""[..], b"\x30\x03\x02\x01\x01", &[0x30; 600]] {
            assert_eq!(facts(&presented(CertificateDer::from(der.to_vec()))), None);
        }
    }
}

//! The leaf that a server presents, whoever signed it.

use egress_probe::probe::fuzzing;

use super::fit;

pub(crate) fn check(der: &[u8]) {
    let outcome = fuzzing::certificate(der);
    fit::outcome(&outcome);
    if let Some(certificate) = &outcome.facts.certificate {
        assert!(certificate.names.len() <= 16);
        assert!(!certificate.trusted);
    }
    fit::page(outcome);
}

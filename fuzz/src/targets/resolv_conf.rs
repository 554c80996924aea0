//! A resolv.conf, and a nameserver as a flag names it.

use std::path::Path;

use egress_probe::nameservers::{Nameserver, parse};

use super::fit;

pub(crate) fn check(text: &[u8]) {
    match parse(text, Path::new("resolv.conf")) {
        Ok(listed) => {
            assert!(listed.nameservers.len() <= 3);
            for nameserver in listed.nameservers {
                stable(Nameserver(nameserver));
            }
            assert!(listed.ignored.len() <= 9);
            for told in &listed.ignored {
                told_of(told);
            }
        }
        Err(error) => told_of(&error.to_string()),
    }
    if let Ok(text) = str::from_utf8(text) {
        match text.parse() {
            Ok(nameserver) => stable(nameserver),
            Err(error) => told_of(&error.to_string()),
        }
    }
}

/// What is printed is read again as the same.
fn stable(nameserver: Nameserver) {
    assert_ne!(nameserver.0.port(), 0);
    assert_eq!(nameserver.0.to_string().parse(), Ok(nameserver));
}

fn told_of(sentence: &str) {
    fit::line(sentence);
    assert!(sentence.len() < 512, "{} bytes", sentence.len());
}

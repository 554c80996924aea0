//! The faults of the scene as programs see them that are not the agent.

use egress_lab::{Fault, Lab};

use crate::support::clients::{curl, dig, openssl};
use crate::table::Kind;

pub(crate) fn curl_meets_the_faults(lab: &Lab) {
    for (url, exit, status) in [
        ("https://well.https.example", 0, "200"),
        ("https://drop.https.example", 28, "000"),
        ("https://reject.https.example", 7, "000"),
        ("https://admin-prohibited.https.example", 7, "000"),
        ("https://host-unreachable.https.example", 7, "000"),
        ("https://tls-reset.https.example", 35, "000"),
        ("https://refused.https.example", 7, "000"),
        ("https://silent.https.example", 28, "000"),
        ("https://wrong-protocol.https.example", 35, "000"),
        ("https://close-after-accept.https.example", 35, "000"),
        ("https://reset-after-accept.https.example", 35, "000"),
        ("https://nxdomain.https.example", 6, "000"),
        ("https://denied-470.peculiar.example", 0, "470"),
        ("http://well.http.example", 0, "200"),
        ("http://http-denied.http.example", 0, "470"),
        ("http://silent.http.example", 28, "000"),
        ("http://close-after-accept.http.example", 52, "000"),
    ] {
        assert_eq!(curl(lab, &[url]), (exit, status.to_owned()), "{url}");
    }
}

pub(crate) fn dig_meets_the_faults(lab: &Lab) {
    let well = lab.address_of("well.https.example");
    for (question, expected) in [
        ("well.https.example", format!("NOERROR {well}")),
        ("nxdomain.https.example", "NXDOMAIN".to_owned()),
        ("dns-timeout.https.example", String::new()),
        ("sinkholed.peculiar.example", "NOERROR 0.0.0.0".to_owned()),
    ] {
        assert_eq!(dig(lab, &[question]), expected, "{question}");
    }
    for fault in [Fault::Drop, Fault::Refused, Fault::Silent] {
        let server = format!("@{}", Kind::DnsUdp.host(fault));
        for transport in ["+notcp", "+tcp"] {
            let seen = dig(lab, &[&server, transport, "well.https.example"]);
            assert_eq!(seen, "", "{fault} {transport}");
        }
    }
}

pub(crate) fn openssl_meets_the_reset(lab: &Lab) {
    let well = lab.address_of("well.https.example").to_string();
    let reset = lab.address_of("tls-reset.https.example").to_string();
    let established = |address: &str, name: &str| {
        let said = openssl(lab, address, name);
        said.contains("CONNECTION ESTABLISHED")
    };
    assert!(established(&well, "well.https.example"));
    assert!(!established(&reset, "tls-reset.https.example"));
    // It is the name that is filtered, not the address.
    assert!(established(&reset, "another.example"));
}

//! What the instance metadata service answers, head and body.

use egress_probe::discover::told_over;

use super::{fit, peer, waiting};

pub(crate) fn check(said: &[u8]) {
    let found = peer::peers(said).map(|peer| waiting::now(told_over(peer)));
    let [whole, ..] = &found;
    for found in &found {
        assert_eq!(
            (&found.cloud, &found.parameters),
            (&whole.cloud, &whole.parameters)
        );
        for notice in &found.notices {
            fit::line(notice);
            assert!(notice.len() <= 1024, "{} bytes", notice.len());
        }
        for value in found.parameters.values().flat_map(|given| &given.values) {
            fit::line(value);
            assert!(value.len() <= 253, "{value} stands in no host name");
        }
    }
}

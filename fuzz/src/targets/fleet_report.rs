//! The report of an agent, as `fleet` reads it.

use egress_probe::fleet::{AgentReport, Fleet, Readings, text};
use egress_probe::status::text::Style;
use jiff::Timestamp;

use super::fit;

pub(crate) fn check(body: &[u8]) {
    let Ok(report) = serde_json::from_slice::<AgentReport>(body) else {
        return;
    };
    let mut readings = Readings::default();
    report
        .clone()
        .add_to(&mut readings, "http://192.0.2.1:9100");
    report.add_to(&mut readings, "http://192.0.2.2:9100");
    let fleet = Fleet::new(readings, Timestamp::UNIX_EPOCH);
    fit::shown(&text::render(&fleet, Style::PLAIN));
    serde_json::to_string(&fleet).expect("JSON");
}

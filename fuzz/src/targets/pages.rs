//! Every page, form and exposition, with hostile words in all places where words from outside may stand.

use std::collections::{BTreeMap, HashMap};

use egress_probe::metrics::{AgentGauges, CatalogInfo, Format, exposition};
use egress_probe::outcome::{
    Certificate, Facts, Failure, HttpResponse, NtpReply, Outcome, Phase, ProxyHop, Reason, Verdict,
};
use egress_probe::plan::{Listing, Plan};
use egress_probe::status::text::{self, Style};
use egress_probe::status::{
    About, Agent, Environment, StatusReport, TargetReport, Untestable, html, junit,
};
use egress_probe::store::Record;
use egress_probe::target::{Group, Https, Probe, Requirement};
use jiff::Timestamp;

use super::{expositions, fit, markup};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

/// The words are what stands between line feeds, so that a seed can be read.
pub(crate) fn check(input: &[u8]) {
    let input = String::from_utf8_lossy(input).replace("\\n", "\n");
    let words: Vec<&str> = input.split('\n').collect();
    let word = |number: usize| words[number % words.len()].to_owned();
    let mut records = vec![
        fit::target("a.example", 443, Probe::Https(Https::default()), &word(0)),
        fit::target(&word(1), 22, Probe::Ssh, &word(2)),
        fit::target("c.example", 80, Probe::Http, &word(3)),
    ];
    for (record, reason) in
        records
            .iter_mut()
            .zip([Reason::HttpDenied, Reason::UnexpectedReply, Reason::Timeout])
    {
        let outcome = hostile(&word, reason);
        record.take(outcome.clone());
        record.take(outcome);
    }
    reported(&about(&word), &records);
    for record in &records {
        of_target(&TargetReport::new(record, None));
    }
}

fn hostile(word: &impl Fn(usize) -> String, reason: Reason) -> Outcome {
    let facts = Facts {
        proxy: Some(ProxyHop {
            address: word(1),
            via: "configuration",
            status: Some(200),
        }),
        rcode: Some(word(2)),
        aliases: vec![word(3), word(4)],
        banner: Some(word(5)),
        http: Some(HttpResponse {
            status: 403,
            server: Some(word(6)),
            via: Some(word(7)),
            redirected_to: Some(word(8)),
            middlebox: Some(word(9)),
        }),
        certificate: Some(Certificate {
            subject: word(10),
            issuer: word(11),
            names: vec![word(12)],
            not_before: NOW,
            not_after: NOW,
            sha256: word(13),
            chain_length: 1,
            trusted: false,
            vouched_by: None,
        }),
        ntp: Some(NtpReply {
            offset_seconds: Some(-0.5),
            delay_seconds: None,
            root_delay_seconds: 0.0,
            root_dispersion_seconds: 0.0,
            stratum: 0,
            leap: 3,
            kiss_code: Some(word(14)),
        }),
        ..Facts::default()
    };
    let failure = Failure {
        phase: Phase::Connect,
        reason,
        detail: word(15),
    };
    Outcome {
        facts,
        verdict: Verdict::Unreachable(failure),
        ..Outcome::of_panic(Phase::Connect)
    }
}

fn about(word: &impl Fn(usize) -> String) -> About {
    About {
        agent: Agent {
            version: "0".to_owned(),
            node: word(0),
            started_at: NOW,
        },
        environment: Environment {
            cloud: Some(word(1)),
            location: Some(word(2)),
            edition: word(3),
            proxy: word(4),
            parameters: BTreeMap::from([(word(5), word(6))]),
            sources: BTreeMap::from([(word(5), word(7))]),
        },
        untestable: vec![Untestable {
            pattern: word(8),
            protocols: Vec::new(),
            groups: vec![Group::Core],
            requirement: Requirement::Required,
            needs: vec![word(9), word(10)],
        }],
        rules: HashMap::new(),
        notices: vec![word(11)],
    }
}

fn reported(about: &About, records: &[Record]) {
    let report = StatusReport::new(about, records, NOW);
    let json = serde_json::to_string(&report).expect("JSON");
    serde_json::from_str::<serde_json::Value>(&json).expect("what is written is read");
    for colour in [false, true] {
        let style = Style {
            colour,
            ..Style::PLAIN
        };
        let page = text::render(&report, style);
        fit::shown(&if colour { without_paint(&page) } else { page });
    }
    markup::well_formed(&html::render(&report).expect("a page"));
    markup::well_formed(&html::render_landing(&report, &[]).expect("a page"));
    markup::well_formed(&junit::render(&report).expect("a form"));
    let gauges = AgentGauges {
        scheduler_lag: std::time::Duration::ZERO,
        last_reload_successful: true,
        last_reload_success: NOW,
        catalog: CatalogInfo::of(&about.environment, "0"),
    };
    let of_targets = |format| {
        let text = exposition(records, about, &gauges, format).expect("text");
        expositions::samples(&text)
    };
    assert_eq!(of_targets(Format::Text), of_targets(Format::OpenMetrics));
}

/// The colours are the page's own.
fn without_paint(page: &str) -> String {
    let mut parts = page.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| {
        let (code, rest) = part.split_once('m').expect("a code of colour");
        assert!(
            code.chars().all(|c| c.is_ascii_digit() || c == ';'),
            "{part:?}"
        );
        plain + rest
    })
}

/// The page of one target in every form.
pub(crate) fn of_target(target: &TargetReport) {
    fit::shown(&text::render_target(target, NOW, Style::PLAIN));
    markup::well_formed(&html::render_target(target, NOW).expect("a page"));
    serde_json::to_string(target).expect("JSON");
}

/// What is listed of a plan.
pub(crate) fn of_plan(plan: &Plan) {
    serde_json::to_string(&Listing::new(plan)).expect("JSON");
    let records: Vec<_> = plan
        .targets
        .iter()
        .map(|target| Record::new(target.clone(), NOW))
        .collect();
    reported(&about(&|_| String::new()), &records);
}

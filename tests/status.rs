//! What people and programs read: snapshots of every page, and the promises that hold for all of them.

#[path = "support/fixture.rs"]
mod fixture;

use egress_probe::outcome::{Failure, Phase, ProxyHop, Reason};
use egress_probe::rules::Destination;
use egress_probe::status::text::{self, Style};
use egress_probe::status::{Headline, Health, StatusReport, TargetReport, html, rule_line, ticket};
use egress_probe::store::{Record, State};
use egress_probe::target::Requirement;

fn named(report: &StatusReport, target: &str) -> TargetReport {
    let found = report.targets.iter().find(|t| t.target == target);
    found.expect("a target of the fixture").clone()
}

#[test]
fn the_text_page_has_the_worst_first() {
    insta::assert_snapshot!(text::render(&fixture::report(), Style::PLAIN));
}

#[test]
fn the_page_of_an_unreachable_target_says_what_to_ask_for() {
    let target = named(&fixture::report(), "management.azure.com:443");
    insta::assert_snapshot!(text::render_target(&target, fixture::now(), Style::PLAIN));
}

#[test]
fn the_page_of_a_reachable_target_shows_what_was_seen() {
    let target = named(&fixture::report(), "packages.microsoft.com:443");
    insta::assert_snapshot!(text::render_target(&target, fixture::now(), Style::PLAIN));
}

#[test]
fn a_time_server_without_time_says_nothing_about_clocks() {
    let mut target = named(&fixture::report(), "ntp.ubuntu.com:123");
    let page = |target: &TargetReport| text::render_target(target, fixture::now(), Style::PLAIN);
    let facts_of_clocks = |page: &str| {
        let labels = page
            .lines()
            .filter_map(|line| line.split_whitespace().next());
        labels
            .filter(|label| ["clock", "delay"].contains(label))
            .count()
    };
    assert_eq!(facts_of_clocks(&page(&target)), 2);
    let ntp = target
        .facts
        .ntp
        .as_mut()
        .expect("the reply of a time server");
    (ntp.offset_seconds, ntp.delay_seconds) = (None, None);
    assert_eq!(facts_of_clocks(&page(&target)), 0);
    let json = serde_json::to_value(&target).expect("JSON");
    assert_eq!(json["facts"]["ntp"].get("offset_seconds"), None);
}

#[test]
fn the_json_report() {
    let report = fixture::report();
    insta::assert_snapshot!(serde_json::to_string_pretty(&report).expect("JSON"));
}

#[test]
fn the_keys_of_the_json_report_are_the_contract() {
    let report = serde_json::to_value(fixture::report()).expect("JSON");
    let keys = |value: &serde_json::Value| -> Vec<String> {
        value
            .as_object()
            .expect("an object")
            .keys()
            .cloned()
            .collect()
    };
    let sorted = |text: &str| {
        let mut words: Vec<_> = text.split(' ').map(str::to_owned).collect();
        words.sort();
        words
    };
    assert_eq!(
        keys(&report),
        sorted("agent environment generated_at summary story diagnosis targets untestable notices")
    );
    assert_eq!(keys(&report["agent"]), sorted("version node started_at"));
    assert_eq!(
        keys(&report["environment"]),
        sorted("cloud location edition proxy parameters sources")
    );
    assert_eq!(
        keys(&report["summary"]),
        sorted(
            "targets reachable degraded unreachable unreachable_required unproven pending untestable"
        )
    );
    for target in report["targets"].as_array().expect("a list") {
        assert_eq!(
            keys(target),
            sorted(
                "target probe host port groups requirement purpose state since last_attempt duration_seconds \
                 phases address addresses failure diagnosis rules warnings facts findings history changes"
            )
        );
    }
    assert_eq!(
        keys(&report["untestable"][0]),
        sorted("pattern protocols groups requirement needs")
    );
}

#[test]
fn the_summary_adds_up() {
    let summary = fixture::report().summary;
    let states = summary.reachable + summary.unreachable + summary.unproven + summary.pending;
    assert_eq!(states, summary.targets);
    assert!(summary.degraded < summary.reachable);
    assert!(summary.unreachable_required < summary.unreachable);
}

/// Every page of a report, as text.
fn pages(report: &StatusReport, style: Style) -> Vec<String> {
    let targets = report.targets.iter();
    let mut pages = vec![text::render(report, style)];
    pages.extend(targets.map(|target| text::render_target(target, fixture::now(), style)));
    pages
}

#[test]
fn no_line_is_wider_than_the_page() {
    let mut report = fixture::report();
    report.agent.node = "n".repeat(253);
    report.environment.proxy = "http://proxy.example:3128 except a.example, ".repeat(20);
    report.notices.push("a-word-without-an-end-".repeat(20));
    for target in &mut report.targets {
        target.target = format!("{}.example:443", "l".repeat(240));
        target.purpose = "many words ".repeat(40);
        if let Some(failure) = &mut target.failure {
            failure.detail = "long ".repeat(200) + &"x".repeat(300);
        }
    }
    for report in [fixture::report(), report] {
        for width in [60, 80, 100, 200] {
            for page in pages(
                &report,
                Style {
                    colour: false,
                    width,
                },
            ) {
                let longest = page.lines().map(|line| line.chars().count()).max();
                assert!(
                    longest <= Some(width.min(100)),
                    "{longest:?} columns: {page}"
                );
            }
        }
    }
}

#[test]
fn colour_adds_nothing_but_colour() {
    let report = fixture::report();
    let colour = Style {
        colour: true,
        ..Style::PLAIN
    };
    for (plain, coloured) in pages(&report, Style::PLAIN)
        .iter()
        .zip(pages(&report, colour))
    {
        assert!(!plain.contains('\u{1b}'), "{plain}");
        assert!(coloured.contains('\u{1b}'));
        let mut parts = coloured.split('\u{1b}');
        let first = parts.next().unwrap_or_default().to_owned();
        let stripped = parts.fold(first, |text, part| {
            text + part.split_once('m').map_or("", |(_, rest)| rest)
        });
        let trimmed: Vec<_> = stripped.lines().map(str::trim_end).collect();
        assert_eq!(trimmed, plain.lines().collect::<Vec<_>>());
    }
}

/// A report on those records of the fixture that `keep` wants.
fn report_of(keep: impl Fn(&Record) -> bool, untestable: bool) -> StatusReport {
    let records: Vec<_> = fixture::records()
        .into_iter()
        .filter(|record| keep(record))
        .collect();
    let mut about = fixture::about();
    if !untestable {
        about.untestable.clear();
    }
    StatusReport::new(&about, &records, fixture::now())
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn only_a_proven_node_is_all_right() {
    let required = |record: &Record| record.target.requirement == Requirement::Required;
    let calm = |record: &Record| {
        TargetReport::new(record, None).is_quiet() && record.state == State::Reachable
    };
    for (report, health, sentence) in [
        (
            report_of(|_| true, true),
            Health::Failing,
            "5 of 18 required unreachable, 2 optional",
        ),
        (
            report_of(|r| r.state != State::Unreachable, true),
            Health::Unproven,
            "2 of 13 required unproven",
        ),
        (
            report_of(|r| r.state == State::Pending || calm(r), true),
            Health::Pending,
            "2 of 7 required not yet tested",
        ),
        (
            report_of(|r| required(r) && calm(r), true),
            Health::Incomplete,
            "all 5 required reachable, 1 required row untestable",
        ),
        (
            report_of(|r| r.state == State::Reachable, false),
            Health::Degraded,
            "all 9 required reachable, 4 with warnings",
        ),
        (
            report_of(|r| calm(r) || !required(r), false),
            Health::Degraded,
            "all 5 required reachable, 2 optional unreachable, 1 with warnings",
        ),
        (
            report_of(calm, false),
            Health::Ok,
            "all 5 required reachable",
        ),
        (
            report_of(|r| calm(r) && !required(r), false),
            Health::Ok,
            "no target is required",
        ),
        (
            report_of(|_| false, false),
            Health::Incomplete,
            "nothing is tested",
        ),
    ] {
        let headline = Headline::of(&report);
        assert_eq!(
            (headline.health, headline.sentence.as_str()),
            (health, sentence)
        );
        let green = html::render(&report)
            .expect("a page")
            .contains("class=\"banner good\"");
        assert_eq!(green, health == Health::Ok, "{sentence}");
    }
}

#[test]
fn every_target_of_the_report_is_on_every_page() {
    let report = fixture::report();
    let wide = text::render(&report, Style::PLAIN);
    let page = html::render(&report).expect("a page");
    for target in &report.targets {
        assert!(page.contains(&target.path()), "{}", target.target);
        let short = target.target.len() < 46;
        assert!(!short || wide.contains(&target.target), "{}", target.target);
    }
    for row in &report.untestable {
        assert!(page.contains(&row.pattern) && wide.contains(&row.pattern));
    }
}

/// The entries of the time line, as words.
fn timeline(report: &StatusReport) -> Vec<String> {
    let page = html::render(report).expect("a page");
    let (_, rest) = page
        .split_once("<ol class=\"timeline card\">")
        .expect("a time line");
    let (list, _) = rest.split_once("</ol>").expect("its end");
    let plain = |entry: &str| {
        let parts = entry
            .split('<')
            .filter_map(|part| Some(part.split_once('>')?.1));
        parts
            .collect::<String>()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    list.split("<li ")
        .skip(1)
        .map(|entry| plain(&format!("<{entry}")))
        .collect()
}

#[test]
fn what_changed_is_told_over_all_targets_the_newest_first_and_what_changed_alike_once() {
    let entries = timeline(&fixture::report());
    assert_eq!(
        entries[2],
        "60 s ago × archive.ubuntu.com:80 http: reachable to unreachable, request http_denied",
        "{entries:#?}"
    );
    let together = entries
        .iter()
        .find(|entry| entry.contains("tls connection_reset"));
    assert_eq!(
        together.expect("an entry"),
        "3 min ago × acs-mirror.azureedge.net:443 https, management.azure.com:443 https: \
         reachable to unreachable, tls connection_reset"
    );
    let first = entries
        .iter()
        .find(|entry| entry.contains("and 8 more: pending to reachable"));
    assert!(first.is_some(), "{entries:#?}");
}

#[test]
fn the_time_line_has_an_end() {
    let mut records = fixture::records();
    let mut flapping = records.swap_remove(0);
    let change = flapping.changes[0].clone();
    for minutes in 0..100 {
        let at = fixture::before(minutes * 120);
        flapping.changes.push_front(egress_probe::store::Change {
            at,
            ..change.clone()
        });
    }
    let report = StatusReport::new(&fixture::about(), &[flapping], fixture::now());
    assert_eq!(timeline(&report).len(), 20);
}

#[test]
fn a_report_of_an_agent_that_stands_still_is_never_green() {
    let calm = |record: &Record| TargetReport::new(record, None).is_quiet();
    let report = report_of(calm, false).stalled();
    let headline = Headline::of(&report);
    assert_eq!(headline.health, Health::Stale);
    let sentence = "nothing is tested any more; before that, all 5 required reachable";
    assert_eq!(headline.sentence, sentence);
    assert!(report.notices[0].contains("nothing has been tested since 2026-11-23 20:04:40 UTC"));
    assert!(
        !html::render(&report)
            .expect("a page")
            .contains("banner good")
    );
}

#[test]
fn rules_name_what_a_firewall_team_needs() {
    let report = fixture::report();
    for (target, rule) in [
        (
            "management.azure.com:443",
            Some("application rule: https:443 to management.azure.com"),
        ),
        (
            "archive.ubuntu.com:80",
            Some("application rule: http:80 to archive.ubuntu.com"),
        ),
        (
            "ntp.ubuntu.com:123",
            Some("network rule: UDP 123 to ntp.ubuntu.com"),
        ),
        (
            "[2001:db8::53]:53",
            Some("network rule: TCP 53 to 2001:db8::53"),
        ),
        ("mcr.microsoft.com", None),
    ] {
        assert_eq!(
            rule_line(&named(&report, target)).as_deref(),
            rule,
            "{target}"
        );
    }
}

#[test]
fn the_ticket_says_who_what_why_since_when_and_what_was_seen() {
    let report = fixture::report();
    let target = named(&report, "management.azure.com:443");
    let ticket = ticket(&target);
    let since = "2026-11-23 20:01:08 UTC";
    let expected = [
        "application rule: https:443 to management.azure.com".to_owned(),
        "from: the subnets of the nodes".to_owned(),
        "why: manage Azure resources (required; aks-outbound-rules c009; listed since 2020-03-08)"
            .to_owned(),
        "mind: exempt it from TLS inspection".to_owned(),
        "addresses: 203.0.113.20".to_owned(),
        format!(
            "seen: tls connection_reset, since {since}: Connection reset by peer (os error 104)"
        ),
    ];
    assert_eq!(ticket, expected);
    let page = html::render_target(&target, fixture::now()).expect("a page");
    for line in expected {
        assert!(page.contains(&line), "{line}");
    }
}

#[test]
fn a_wildcard_is_asked_for_in_place_of_the_host_that_is_probed() {
    let mut target = named(&fixture::report(), "management.azure.com:443");
    "*.azure.com".clone_into(&mut target.rules[0].pattern);
    target.rules[0].destinations = vec![Destination::Fqdn("*.azure.com".to_owned())];
    let ticket = ticket(&target);
    assert_eq!(ticket[0], "application rule: https:443 to *.azure.com");
    assert_eq!(ticket[1], "lets through: management.azure.com:443");
    let mut report = fixture::report();
    let listed = report.targets.iter_mut();
    let same = listed.filter(|listed| listed.target == target.target);
    same.for_each(|listed| *listed = target.clone());
    let page = text::render(&report, Style::PLAIN);
    assert!(page.contains("application rule: https:443 to *.azure.com"));
    assert!(!page.contains("https:443 to management.azure.com"));
}

#[test]
fn rules_are_reported_where_one_is_the_likely_remedy_and_only_there() {
    let about = fixture::about();
    let records = fixture::records();
    let find = |target: &str| records.iter().find(|r| *r.target.id.target == *target);
    let failing = find("management.azure.com:443").expect("a record");
    assert_eq!(about.target(failing, None).rules.len(), 1);
    let well = find("mcr.microsoft.com:443").expect("a record");
    assert_eq!(about.target(well, None).rules, []);
    for (reason, rules) in [
        (Reason::ConnectionReset, 1),
        (Reason::CertificateExpired, 0),
    ] {
        let mut record = failing.clone();
        record.failure.as_mut().expect("a failure").reason = reason;
        assert_eq!(about.target(&record, None).rules.len(), rules, "{reason}");
    }
    let mut target = about.target(failing, None);
    target.rules.clear();
    target.facts.proxy = Some(ProxyHop {
        address: "proxy.example:3128".to_owned(),
        via: "HTTPS_PROXY",
        status: None,
    });
    let of_target = &about.rules[&failing.target.id];
    assert_eq!(target.lacking(of_target).rules, []);
}

#[test]
fn behind_a_proxy_it_is_the_way_to_it_or_its_own_rule_that_is_asked_for() {
    let rule = |target: &str, phase: Phase| {
        let mut target = named(&fixture::report(), target);
        target.facts.proxy = Some(ProxyHop {
            address: "proxy.example:3128".to_owned(),
            via: "HTTPS_PROXY",
            status: Some(403),
        });
        target.failure = Some(Failure {
            phase,
            reason: Reason::Timeout,
            detail: String::new(),
        });
        let page = text::render_target(&target, fixture::now(), Style::PLAIN);
        let shown = "proxy.example:3128 (HTTPS_PROXY), answered CONNECT with status 403";
        assert!(page.contains(shown), "{page}");
        rule_line(&target).expect("a rule")
    };
    let (https, http) = ("management.azure.com:443", "security.ubuntu.com:80");
    for (target, phase, expected) in [
        (
            https,
            Phase::Connect,
            "network rule: TCP to the proxy proxy.example:3128",
        ),
        (
            https,
            Phase::Tunnel,
            "proxy rule: CONNECT management.azure.com:443",
        ),
        (
            https,
            Phase::Tls,
            "proxy rule: CONNECT management.azure.com:443",
        ),
        (
            http,
            Phase::Connect,
            "network rule: TCP to the proxy proxy.example:3128",
        ),
        (
            http,
            Phase::Request,
            "proxy rule: http:80 to security.ubuntu.com",
        ),
    ] {
        assert_eq!(rule(target, phase), expected);
    }
}

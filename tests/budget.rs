//! What the units of `catalog budget` really cost: packets and bytes on the node's interface in the laboratory,
//! counted by the kernel, and series in a scrape.

mod support;

use egress_lab::{HostSpec, Lab, LabSpec, Service};
use egress_probe::budget::{Cost, unit};
use serde_json::Value;

use support::check::checked;
use support::running::Running;
use support::wait::until;
use support::{agent_in, file};

/// Measured against the table: the laboratory's chains are shorter than public ones, and names differ in length.
const TOLERANCE: f64 = 0.25;

/// Attempts at each target while the agent is watched.
const ROUNDS: f64 = 6.0;

const CATALOG: &str = "entries:
  - {name: web, hosts: [web.of-some-letters.example], protocols: {https: {port: 443}}}
  - {name: api, hosts: [api.of-some-letters.example], protocols: {https: {port: 443, alpn: [konnectivity]}}}
  - {name: page, hosts: [page.of-some-letters.example], protocols: {http: {port: 80}}}
  - {name: shell, hosts: [shell.of-some-letters.example], protocols: {ssh: {port: 22}}}
  - {name: plain, hosts: [plain.of-some-letters.example], protocols: {tcp: {port: 9000}}}
  - {name: time, hosts: [time.of-some-letters.example], protocols: {ntp: {port: 123}}}
";

/// Counts what crosses the node's interface; what is spoken to nameservers over UDP apart.
const COUNTERS: &str = "table inet budget {
    counter dns_out { }
    counter dns_in { }
    counter out { }
    counter in { }
    chain output {
        type filter hook output priority 0;
        oif lo return
        udp dport 53 counter name dns_out return
        meta l4proto { tcp, udp } counter name out
    }
    chain input {
        type filter hook input priority 0;
        iif lo return
        udp sport 53 counter name dns_in return
        meta l4proto { tcp, udp } counter name in
    }
}
";

fn start() -> Lab {
    let spec = LabSpec {
        middleboxes: true,
        ..LabSpec::of(servers())
    };
    let lab = Lab::start(&spec).expect("the lab starts");
    let counters = file(&lab, "counters.nft", COUNTERS);
    let fed = lab.node().command("nft").arg("-f").arg(counters).status();
    assert!(fed.expect("nft starts").success(), "nft takes the counters");
    lab
}

/// Packets and bytes since the last time: of DNS out and in, of everything else out and in.
fn counted(lab: &Lab) -> [(f64, f64); 4] {
    let mut nft = lab.node().command("nft");
    let output = nft
        .args(["--json", "reset", "counters", "table", "inet", "budget"])
        .output();
    let json: Value = serde_json::from_slice(&output.expect("nft starts").stdout).expect("JSON");
    ["dns_out", "dns_in", "out", "in"].map(|name| {
        let all = json["nftables"].as_array().expect("a list").iter();
        let mut counters = all.map(|item| &item["counter"]);
        let counter = counters
            .find(|counter| counter["name"] == name)
            .expect("a counter");
        let number = |key: &str| counter[key].as_f64().expect("a number");
        (number("packets"), number("bytes"))
    })
}

fn cost(out: (f64, f64), back: (f64, f64)) -> Cost {
    Cost {
        packets_out: out.0,
        packets_in: back.0,
        bytes_out: out.1,
        bytes_in: back.1,
        ..Cost::default()
    }
}

/// One attempt at the targets of this name: what is spoken to nameservers over UDP, and everything else.
fn measured(lab: &Lab, target: &str, proxy: &str) -> (Cost, Cost) {
    let catalog = file(lab, "budget.yaml", CATALOG);
    let catalog = catalog.to_str().expect("a path of plain letters");
    counted(lab);
    let (exit, _) = checked(
        lab,
        &[
            "--no-builtin",
            "--catalog",
            catalog,
            "--target",
            target,
            "--proxy",
            proxy,
        ],
    );
    assert_eq!(exit, 0, "{target}");
    let [dns_out, dns_in, out, back] = counted(lab);
    (cost(dns_out, dns_in), cost(out, back))
}

/// What differs by more than the tolerance. A packet more or less is none of it: acknowledgements come alone or not.
fn differences(what: &str, unit: Cost, measured: Cost) -> Option<String> {
    let pairs = [
        (unit.packets_out, measured.packets_out, 1.0),
        (unit.packets_in, measured.packets_in, 1.0),
        (unit.bytes_out, measured.bytes_out, 52.0),
        (unit.bytes_in, measured.bytes_in, 52.0),
    ];
    let differs = |(unit, measured, packet): &(f64, f64, f64)| {
        (unit - measured).abs() > f64::max(unit * TOLERANCE, *packet)
    };
    let (of, seen) = (pairs.map(|pair| pair.0), pairs.map(|pair| pair.1));

    pairs
        .iter()
        .any(differs)
        .then(|| format!("{what}: the table has {of:?}, measured {seen:?}"))
}

fn host(name: &str) -> HostSpec {
    HostSpec::new(format!("{name}.of-some-letters.example"))
}

fn servers() -> [HostSpec; 6] {
    [
        host("web").https(),
        host("api").with(Service::https_alpn(&["konnectivity"])),
        host("page").http(),
        host("shell").ssh(),
        host("plain").tcp(9000),
        host("time").ntp(),
    ]
}

/// Targets, what is spoken to nameservers over UDP for them, and everything else.
fn assert_costs(lab: &Lab, proxy: &str, rows: &[(String, Cost, Cost)]) {
    let wrong = rows.iter().flat_map(|(target, names, rest)| {
        let (seen_names, seen) = measured(lab, target, proxy);
        let of_names = differences(&format!("names for {target}"), *names, seen_names);
        [of_names, differences(target, *rest, seen)]
    });
    let wrong: Vec<_> = wrong.flatten().collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_units_are_what_the_kernel_counts() {
    let lab = start();
    let at = |name: &str, port: u16| format!("{}:{port}", host(name).name);
    let nothing = Cost::default();
    let rows = [
        (host("web").name, unit::RESOLUTION, nothing),
        (
            format!("{}:53", lab.nameserver()),
            unit::DNS_UDP,
            unit::DNS_TCP,
        ),
        (at("web", 443), unit::RESOLUTION, unit::HTTPS),
        (
            at("api", 443),
            unit::RESOLUTION,
            unit::HTTPS + unit::HANDSHAKE,
        ),
        (at("page", 80), unit::RESOLUTION, unit::HTTP),
        (at("shell", 22), unit::RESOLUTION, unit::SSH),
        (at("plain", 9000), unit::RESOLUTION, unit::TCP),
        (at("time", 123), unit::RESOLUTION, unit::NTP),
    ];
    assert_costs(&lab, "none", &rows);
    // The proxy is an address, and nobody asks for the target's.
    let tunnelled = unit::HTTPS + unit::TUNNEL;
    assert_costs(
        &lab,
        &lab.proxy_url(),
        &[(at("web", 443), nothing, tunnelled)],
    );
}

/// By label `probe`, what a counter has grown to on all targets.
fn attempts(metrics: &str, probe: &str) -> f64 {
    let label = format!("probe=\"{probe}\"}} ");
    let lines = metrics
        .lines()
        .filter(|line| line.starts_with("egress_probe_attempts_total{"));
    let values = lines.filter_map(|line| line.split_once(&label)?.1.parse::<f64>().ok());
    values.sum()
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

/// What the agent did between two scrapes, if every attempt cost what the budget says.
fn spent(budget: &Value, before: &str, after: &str) -> Cost {
    let mut spent = Cost::default();
    for probe in budget["probes"].as_array().expect("a list") {
        let kind = probe["probe"].as_str().expect("a word");
        let done = attempts(after, kind) - attempts(before, kind);
        let share = done / number(&probe["attempts_per_minute"]);
        let of = |way: &str| {
            let of = |what| number(&probe["per_minute"][format!("{what}_{way}")]) * share;
            (of("packets"), of("bytes"))
        };
        spent = spent + cost(of("out"), of("in"));
        if kind == "https" {
            // One target with a second handshake, one without; the laboratory's chains are short.
            spent = spent + unit::PUBLIC_CHAIN * (-1.5 * done);
        }
        // All kinds are tried equally often, but for the time server, which has a pace of its own.
        let rounds = done / number(&probe["targets"]);
        let as_often = ROUNDS - 1.0..=ROUNDS + 3.0;
        assert!(
            kind == "ntp" && rounds <= 1.0 || as_often.contains(&rounds),
            "{kind}: {rounds}"
        );
    }
    spent
}

fn assert_scrape(node: &Value, scrape: &str) {
    let close = |key: &str, seen: usize, tolerance: f64| {
        let seen = f64::from(u32::try_from(seen).expect("not so many"));
        let ratio = number(&node[key]) / seen;
        assert!((ratio - 1.0).abs() < tolerance, "{key}: {ratio} of {seen}");
    };
    let series = scrape.lines().filter(|line| !line.starts_with('#'));
    close("series", series.count(), 0.001);
    close("scrape_bytes", scrape.len(), TOLERANCE);
}

#[test]
fn the_sums_are_what_an_agent_does_on_its_schedule() {
    let lab = start();
    let catalog = file(&lab, "budget.yaml", CATALOG);
    let catalog = catalog.to_str().expect("a path of plain letters");
    let plan = ["--no-builtin", "--metadata", "off", "--catalog", catalog];
    let pace = ["--interval", "2s"];
    let mut command = agent_in(&lab);
    command.args(["catalog", "budget", "--nodes", "1", "--format", "json"]);
    let output = command.args(pace).args(plan).output();
    let output = output.expect("the program starts").stdout;
    let budget: Value = serde_json::from_slice(&output).expect("JSON");

    let running = Running::start(
        &lab,
        9100,
        &[pace.as_slice(), plan.as_slice()].concat(),
        &[],
    );
    let metrics = || running.get("/metrics", &[]).1;
    let before = metrics();
    counted(&lab);
    until("some rounds", || {
        let done = attempts(&metrics(), "ssh") - attempts(&before, "ssh");
        (done >= ROUNDS).then_some(()).ok_or(done)
    });
    let [dns_out, dns_in, out, back] = counted(&lab);
    let after = metrics();
    let seen = cost(dns_out, dns_in) + cost(out, back);
    assert_eq!(
        differences("all", spent(&budget, &before, &after), seen),
        None
    );
    assert_scrape(&budget["fleets"][0], &after);
}

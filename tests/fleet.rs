//! `fleet` reads real agents: by their URLs, behind a name in a real nameserver, and through a real Prometheus.

mod support;

use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::sync::LazyLock;

use egress_lab::{HostSpec, Lab, LabSpec};
use serde_json::Value;

use support::check::Check;
use support::wait::until;
use support::{agent_in, file, trusting};

/// Every agent tests these; nothing listens on the second.
const BOTH: &str = "entries:
  - {name: well, hosts: [\"well.example\"], protocols: {https: {port: 443}}}
  - {name: closed, hosts: [\"well.example\"], protocols: {tcp: {port: 9}}}
";
/// One of them tests a name more, which does not exist.
const ONE: &str = "entries:
  - {name: gone, hosts: [\"gone.example\"], protocols: {https: {port: 443}}}
";

/// Three nodes with one name, and agents on two of them.
struct Nodes {
    lab: Lab,
    agents: Vec<Child>,
}

static NODES: LazyLock<Nodes> = LazyLock::new(|| {
    let hosts = [
        HostSpec::new("well.example").https(),
        HostSpec::new("agents.example").addresses(3),
    ];
    let lab = Lab::start(&LabSpec::of(hosts)).expect("the lab starts");
    file(&lab, "both.yaml", BOTH);
    file(&lab, "one.yaml", ONE);
    let agents = vec![
        start_agent(&lab, 0, &["both.yaml"]),
        start_agent(&lab, 1, &["both.yaml", "one.yaml"]),
    ];
    Nodes { lab, agents }
});

/// Where the agent of a node listens, or would.
fn address(lab: &Lab, node: usize) -> SocketAddr {
    (lab.addresses_of("agents.example")[node], 9100).into()
}

/// An agent that lives where the name leads; it goes with the lab.
fn start_agent(lab: &Lab, node: usize, catalogs: &[&str]) -> Child {
    let mut command = lab.internet().command(support::agent());
    command.env("NODE_NAME", format!("node-{}", node + 1));
    command.args([
        "run",
        "--metadata",
        "off",
        "--no-builtin",
        "--interval",
        "1s",
    ]);
    command.args(["--listen", &address(lab, node).to_string()]);
    command.args(["--nameserver", &lab.nameserver().to_string()]);
    command.args(trusting(lab));
    for catalog in catalogs {
        command.arg("--catalog").arg(lab.folder().join(catalog));
    }
    command
        .stderr(Stdio::null())
        .spawn()
        .expect("the agent starts")
}

fn fleet(arguments: &[&str]) -> Check {
    let lab = &NODES.lab;
    assert_eq!(NODES.agents.len(), 2);
    let mut command = agent_in(lab);
    command.arg("fleet").args(arguments);
    Check::of(command)
}

/// Once all is decided.
fn settled(arguments: &[&str], trouble: &str) -> Check {
    until("a settled fleet", || {
        let shown = fleet(arguments);
        let settled = shown.stdout.contains(trouble) && !shown.stdout.contains("not decided yet");
        if settled { Ok(shown) } else { Err(shown) }
    })
}

/// What is in the report, whoever tells it: of each part `TARGET PROBE`, with the nodes.
fn parts(json: &str) -> (Vec<String>, Vec<String>, usize) {
    let fleet: Value = serde_json::from_str(json).expect("JSON");
    let of = |finding: &Value| {
        let nodes = finding["nodes"].as_array().expect("a list");
        let nodes: Vec<_> = nodes.iter().filter_map(Value::as_str).collect();
        let what = &finding["kinds"][0]["what"];
        format!(
            "{} {} {what} {}",
            finding["target"],
            finding["probe"],
            nodes.join(" ")
        )
        .replace('"', "")
    };
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let wide = list(&fleet["widespread"]).iter().map(of).collect();
    let groups = list(&fleet["scattered"]);
    let odd = groups.iter().flat_map(|group| list(&group["findings"]));
    let odd = odd.map(|finding| of(&finding)).collect();
    (wide, odd, list(&fleet["unread"]).len())
}

fn expected() -> (Vec<String>, Vec<String>, usize) {
    let wide = "well.example:9 tcp connect connection_refused node-1 node-2";
    let odd = [
        "gone.example dns resolve name_not_found node-2",
        "gone.example:443 https resolve name_not_found node-2",
    ];
    (vec![wide.to_owned()], odd.map(str::to_owned).to_vec(), 1)
}

#[test]
fn a_name_leads_to_all_its_agents_and_what_fails_where_is_shown_in_order() {
    let shown = settled(&["--service", "agents.example"], "gone.example");
    assert_eq!((shown.exit, shown.stderr.as_str()), (0, ""));
    let lines: Vec<&str> = shown.stdout.lines().collect();
    assert!(
        lines[0].starts_with("FAILING  1 target on all or most nodes, 2 on some  "),
        "{lines:#?}"
    );
    assert!(
        lines[1].starts_with("2 agents read, 1 could not be read; "),
        "{lines:#?}"
    );
    let silent = address(&NODES.lab, 2);
    let order = [
        "ON ALL OR MOST NODES (1)".to_owned(),
        "  well.example:9  tcp  required  on 2 of 2 nodes".to_owned(),
        "ON SOME NODES (2)".to_owned(),
        "  node-2".to_owned(),
        "COULD NOT BE READ (1)".to_owned(),
        format!("  http://{silent}: nobody listens at {silent}"),
    ];
    let places: Vec<_> = order
        .iter()
        .map(|line| lines.iter().position(|shown| shown == line))
        .collect();
    assert!(
        places.iter().all(Option::is_some) && places.is_sorted(),
        "{places:?} {}",
        shown.stdout
    );
    assert!(!shown.stdout.contains(['\x1b', '\r']));
    let longest = shown.stdout.lines().map(|line| line.chars().count()).max();
    assert!(longest <= Some(100), "{}", shown.stdout);
    let json = fleet(&["--service", "agents.example:9100", "--format", "json"]);
    assert_eq!(parts(&json.stdout), expected());
}

#[test]
fn urls_tell_the_same() {
    let urls = [0, 1, 2].map(|node| address(&NODES.lab, node).to_string());
    let arguments: Vec<&str> = urls.iter().flat_map(|url| ["--url", url]).collect();
    settled(&arguments, "gone.example");
    let json = fleet(&[&arguments[..], &["--format", "json"]].concat());
    assert_eq!((json.exit, parts(&json.stdout)), (0, expected()));
}

#[test]
fn prometheus_tells_the_same() {
    let lab = &NODES.lab;
    let target = |node| {
        format!(
            "      - {{targets: [\"{}\"], labels: {{node: node-{}}}}}\n",
            address(lab, node),
            node + 1
        )
    };
    let targets: String = (0..3).map(target).collect();
    let text = format!(
        "global: {{scrape_interval: 1s}}\nscrape_configs:\n  - job_name: egress-probe\n    static_configs:\n{targets}"
    );
    let config = file(lab, "prometheus.yml", &text);
    let mut command = lab.node().command("prometheus");
    command.arg("--config.file").arg(config);
    command
        .arg("--storage.tsdb.path")
        .arg(lab.folder().join("tsdb"));
    command.args(["--web.listen-address", "127.0.0.1:9090"]);
    let server = command.stderr(Stdio::null()).spawn();
    let mut server = server.expect("prometheus starts: install it with `make packages`");
    let wanted = until("the same from Prometheus", || {
        let json = fleet(&["--prometheus", "127.0.0.1", "--format", "json"]);
        let told = (json.exit == 0).then(|| parts(&json.stdout));
        if told == Some(expected()) {
            Ok(json)
        } else {
            Err(json)
        }
    });
    assert_eq!(wanted.stderr, "");
    let text = fleet(&["--prometheus", "http://127.0.0.1:9090/"]);
    assert!(
        text.stdout
            .contains("  node-3: Prometheus cannot scrape it (up is 0)"),
        "{}",
        text.stdout
    );
    server.kill().expect("a child of ours");
    server.wait().expect("a child of ours");
}

#[test]
fn who_cannot_be_read_is_said_and_when_nobody_can_the_exit_code_is_2() {
    let silent = address(&NODES.lab, 2).to_string();
    let nobody = fleet(&["--url", &silent]);
    assert_eq!(nobody.exit, 2);
    assert!(
        nobody
            .stdout
            .starts_with("INCOMPLETE  no agent could be read"),
        "{}",
        nobody.stdout
    );
    let agent = address(&NODES.lab, 0).to_string();
    for (arguments, sentence) in [
        (
            ["--service", "nowhere.example"],
            "nowhere.example is: name_not_found",
        ),
        (["--prometheus", &silent], "nobody listens at"),
        (["--prometheus", &agent], "the answer is 404 Not Found"),
        (
            ["--service", "http://agents.example/"],
            "is a URL; write NAME, NAME:PORT or https://NAME:PORT, or use --url",
        ),
    ] {
        let none = fleet(&arguments);
        assert_eq!((none.exit, none.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(
            none.stderr.contains(sentence),
            "{arguments:?}: {}",
            none.stderr
        );
    }
}

//! What is done to a command of the documentation so that a test can run it, and what is not: as little as possible.

use egress_lab::Lab;

use crate::block::Block;
use crate::fleet::{HOST, TUNNEL};
use crate::support::wait::until;
use crate::terminal::{LAB, Network, Terminal};

/// Programs in `stand_ins` that run in place of what cannot be had, and why it cannot.
pub(crate) const STAND_INS: [(&str, &str); 6] = [
    (
        "kubectl",
        "there is no cluster; renderings, words and flags are the real one's",
    ),
    ("az", "there is no subscription"),
    (
        "docker",
        "there is no registry; tests/image builds and runs the image",
    ),
    (
        "systemctl",
        "systemd does not run; units are enabled by the real one in a folder",
    ),
    (
        "pidof",
        "it would find the agents of other tests on this machine",
    ),
    (
        "cargo",
        "a test does not build; what would be built is there",
    ),
];

/// Commands that do not end with 0, and why that is right.
pub(crate) const EXPECTED: [(&str, i32, &str); 2] = [
    (
        "nc -vz -w 5 192.0.2.1 PORT",
        1,
        "nobody is there, as it should be",
    ),
    (
        "nc -u -v -w 3 ADDRESS PORT </dev/null",
        1,
        "nothing listens on this UDP port",
    ),
];

/// The command lines of a block. A backslash at the end of a line goes on.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = String> {
    let joined = text.replace("\\\n", " ");
    let lines: Vec<_> = joined.lines().map(str::to_owned).collect();
    lines.into_iter()
}

/// What the words in capitals stand for, and places that a test leaves alone.
pub(crate) struct Words(Vec<(&'static str, String)>);

impl Words {
    pub(crate) fn of(lab: &Lab) -> Self {
        let proxy = lab.proxy_url();
        let (_, proxy_port) = proxy.rsplit_once(':').expect("a port");
        let proxy_host = proxy.trim_start_matches("http://");
        let proxy_host = proxy_host.split(':').next().expect("a host");
        let nameserver = lab.nameserver().to_string();
        let authority = lab.ca_file().to_str().expect("plain letters").to_owned();
        Self(vec![
            ("PROXY:PORT", format!("{proxy_host}:{proxy_port}")),
            (
                "HOST:443 -servername HOST -alpn",
                format!("{TUNNEL}:443 -servername {TUNNEL} -alpn"),
            ),
            ("HOST", HOST.to_owned()),
            ("PORT", "443".to_owned()),
            ("ADDRESS", lab.address_of(HOST).to_string()),
            ("NAMESERVER", nameserver.clone()),
            ("TARGET", format!("{HOST}:443")),
            ("PROBE", "https".to_owned()),
            ("1.1.1.1", nameserver),
            ("an.allowed.name", HOST.to_owned()),
            ("node:9100", "localhost:9100".to_owned()),
            ("--image=IMAGE", "--image=debian".to_owned()),
            ("/etc/egress-probe/cluster-ca.crt", authority.clone()),
            ("/etc/kubernetes/pki/ca.crt", authority),
            ("/etc/bash_completion.d", "$SITE/completions".to_owned()),
            ("/usr/local/share/man/man1", "$SITE/man".to_owned()),
        ])
    }

    /// The command as it is run here.
    pub(crate) fn put(&self, line: &str) -> String {
        let mut command = line.to_owned();
        for (word, text) in &self.0 {
            command = replace_word(&command, word, text);
        }
        match EXPECTED.iter().find(|(expected, ..)| *expected == line) {
            Some((_, code, _)) => format!("{command} && exit 99 || [ $? = {code} ]"),
            None => command,
        }
    }
}

fn replace_word(text: &str, word: &str, by: &str) -> String {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut replaced = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(word) {
        let (before, after) = (&rest[..at], &rest[at + word.len()..]);
        let alone = !before.ends_with(is_part) && !after.starts_with(is_part);
        replaced.extend([before, if alone { by } else { word }]);
        rest = after;
    }
    replaced + rest
}

/// Plays the sessions of a page in what `make -s lab` builds. A page that does not show that gets it all the same.
pub(crate) fn in_the_lab(page: &str, blocks: &[Block]) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut terminal = Terminal::open(Network::Own);
    let mut id = None;
    if !blocks[0].text.starts_with(&format!("$ {LAB}\n")) {
        terminal.start_lab();
        id = Some(enter(&mut terminal));
    }
    let shown: String = blocks.iter().map(|block| block.text.as_str()).collect();
    let (_, after) = shown.split_once("/tmp/egress-lab-").unwrap_or_default();
    let is_of_id = |c: &char| c.is_ascii_digit() || *c == '-';
    let shown_id: String = after.chars().take_while(is_of_id).collect();
    for block in blocks {
        super::lay_out(&terminal, page, block.line);
        let played = terminal.play(block, |command| {
            let command = command.replace("target/release/", "");
            match &id {
                Some(id) if !shown_id.is_empty() => command.replace(&shown_id, id),
                _ => command,
            }
        });
        complaints.extend(played.err());
        id = id.or_else(|| Some(enter(&mut terminal)));
    }
    complaints
}

/// From now on, commands are those of somebody on the node. The laboratory's identifier.
fn enter(terminal: &mut Terminal) -> String {
    let beacon = terminal.folder().join("lab.json");
    let id = until("the lab", || {
        let text = std::fs::read_to_string(&beacon).unwrap_or_default();
        let after = text.split_once("/tmp/egress-lab-");
        let id = after.and_then(|(_, after)| after.split_once('"'));
        id.map(|(id, _)| id.to_owned()).ok_or(text)
    });
    terminal.network = Network::Of(format!("egl-{id}-node"));
    let config = format!("/tmp/egress-lab-{id}/config.yaml");
    terminal.set("EGRESS_PROBE_CONFIG", &config);
    until("the first round", || {
        terminal.run("curl -sSf localhost:9100/readyz")
    });
    id
}

/// Code between backticks, outside of fenced blocks.
pub(crate) fn in_sentences(text: &str) -> Vec<String> {
    let mut fenced = false;
    let mut prose = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            prose.extend([line, " "]);
        }
    }
    prose
        .split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

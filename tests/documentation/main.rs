//! The documentation does what it says: every command runs, every session prints what it shows, every sample is loaded
//! by what would read it. A fenced block of a kind that is not known here fails.

mod block;
mod commands;
mod fleet;
#[path = "../support/kustomize.rs"]
mod kustomize;
#[path = "../support/promql.rs"]
mod promql;
mod samples;
mod session;
#[path = "../support/rules.rs"]
mod source;
#[path = "../support/mod.rs"]
mod support;
mod terminal;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::thread;

use clap::CommandFactory;
use clap::error::ErrorKind::{InvalidValue, UnknownArgument};
use egress_lab::{HostSpec, Service};
use egress_probe::cli::Cli;

use block::{Block, Kind, Place, blocks, pages, root};
use commands::{EXPECTED, STAND_INS, Words, lines};
use fleet::Fleet;
use terminal::{Network, Terminal};

/// Hosts of the worked example in the chapter on catalogues.
const KUBEADM: [&str; 4] = [
    "registry.k8s.io",
    "europe-west1-docker.pkg.dev",
    "pkgs.k8s.io",
    "prod-cdn.packages.k8s.io",
];

fn of_kind(kind: Kind) -> BTreeMap<String, Vec<Block>> {
    let mut pages: BTreeMap<String, Vec<Block>> = BTreeMap::new();
    for block in blocks()
        .into_iter()
        .filter(|block| block.kind() == Some(kind))
    {
        pages.entry(block.page.clone()).or_default().push(block);
    }
    assert!(!pages.is_empty(), "no block is {kind:?}");
    pages
}

/// Gives a terminal the files that the page shows.
fn lay_out(terminal: &Terminal, page: &str, before: usize) {
    let samples = blocks().into_iter().filter(|block| block.page == page);
    for sample in samples.filter(|sample| sample.line < before) {
        if let Some(path) = sample.file() {
            terminal.write(path, &sample.text);
        }
    }
}

#[test]
fn every_fenced_block_says_what_it_is() {
    let blocks = blocks();
    assert!(blocks.len() > 100, "only {}", blocks.len());
    let unknown = blocks.iter().filter(|block| block.kind().is_none());
    let unknown: Vec<_> = unknown
        .map(|block| format!("{}: `{}`", block.place(), block.info))
        .collect();
    assert!(
        unknown.is_empty(),
        "of no known kind (tests/documentation/block.rs): {unknown:#?}"
    );
}

#[test]
fn every_sample_is_what_it_says() {
    let complaints: Vec<_> = blocks()
        .iter()
        .filter_map(|block| {
            let complaint = samples::complaint(block, block.kind()?)?;
            Some(format!("{}: {complaint}\n{}", block.place(), block.text))
        })
        .collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// Plays sessions with the files of their pages; what did not come as shown.
fn play(kind: Kind, open: impl Fn() -> Terminal) -> Vec<String> {
    let mut complaints = Vec::new();
    for (page, blocks) in of_kind(kind) {
        let mut terminal = open();
        for block in blocks {
            lay_out(&terminal, &page, block.line);
            complaints.extend(terminal.play(&block, str::to_owned).err());
        }
    }
    complaints
}

#[test]
fn sessions_that_need_no_network_print_what_they_show() {
    let authority = rcgen::generate_simple_self_signed(Vec::new()).expect("a certificate");
    let complaints = play(Kind::Session(Place::Nowhere), || {
        let terminal = Terminal::open(Network::None);
        terminal.write("company-ca.pem", &authority.cert.pem());
        terminal
    });
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn sessions_in_the_laboratory_print_what_they_show() {
    let complaints = thread::scope(|scope| {
        let pages = of_kind(Kind::Session(Place::Lab)).into_iter();
        let running: Vec<_> = pages
            .map(|(page, blocks)| scope.spawn(move || commands::in_the_lab(&page, &blocks)))
            .collect();
        let ended = running.into_iter().map(thread::ScopedJoinHandle::join);
        ended
            .flat_map(|page| page.expect("no panic"))
            .collect::<Vec<_>>()
    });
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// One laboratory for all, because nothing that they do is in another's way.
#[test]
fn every_command_ends_well_and_shows_what_a_fleet_says() {
    let api_server = Service::Https {
        port: 6443,
        alpn: Vec::new(),
    };
    let api_server = HostSpec::new("api.cluster.example").with(api_server);
    let hosts = KUBEADM.map(|name| HostSpec::new(name).https());
    let fleet = Fleet::start(hosts.into_iter().chain([api_server]).collect());
    let (complaints, calls) = run_all(&fleet, of_kind(Kind::Shell));
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));

    fleet.break_two();
    let complaints = play(Kind::Session(Place::Fleet), || fleet.terminal());
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    for (program, _) in STAND_INS.iter().filter(|(program, _)| *program != "cargo") {
        let called = calls
            .lines()
            .any(|call| call.split(' ').next() == Some(program));
        assert!(called, "no command needs the stand-in for {program}");
    }
}

/// Some blocks at a time, because most of them wait. What went wrong, and what the stand-ins were asked.
fn run_all(fleet: &Fleet, pages: BTreeMap<String, Vec<Block>>) -> (Vec<String>, String) {
    const AT_ONCE: usize = 8;
    let waiting = Mutex::new(pages.into_values().flatten());
    let next = || waiting.lock().expect("no panic").next();
    let work = || {
        std::iter::from_fn(next)
            .map(|block| run(fleet, &block))
            .collect()
    };
    let ended: Vec<(Option<String>, String)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        let ended = workers.into_iter().map(thread::ScopedJoinHandle::join);
        ended
            .flat_map(|done: thread::Result<Vec<_>>| done.expect("no panic"))
            .collect()
    });
    let (complaints, calls): (Vec<_>, Vec<_>) = ended.into_iter().unzip();
    (complaints.into_iter().flatten().collect(), calls.concat())
}

/// The same of one block.
fn run(fleet: &Fleet, block: &Block) -> (Option<String>, String) {
    let terminal = fleet.terminal();
    lay_out(&terminal, &block.page, block.line);
    let words = Words::of(&fleet.lab);
    let lines: Vec<_> = lines(&block.text).map(|line| words.put(&line)).collect();
    let said = terminal.run(&lines.join("\n")).err();
    let complaint = said.map(|said| format!("{}: {said}\n{}", block.place(), block.text));
    (complaint, terminal.calls())
}

#[test]
fn what_is_excepted_is_still_there() {
    let commands: Vec<String> = of_kind(Kind::Shell)
        .into_values()
        .flatten()
        .flat_map(|block| lines(&block.text).collect::<Vec<_>>())
        .collect();
    for (command, ..) in EXPECTED {
        assert!(
            commands.iter().any(|line| line == command),
            "nobody shows {command}"
        );
    }
    for (program, _) in STAND_INS {
        assert!(
            root()
                .join("tests/documentation/stand_ins")
                .join(program)
                .exists(),
            "{program}"
        );
    }
}

/// Code in a sentence: what begins as a command of ours is one.
#[test]
fn commands_in_sentences_exist() {
    let makefile = std::fs::read_to_string(root().join("Makefile")).expect("a file");
    let mut seen = 0;
    for (page, text) in pages() {
        for code in commands::in_sentences(&text) {
            let code: Vec<&str> = code.split_whitespace().collect();
            match code[..] {
                ["make", target, ..] => {
                    let known = makefile.contains(&format!("\n{target}:"));
                    assert!(known, "{page}: `make {target}`");
                }
                ["egress-probe", command, ..] => {
                    let known = Cli::command().find_subcommand(command).is_some();
                    assert!(known, "{page}: `egress-probe {command}`");
                    // With words in capitals, or without what a command needs, it is not one to be typed.
                    let whole = !code.iter().any(|word| word.contains(char::is_uppercase));
                    let taken = Cli::command().try_get_matches_from(&code);
                    let kind = taken.err().map(|error| error.kind());
                    let misspelt = [Some(UnknownArgument), Some(InvalidValue)].contains(&kind);
                    assert!(!(whole && misspelt), "{page}: `{}`", code.join(" "));
                }
                _ => continue,
            }
            seen += 1;
        }
    }
    assert!(seen > 30, "only {seen}");
}

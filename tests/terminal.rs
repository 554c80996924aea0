//! What somebody at a terminal sees: `status` and its `--watch`, `check` while it runs, in a real terminal and in pipes.

mod support;
#[path = "support/tmux.rs"]
mod tmux;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use egress_lab::{Fault, HostSpec, Lab, LabSpec};

use support::check::{Check, check};
use support::running::Running;
use support::wait::until;
use support::{agent, agent_in, file, trusting};
use tmux::Tmux;

const CATALOG: &str = "entries:
  - {name: one, hosts: [\"one.example\"], protocols: {https: {port: 443}}}
  - {name: two, hosts: [\"two.example\"], protocols: {https: {port: 443}}}
";

/// A lab of one's own, because its faults are.
fn lab() -> Lab {
    let hosts = ["one.example", "two.example"].map(|name| HostSpec::new(name).https());
    let lab = Lab::start(&LabSpec::of(hosts)).expect("the lab starts");
    file(&lab, "catalog.yaml", CATALOG);
    lab
}

/// In which nothing breaks.
static WELL: LazyLock<Lab> = LazyLock::new(lab);

fn catalog(lab: &Lab) -> String {
    let path = lab.folder().join("catalog.yaml");
    path.to_str().expect("a path of plain letters").to_owned()
}

fn running(lab: &Lab, port: u16) -> Running<'_> {
    let catalog = catalog(lab);
    let arguments = [
        "--no-builtin",
        "--catalog",
        &catalog,
        "--metadata",
        "off",
        "--interval",
        "1s",
    ];
    Running::start(lab, port, &arguments, &[])
}

fn status(lab: &Lab, arguments: &[&str]) -> Check {
    let mut command = agent_in(lab);
    command.arg("status").args(arguments);
    Check::of(command)
}

/// A program whose standard output is read as it comes. Dropping it ends it.
struct Stream {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
}

impl Stream {
    fn of(mut command: Command) -> Self {
        let child = command.stdout(Stdio::piped()).spawn();
        let mut child = child.expect("the program starts");
        let out = child.stdout.take().expect("a pipe");
        Self {
            child,
            out: BufReader::new(out),
        }
    }

    /// Everything up to a line that begins like this, and that line.
    fn up_to(&mut self, begin: &str) -> String {
        let mut text = String::new();
        loop {
            let mut line = String::new();
            let read = self.out.read_line(&mut line).expect("text");
            assert!(read > 0, "no {begin:?} in {text}");
            text.push_str(&line);
            if line.starts_with(begin) {
                return text;
            }
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn curl_gets_a_page_for_every_change() {
    let lab = lab();
    let _agent = running(&lab, 9100);
    let mut curl = lab.node().command("curl");
    curl.args(["-sN", "http://127.0.0.1:9100/status?watch"]);
    let mut pages = Stream::of(curl);
    pages.up_to("OK  all 6 required reachable");
    lab.block("one.example", Fault::TlsReset)
        .expect("a fault is laid");
    let page = pages.up_to("FAILING  1 of 6 required unreachable");
    assert!(
        page.contains(
            "\nchanged    one.example:443 https: reachable -> unreachable (tls connection_reset)\n"
        ),
        "{page}"
    );
    assert!(page.contains('\x0c'), "a form feed ends a page: {page:?}");
    lab.heal_all().expect("the fault is taken away");
    pages.up_to("OK  all 6 required reachable");
}

#[test]
fn status_shows_the_page_and_the_report_of_an_agent() {
    let agent = running(&WELL, 9110);
    let shown = status(&WELL, &["127.0.0.1:9110"]);
    assert_eq!((shown.exit, shown.stderr.as_str()), (0, ""));
    let page = agent.page("/status", &[]);
    // Times and durations pass between the two.
    let names = |page: &str| -> Vec<String> {
        let words = page
            .lines()
            .filter_map(|line| line.split_whitespace().next());
        words.map(str::to_owned).collect()
    };
    assert_eq!(names(&shown.stdout), names(&page));
    let json = status(&WELL, &["http://127.0.0.1:9110/status", "--format", "json"]);
    assert_eq!(json.report().summary, agent.report().summary);
}

#[test]
fn status_shows_one_target_and_helps_to_find_it() {
    let _agent = running(&WELL, 9111);
    let of = |arguments: &[&str]| {
        status(
            &WELL,
            &[&["localhost:9111", "--target"], arguments].concat(),
        )
    };
    let page = of(&["one.example:443"]);
    assert!(
        page.stdout
            .starts_with("REACHABLE  one.example:443  https\n"),
        "{}",
        page.stdout
    );
    let nameserver = format!("{}:53", WELL.nameserver());
    let several = of(&[&nameserver]);
    let which = format!(
        "{nameserver} has several probes: choose one with --probe dns-udp or --probe dns-tcp\n"
    );
    assert_eq!(
        (several.exit, several.stderr),
        (2, format!("egress-probe: {which}"))
    );
    let one = of(&[&nameserver, "--probe", "dns-tcp", "--format", "json"]);
    assert!(
        one.stdout.contains("\"probe\": \"dns-tcp\""),
        "{}",
        one.stdout
    );
    let misspelt = of(&["one.exmaple:443"]);
    assert_eq!(misspelt.exit, 2);
    assert!(
        misspelt.stderr.contains("did you mean `one.example:443`?"),
        "{}",
        misspelt.stderr
    );
}

#[test]
fn status_of_nobody_says_what_to_do() {
    for (arguments, sentence) in [
        (
            &["127.0.0.1:9199"][..],
            "nobody listens at 127.0.0.1:9199; is the agent running? `egress-probe run` starts one",
        ),
        (
            &["nowhere.example"],
            "the node's nameservers do not know where nowhere.example is: name_not_found",
        ),
        (&["one.example:443"], "the answer is"),
        (
            &["192.0.2.1", "--timeout", "300ms"],
            "no answer within 300ms; `--timeout 30s` waits longer",
        ),
        (
            &["https://one.example"],
            "TLS with one.example fails: invalid peer certificate: UnknownIssuer; `--ca-file FILE` names who vouches",
        ),
    ] {
        let none = status(&WELL, arguments);
        assert_eq!((none.exit, none.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(
            none.stderr.contains(sentence),
            "{arguments:?}: {}",
            none.stderr
        );
    }
}

#[test]
fn watch_into_a_pipe_is_plain_and_goes_on_when_the_agent_comes_back() {
    let lab = lab();
    let first = running(&lab, 9100);
    let mut command = agent_in(&lab);
    command
        .env("TERM", "xterm-256color")
        .args(["status", "--watch"]);
    let mut pages = Stream::of(command);
    pages.up_to("OK  all 6 required reachable");
    assert_eq!(first.terminate().0.code(), Some(0));
    lab.block("two.example", Fault::TlsReset)
        .expect("a fault is laid");
    let _second = running(&lab, 9100);
    let text = pages.up_to("FAILING  1 of 6 required unreachable");
    assert!(!text.contains(['\x1b', '\r', '\x0c']), "{text:?}");
}

#[test]
fn watch_on_a_terminal_shows_the_latest_page_only() {
    let lab = lab();
    let _agent = running(&lab, 9100);
    let tmux = Tmux::start(&lab, "watch");
    tmux.enter(&format!("clear; {} status --watch", agent().display()));
    let shows = |begin: &str| {
        until(begin, || {
            let screen = tmux.screen();
            if screen.starts_with(begin) {
                Ok(screen)
            } else {
                Err(screen)
            }
        })
    };
    let screen = shows("OK  all 6 required reachable");
    assert!(screen.trim_end().ends_with("Ctrl-C ends"), "{screen}");
    lab.block("one.example", Fault::TlsReset)
        .expect("a fault is laid");
    let screen = shows("changed    one.example:443 https: reachable -> unreachable");
    assert_eq!(screen.matches("required reachable").count(), 0, "{screen}");
    let painted = tmux.painted();
    assert!(
        painted.contains("\x1b[31mFAILING") || painted.contains("\x1b[1m\x1b[31mFAILING"),
        "{painted:?}"
    );
    tmux.interrupt();
    tmux.enter(&format!(
        "clear; NO_COLOR=1 {} status --watch",
        agent().display()
    ));
    shows("FAILING  1 of 6 required unreachable");
    assert!(!tmux.painted().contains('\x1b'), "{:?}", tmux.painted());
}

/// `check` with the lab's trust, for a shell.
fn check_line(lab: &Lab, more: &str) -> String {
    let trust = trusting(lab)
        .map(|word| word.to_str().expect("plain letters"))
        .join(" ");
    let (program, catalog) = (agent().display(), catalog(lab));
    format!("{program} check --metadata off {trust} --no-builtin --catalog {catalog} {more}")
}

#[test]
fn check_on_a_terminal_lists_what_it_finds_and_settles_into_the_report() {
    let lab = lab();
    lab.block("one.example", Fault::TlsReset)
        .expect("a fault is laid");
    lab.block("two.example", Fault::Drop)
        .expect("a fault is laid");
    let tmux = Tmux::start(&lab, "check");
    tmux.enter(&format!(
        "clear; {}",
        check_line(&lab, "--timeout 3s; echo exit $?")
    ));
    let live = until("a live list", || {
        let screen = tmux.painted();
        let waits = screen.contains("waiting for two.example:443 https");
        let found = screen.contains("one.example:443 https  tls connection_reset");
        if waits && found {
            Ok(screen)
        } else {
            Err(screen)
        }
    });
    assert!(live.contains("5 of 6 targets"), "{live}");
    assert!(
        live.contains("\x1b[31mx") || live.contains("\x1b[1m\x1b[31mx"),
        "{live:?}"
    );
    let report = until("the report", || {
        let screen = tmux.scrollback();
        if screen.contains("\nexit 1") {
            Ok(screen)
        } else {
            Err(screen)
        }
    });
    assert!(
        !report.contains("waiting for") && !report.contains("of 6 targets"),
        "{report}"
    );
    let (_, end) = report
        .split_once("ENVIRONMENT")
        .expect("the end of the report");
    assert!(
        end.contains("\n\nFAILING  2 of 6 required unreachable"),
        "the verdict is in sight: {report}"
    );
}

#[test]
fn check_without_colours_and_quiet_shows_only_what_is_wrong() {
    let lab = lab();
    lab.block("one.example", Fault::TlsReset)
        .expect("a fault is laid");
    let tmux = Tmux::start(&lab, "quiet");
    tmux.enter(&format!(
        "clear; NO_COLOR=1 {}",
        check_line(&lab, "--timeout 1s --quiet; echo exit $?")
    ));
    let quiet = until("the quiet report", || {
        let screen = tmux.painted();
        if screen.contains("\nexit 1") {
            Ok(screen)
        } else {
            Err(screen)
        }
    });
    assert!(
        !quiet.contains('\x1b') && !quiet.contains("ENVIRONMENT"),
        "{quiet:?}"
    );
}

#[test]
fn check_says_less_or_more_when_it_is_asked_to() {
    let catalog = catalog(&WELL);
    let with = |more: &[&str]| {
        let usual = ["--no-builtin", "--catalog", &catalog];
        check(&WELL, &[&usual[..], more].concat())
    };
    let (quiet, usual, verbose) = (with(&["--quiet"]), with(&[]), with(&["--verbose"]));
    assert_eq!((quiet.exit, usual.exit, verbose.exit), (0, 0, 0));
    assert!(
        quiet.stdout.starts_with("OK  all 6") && !quiet.stdout.contains("one.example"),
        "{}",
        quiet.stdout
    );
    assert!(
        usual.stdout.contains("one.example:443") && !usual.stdout.contains("phases: "),
        "{}",
        usual.stdout
    );
    let phases = verbose
        .stdout
        .lines()
        .filter(|line| line.contains("phases: resolve "));
    assert_eq!(
        phases
            .filter(|line| line.contains(", tls ") && line.contains(", request "))
            .count(),
        2,
        "{}",
        verbose.stdout
    );
    let longest = verbose
        .stdout
        .lines()
        .map(|line| line.chars().count())
        .max();
    assert!(longest <= Some(100), "{}", verbose.stdout);
    assert_eq!(with(&["--quiet", "--verbose"]).exit, 2);
}

#[test]
fn check_names_what_was_most_likely_meant() {
    let catalog = catalog(&WELL);
    for (given, meant) in [
        ("one.exampel:443", "one.example:443"),
        ("tow.example:443", "two.example:443"),
    ] {
        let none = check(
            &WELL,
            &["--no-builtin", "--catalog", &catalog, "--target", given],
        );
        let sentence = format!("for `{given}`, did you mean `{meant}`? ");
        assert_eq!(none.exit, 2);
        assert!(none.stderr.contains(&sentence), "{}", none.stderr);
    }
}

#[test]
fn watch_ends_when_nobody_reads_any_more() {
    let lab = lab();
    let _agent = running(&lab, 9100);
    let mut command = agent_in(&lab);
    command.args(["status", "--watch"]).stdout(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    out.read_line(&mut line).expect("a line");
    drop(out);
    lab.block("one.example", Fault::TlsReset)
        .expect("a fault is laid");
    let ended = until("its end", || {
        child.try_wait().expect("a child of ours").ok_or(())
    });
    assert_eq!(ended.code(), Some(0));
}

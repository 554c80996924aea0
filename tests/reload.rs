//! A running agent follows its configuration: all of it or nothing, and what stays keeps its history.

mod support;
#[path = "support/volume.rs"]
mod volume;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use egress_lab::{HostSpec, Lab, LabSpec};
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use support::clients::promtool;
use support::running::Running;
use support::samples::{gauge, sample};
use support::wait::until;
use volume::Volume;

/// Every agent has a port of its own.
static LAB: LazyLock<Lab> = LazyLock::new(|| {
    let hosts = ["stays.example", "goes.example", "comes.example"];
    let hosts = hosts.map(|host| HostSpec::new(host).https());
    Lab::start(&LabSpec::of(hosts)).expect("the lab starts")
});

const STAYS: &str = "stays.example:443";
const GOES: &str = "goes.example:443";
const COMES: &str = "comes.example:443";

/// A catalogue of these hosts.
fn rows(hosts: &[&str]) -> String {
    let row = |host: &&str| {
        let name = host.split('.').next().expect("a label");
        format!("  - {{name: {name}, hosts: [\"{host}\"], protocols: {{https: {{port: 443}}}}}}\n")
    };
    format!(
        "entries:\n{}",
        hosts.iter().map(row).collect::<Vec<_>>().concat()
    )
}

fn before() -> String {
    rows(&["stays.example", "goes.example"])
}

fn after() -> String {
    rows(&["stays.example", "comes.example"])
}

/// What every configuration here begins with.
const CONFIG: &str = "builtin: false\ncatalogs: rows.yaml\nmetadata: off\n";

/// A folder with a configuration and its catalogue, and an agent that was started with it.
struct Bench {
    folder: PathBuf,
    running: Running<'static>,
}

impl Bench {
    fn start(port: u16, more: &str) -> Self {
        let folder = LAB.folder().join(format!("config-{port}"));
        fs::create_dir(&folder).expect("a new folder");
        fs::write(folder.join("rows.yaml"), before()).expect("a new file");
        let config = folder.join("config.yaml");
        fs::write(&config, format!("{CONFIG}{more}")).expect("a new file");
        let running = start(port, &config);
        Self { folder, running }
    }

    /// Replaces a file as editors do.
    fn write(&self, name: &str, text: &str) {
        let next = self.folder.join("next");
        fs::write(&next, text).expect("a new file");
        fs::rename(next, self.folder.join(name)).expect("in the same folder");
    }

    fn configure(&self, more: &str) {
        self.write("config.yaml", &format!("{CONFIG}{more}"));
    }
}

fn start(port: u16, config: &Path) -> Running<'static> {
    let config = config.to_str().expect("a path of plain letters");
    Running::start(&LAB, port, &["--config", config, "--interval", "1s"], &[])
}

fn is_successful(metrics: &str) -> bool {
    gauge(metrics, "egress_config_last_reload_successful") > 0.5
}

fn loaded_at(metrics: &str) -> f64 {
    gauge(
        metrics,
        "egress_config_last_reload_success_timestamp_seconds",
    )
}

fn await_metrics(running: &Running<'_>, what: &str, wanted: impl Fn(&str) -> bool) -> String {
    until(what, || {
        let metrics = running.metrics();
        if wanted(&metrics) {
            Ok(metrics)
        } else {
            Err(running.log())
        }
    })
}

fn attempts(metrics: &str, target: &str) -> Option<f64> {
    let labels = [("target", target), ("probe", "https")];
    sample(metrics, "egress_probe_attempts_total", &labels)
}

#[test]
fn a_config_map_that_is_swapped_takes_effect_and_what_stays_keeps_its_history() {
    let rows_before = before();
    let files = [("config.yaml", CONFIG), ("rows.yaml", &rows_before)];
    let volume = Volume::new(LAB.folder().join("volume"), &files);
    let running = start(9100, &volume.path("config.yaml"));
    running.await_verdict(GOES, "https", "reachable");
    let old = await_metrics(&running, "some attempts", |metrics| {
        attempts(metrics, STAYS) >= Some(3.0)
    });
    let sha256 = |metrics: &str| {
        let line = metrics
            .lines()
            .find(|line| line.starts_with("egress_catalog_info{"));
        line.expect("a catalogue").to_owned()
    };

    volume.swap(&[("config.yaml", CONFIG), ("rows.yaml", &after())]);
    running.await_verdict(COMES, "https", "reachable");
    let new = running.metrics();
    assert!(attempts(&new, STAYS) >= attempts(&old, STAYS), "{new}");
    assert!(!new.contains("goes.example"), "no series is left: {new}");
    assert_ne!(sha256(&new), sha256(&old));
    assert!(is_successful(&new) && loaded_at(&new) > loaded_at(&old));
    assert_eq!(promtool(&new), "");
    let report = running.report();
    assert!(report.find(GOES, "https").is_none());
    assert!(report.target(STAYS, "https").history.len() > 3);
    let log = running.log();
    assert!(log.contains("trigger=a file changed targets="), "{log}");
    assert!(log.contains("added=2 removed=2"), "{log}");
    assert_eq!(
        log.matches("the configuration was reloaded").count(),
        1,
        "{log}"
    );
}

#[test]
fn a_bad_file_is_refused_everywhere_once_and_until_it_is_repaired() {
    let bench = Bench::start(9101, "");
    let running = &bench.running;
    let started = loaded_at(&running.metrics());
    bench.configure("probe: {timeout: often}\nclowd: public\n");
    let refused = await_metrics(running, "the refusal", |metrics| !is_successful(metrics));
    assert!((loaded_at(&refused) - started).abs() < 1e-6, "{refused}");
    assert_eq!(promtool(&refused), "");
    let mistakes = [
        "config.yaml:4: probe.timeout: `often`",
        "config.yaml:5: clowd:",
    ];
    let [notice] = &running.report().notices[..] else {
        panic!("one notice: {:?}", running.report().notices);
    };
    let text = running.page("/status", &[]);
    assert!(text.contains("NOTICE"), "{text}");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let html = running.page("/status", &["Accept: text/html"]);
    for mistake in mistakes {
        for place in [notice, &text, &html, &running.log()] {
            assert!(place.contains(mistake), "{mistake} in {place}");
        }
    }
    assert!(notice.contains(" is refused since 20"), "{notice}");
    running.await_verdict(GOES, "https", "reachable");

    let (since, _) = notice.split_once(", and").expect("since when");
    bench.configure("edition: someday\n");
    running.signal(Signal::SIGHUP);
    let other = until("the other mistake", || {
        let notices = running.report().notices;
        let other = notices.iter().find(|one| one.contains("edition")).cloned();
        other.ok_or(notices)
    });
    assert!(other.starts_with(since), "{other}, but: {since}");

    bench.configure("");
    let repaired = await_metrics(running, "the repair", is_successful);
    assert!(loaded_at(&repaired) > started);
    assert_eq!(running.report().notices, Vec::<String>::new());
    let log = running.log();
    let said = log.matches("is refused; the one of before stays in use");
    assert_eq!(said.count(), 2, "once for each of the bad files: {log}");
}

#[test]
fn a_hangup_reloads_and_what_can_take_effect_does() {
    let bench = Bench::start(9102, "");
    let running = &bench.running;
    assert!(!running.log().contains(" DEBUG "));
    bench.configure(
        "log_level: debug\nlog_format: json\nprobe: {timeout: 100ms}\nweb: {listen: \":1\"}\n",
    );
    running.signal(Signal::SIGHUP);
    until("a reload", || {
        let log = running.log();
        log.contains("trigger=SIGHUP").then_some(()).ok_or(log)
    });
    let notices = running.report().notices;
    let waits = "`log_format: json` waits for a restart of the agent; text is in use";
    assert_eq!(notices, [waits], "a flag wins over `web.listen`");
    assert!(running.log().contains(waits));
    bench.write("rows.yaml", &after());
    running.signal(Signal::SIGHUP);
    running.await_verdict(COMES, "https", "reachable");
    let log = running.log();
    assert!(log.contains(" DEBUG "), "the first success: {log}");
    bench.configure("");
    running.signal(Signal::SIGHUP);
    until("the end of the notice", || {
        let notices = running.report().notices;
        notices.is_empty().then_some(()).ok_or(notices)
    });
}

#[test]
fn a_post_reloads_where_that_is_allowed_and_says_what_became_of_it() {
    let bench = Bench::start(9103, "");
    let running = &bench.running;
    let reload = || running.post("/-/reload");
    let (status, text) = reload();
    assert_eq!(status, 403, "{text}");
    bench.configure("web: {reload: true}\n");
    running.signal(Signal::SIGHUP);
    let (_, text) = until("the permission", || match reload() {
        (403, text) => Err(text),
        answer => Ok(answer),
    });
    assert_eq!(text, "The configuration was reloaded.\n");

    bench.write("rows.yaml", &after());
    assert_eq!(reload().0, 200);
    running.await_verdict(COMES, "https", "reachable");
    assert!(running.report().find(GOES, "https").is_none());

    bench.write("rows.yaml", "entries:\n  - {name: half");
    let (status, text) = reload();
    assert_eq!(status, 422, "{text}");
    assert!(text.contains("rows.yaml:2: "), "{text}");
    running.await_verdict(COMES, "https", "reachable");
    assert_eq!(running.get("/-/reload", &[]).0, 405);

    bench.write("rows.yaml", &after());
    bench.configure("");
    assert_eq!(reload().0, 200);
    assert_eq!(reload().0, 403, "it was the last one");
}

type Place = fn(&Path);

/// Things that are no configuration, and what is said of each.
const PLACES: [(Place, &str); 4] = [
    (|_| {}, "cannot be read: No such file"),
    (
        |path| mkfifo(path, Mode::S_IRWXU).expect("a pipe"),
        "is not a regular file",
    ),
    (
        |path| fs::create_dir(path).expect("a folder"),
        "is not a regular file",
    ),
    (
        |path| {
            let file = fs::File::create(path).expect("a file");
            file.set_len(1 << 40).expect("it takes no room");
        },
        "is larger than 1024 KiB",
    ),
];

#[test]
fn whatever_takes_the_place_of_a_file_is_no_configuration() {
    let bench = Bench::start(9104, "web: {reload: true}\n");
    let running = &bench.running;
    for name in ["config.yaml", "rows.yaml"] {
        let path = bench.folder.join(name);
        let good = fs::read_to_string(&path).expect("it was written");
        for (place, expected) in PLACES {
            fs::remove_file(&path).expect("it was there");
            place(&path);
            let (status, text) = running.post("/-/reload");
            let said = format!("{name}: {expected}");
            assert!(status == 422 && text.contains(&said), "{said}: {text}");
            assert!(!is_successful(&running.metrics()), "{said}");
            if path.is_dir() {
                fs::remove_dir(&path).expect("it is empty");
            }
            bench.write(name, &good);
            assert_eq!(running.post("/-/reload").0, 200, "{said}");
        }
    }
    assert!(is_successful(&running.metrics()));
    assert_eq!(running.get("/healthz", &[]).0, 200);
    running.await_verdict(GOES, "https", "reachable");
}

#[test]
fn authorities_are_exchanged_without_a_word_in_the_configuration() {
    let folder = LAB.folder().join("authorities");
    fs::create_dir(&folder).expect("a new folder");
    let rows = "entries:
  - {name: own, hosts: [\"stays.example\"], protocols: {https: {port: 443}}, ca_files: own.pem}
  - {name: cluster, hosts: [\"goes.example\"], protocols: {https: {port: 443}}, trust: cluster}
";
    let config = format!("{CONFIG}tls: {{cluster_ca_file: cluster.pem}}\n");
    for (name, text) in [("config.yaml", config.as_str()), ("rows.yaml", rows)] {
        fs::write(folder.join(name), text).expect("a new file");
    }
    let exchange = |name: &str, authority: &Path| {
        fs::copy(authority, folder.join("next")).expect("a copy");
        fs::rename(folder.join("next"), folder.join(name)).expect("in the same folder");
    };
    for name in ["own.pem", "cluster.pem"] {
        exchange(name, &LAB.inspection_ca_file());
    }
    let running = start(9105, &folder.join("config.yaml"));
    let await_voucher = |target: &str, expected: &str| {
        until(&format!("{expected} for {target}"), || {
            let report = running.report();
            let seen = &report.target(target, "https").facts["certificate"]["vouched_by"];
            (seen == expected).then_some(()).ok_or(seen.clone())
        });
    };
    for target in [STAYS, GOES] {
        await_voucher(target, "given_ca");
    }
    exchange("own.pem", LAB.ca_file());
    await_voucher(STAYS, "expected_ca");
    await_voucher(GOES, "given_ca");
    exchange("cluster.pem", LAB.ca_file());
    await_voucher(GOES, "expected_ca");
}

fn assert_holds_no_more(before: &str, after: &str) {
    for (name, more) in [
        ("process_open_fds", 5.0),
        ("process_resident_memory_bytes", 16e6),
    ] {
        let [before, after] = [before, after].map(|metrics| gauge(metrics, name));
        assert!(after <= before + more, "{name}: {after} after {before}");
    }
}

#[test]
fn a_hundred_reloads_in_a_row_disturb_neither_scrapes_nor_what_stays() {
    let bench = Bench::start(9106, "web: {reload: true}\n");
    let running = &bench.running;
    running.await_verdict(STAYS, "https", "reachable");
    let before_all = running.metrics();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let scraping = scope.spawn(|| {
            let mut seen = 0.0;
            while !done.load(Ordering::Relaxed) {
                let metrics = running.metrics();
                let now = attempts(&metrics, STAYS).expect("it stays");
                assert!(now >= seen, "{now} after {seen}");
                seen = now;
                assert!(gauge(&metrics, "egress_scheduler_lag_seconds") < 5.0);
            }
        });
        let hangups = scope.spawn(|| {
            for _ in 0..100 {
                running.signal(Signal::SIGHUP);
            }
        });
        let posts: Vec<_> = (0..5)
            .map(|_| {
                scope.spawn(|| {
                    let status = (0..20).map(|_| running.post("/-/reload").0);
                    status.collect::<Vec<_>>()
                })
            })
            .collect();
        for post in posts {
            assert_eq!(post.join().expect("no panic"), [200; 20]);
        }
        hangups.join().expect("no panic");
        done.store(true, Ordering::Relaxed);
        scraping.join().expect("no panic");
    });
    bench.write("rows.yaml", &after());
    assert_eq!(running.post("/-/reload").0, 200);
    running.await_verdict(COMES, "https", "reachable");
    let after_all = running.metrics();
    assert_holds_no_more(&before_all, &after_all);
    let log = running.log();
    let reloads = log.matches("the configuration was reloaded").count();
    assert!(
        (20..=200).contains(&reloads),
        "requests are answered together: {reloads}"
    );
    assert!(!log.contains("WARN") && !log.contains("ERROR"), "{log}");
}

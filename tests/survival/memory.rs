//! The memory that the `DaemonSet` allows, with many targets and many who ask at once.

use std::fmt::Write as _;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddrV4, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;

use crate::support::cgroup::Cgroup;
use crate::support::report::Report;
use crate::support::running::{PORT, Running};
use crate::support::wait::until;
use crate::support::{file, trusting};
use crate::survivor::{Held, LAB, MANY, attempts_in, bare, own_node};

/// As in `manifests/base/daemonset.yaml`.
pub(crate) const LIMIT: u64 = 64 << 20;

/// With the host's name and the nameserver over both transports.
const TARGETS: usize = 3 * MANY as usize + 3;

/// At any time so many pages are asked for.
const CALLERS: usize = 4;
const PATHS: [&str; 3] = ["/metrics", "/status", "/api/v1/status"];

fn rows() -> String {
    let mut text = "entries:\n".to_owned();
    for (protocol, first) in [("https", 10_000), ("http", 20_000), ("tcp", 30_000)] {
        let ports: Vec<_> = (first..first + MANY).map(|port| port.to_string()).collect();
        let ports = ports.join(", ");
        writeln!(text, "  - {{name: {protocol}, hosts: [\"many.example\"], protocols: {{{protocol}: {{port: [{ports}]}}}}}}")
            .expect("a String takes text");
    }
    text
}

/// A connection that is closed before the request has been written or the answer read.
const REFUSALS: [ErrorKind; 2] = [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe];

/// Asks for one page after the other until it is done. Who asks so much is refused at times.
fn call(address: SocketAddrV4, done: &AtomicBool, pages: &AtomicUsize) {
    for path in PATHS.iter().cycle() {
        if done.load(Ordering::Relaxed) {
            break;
        }
        match ask(address, path) {
            Ok(page) if page.starts_with(b"HTTP/1.1 200") => {
                pages.fetch_add(1, Ordering::Relaxed);
            }
            Ok(page) if page.starts_with(b"HTTP/1.1 503") => {}
            Err(error) if REFUSALS.contains(&error.kind()) => {}
            other => panic!("{path}: {other:?}"),
        }
    }
}

fn ask(address: SocketAddrV4, path: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: agent\r\n\r\n")?;
    let mut page = Vec::new();
    stream.read_to_end(&mut page)?;
    Ok(page)
}

fn caller(
    address: SocketAddrV4,
    done: Arc<AtomicBool>,
    pages: Arc<AtomicUsize>,
) -> JoinHandle<anyhow::Result<()>> {
    let caller = LAB.firewall().thread(move || {
        call(address, &done, &pages);
        Ok(())
    });
    caller.expect("a thread")
}

#[test]
#[expect(clippy::print_stderr, reason = "shown with --nocapture, never judged")]
fn five_hundred_targets_under_scrapes_fit_into_the_limit_of_the_daemonset() {
    let (node, address) = own_node();
    let listen = SocketAddrV4::new(address, PORT);
    let cgroup = Cgroup::new("many", LIMIT);
    let mut command = bare(node, listen);
    command.args(["--interval", "10s"]).args(trusting(&LAB));
    command
        .arg("--catalog")
        .arg(file(&LAB, "many.yaml", &rows()));
    let agent = Running::of(&LAB, LAB.firewall(), listen, cgroup.around(&command));
    assert_eq!(agent.report().summary.targets, TARGETS);

    let (done, pages) = <(Arc<AtomicBool>, Arc<AtomicUsize>)>::default();
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| caller(listen, Arc::clone(&done), Arc::clone(&pages)))
        .collect();
    until("two attempts at each target", || {
        let (status, metrics) = agent.get("/metrics", &[]);
        if status != 200 {
            return Err(f64::from(status));
        }
        let all = attempts_in(&metrics);
        (all >= 2.0 * f64::from(u32::try_from(TARGETS).expect("few")))
            .then_some(())
            .ok_or(all)
    });
    let (held, before) = (Held::by(agent.pid()), pages.load(Ordering::Relaxed));
    until("fifty pages more", || {
        let asked = pages.load(Ordering::Relaxed);
        (asked >= before + 50).then_some(()).ok_or(asked)
    });
    done.store(true, Ordering::Relaxed);
    for caller in callers {
        caller
            .join()
            .expect("no panic")
            .expect("every page is answered");
    }
    let report = until("a report", || {
        let (status, body) = agent.get("/api/v1/status", &[]);
        (status == 200).then(|| Report::read(&body)).ok_or(status)
    });
    assert_eq!(report.summary.reachable, TARGETS, "{:?}", report.troubled());
    until("no more than it held before", || {
        let now = Held::by(agent.pid());
        now.is_about(held).then_some(()).ok_or((now, held))
    });
    eprintln!(
        "{TARGETS} targets, {} pages: {held:?}",
        pages.load(Ordering::Relaxed)
    );
    assert_eq!(cgroup.killed(), 0);
}

//! The node's own trouble, which is never the network's.

use std::any::Any;
use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;

use egress_lab::{Lab, LabSpec, Service};

use crate::paths::quick;
use crate::row::{Row, https};
use crate::scene::{Held, Prepare, Run, Scene, World};
use crate::support::agent;
use crate::support::report::Report;

/// Few: the agent needs a dozen before it opens its first socket.
const FILES: &str = "32";

/// More targets than files.
const PORTS: std::ops::Range<u16> = 4001..4065;

/// The only local ports that the node has left.
const LOCAL_PORTS: std::ops::Range<u16> = 50_000..50_008;

pub(crate) fn scenes() -> Vec<Scene> {
    vec![
        scene(descriptors(), limited, None),
        scene(ports(), unlimited, Some(exhaust_ports)),
        scene(route(), unlimited, Some(remove_default_route)),
    ]
}

fn scene(row: Row, command: fn(&Lab, World) -> Command, prepare: Option<Prepare>) -> Scene {
    let run = Run {
        command,
        ..Run::new("plain", quick)
    };
    Scene {
        spec: LabSpec::default(),
        rows: vec![row],
        runs: vec![run],
        prepare,
    }
}

fn descriptors() -> Row {
    let mut row = https("own-descriptors").host(|host| {
        PORTS.fold(host, |host, port| {
            let alpn = Vec::new();
            host.with(Service::Https { port, alpn })
        })
    });
    let ports: Vec<_> = PORTS.map(|port| port.to_string()).collect();
    row.protocols = format!("https: {{port: [{}]}}", ports.join(", "));
    row.expected.clear();
    row.overall = Some(only_local_resource);
    row.taken_away().proof(
        1,
        "Too many open files",
        "prlimit --nofile=$FILES:$FILES bash -c 'for n in {1..40}; do exec {fd}<>/dev/tcp/$HOST/443 || exit 1; done'",
    )
}

/// Which of the targets get a descriptor is chance; that none is called unreachable is not, nor the exit code.
fn only_local_resource(exit: i32, report: &Report) -> Vec<String> {
    const COULD_NOT_TEST: i32 = 2;
    let mut wrong = report.troubled();
    let all = wrong.len();
    wrong.retain(|line| !(line.contains(" unproven ") && line.ends_with(" local_resource")));
    if all == 0 {
        wrong.push("nothing lacks a descriptor".to_owned());
    }
    if exit != COULD_NOT_TEST {
        wrong.push(format!("the exit code is {exit}"));
    }
    wrong
}

fn ports() -> Row {
    https("own-ports")
        .taken_away()
        .proof(
            1,
            "Cannot assign requested address",
            "exec 3<>/dev/tcp/$HOST/443",
        )
        .says("unproven connect local_resource")
        .cause("local_resource certain")
}

fn route() -> Row {
    https("no-default-route")
        .taken_away()
        .proof(2, "Network is unreachable", "ip route get $ADDRESS")
        .says("unreachable resolve unreachable")
        .cause("route_missing certain")
        .fact("/no_local_route", true)
}

fn limited(lab: &Lab, world: World) -> Command {
    let mut command = lab.node().command("prlimit");
    let files = files(world);
    command.arg(format!("--nofile={files}:{files}"));
    command.arg(agent());
    command
}

/// How many files a program may have open.
pub(crate) fn files(world: World) -> &'static str {
    match world {
        World::AsDescribed => FILES,
        World::Otherwise => "1024",
    }
}

fn unlimited(lab: &Lab, _: World) -> Command {
    crate::support::agent_in(lab)
}

/// Narrows the range, and holds every port of it.
fn exhaust_ports(lab: &Lab) -> Held {
    let hold = || {
        let range = format!("{} {}", LOCAL_PORTS.start, LOCAL_PORTS.end - 1);
        std::fs::write("/proc/sys/net/ipv4/ip_local_port_range", range)?;
        let listen = |port| TcpListener::bind((Ipv4Addr::UNSPECIFIED, port));
        let held: Result<Vec<_>, _> = LOCAL_PORTS.map(listen).collect();
        Ok(Box::new(held?) as Box<dyn Any + Send>)
    };
    lab.node().enter(hold).expect("ports to hold")
}

fn remove_default_route(lab: &Lab) -> Held {
    for family in ["-4", "-6"] {
        let mut ip = lab.node().command("ip");
        let status = ip.args([family, "route", "del", "default"]).status();
        assert!(status.expect("ip starts").success());
    }
    Box::new(())
}

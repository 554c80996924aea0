//! Labs come quickly, live side by side, and go completely.

mod support;

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use egress_lab::{Fault, HostSpec, Lab, LabSpec, remove_leftovers};
use tokio::time::Instant;

use support::{fetch, run};

fn names() -> String {
    let mut ip = Command::new("ip");
    ip.args(["netns", "list"]);
    support::stdout(ip)
}

#[test]
fn ninety_hosts_are_up_within_three_seconds_and_gone_within_three() {
    let host = |n| {
        HostSpec::new(format!("host-{n}.example"))
            .https()
            .http()
            .ssh()
            .ntp()
    };
    let spec = LabSpec::of((0..90).map(host));
    let begin = Instant::now();
    let lab = Lab::start(&spec).unwrap();
    let up = begin.elapsed();
    let fetched = fetch(&lab, "https://host-89.example/", &[]);
    assert_eq!((fetched.exit, fetched.status.as_str()), (0, "200"));
    let (namespace, folder) = (lab.node().name().to_owned(), lab.folder().to_owned());
    let begin = Instant::now();
    drop(lab);
    let down = begin.elapsed();
    assert!(
        up.as_secs_f64() < 3.0 && down.as_secs_f64() < 3.0,
        "{up:?} up, {down:?} down"
    );
    assert!(!names().contains(&namespace));
    assert!(!folder.exists());
    assert!(!Path::new("/etc/netns").join(namespace).exists());
}

#[test]
fn labs_side_by_side_do_not_see_each_other() {
    let spec = LabSpec::of([HostSpec::new("a.example").https()]);
    let (one, other) = (Lab::start(&spec).unwrap(), Lab::start(&spec).unwrap());
    one.block("a.example", Fault::Refused).unwrap();
    assert_eq!(fetch(&one, "https://a.example/", &[]).exit, 7);
    assert_eq!(fetch(&other, "https://a.example/", &[]).exit, 0);
    drop(one);
    assert_eq!(fetch(&other, "https://a.example/", &[]).exit, 0);
}

#[test]
fn what_a_dead_lab_has_left_behind_is_removed_with_its_processes() {
    // No process can have this id.
    let id = "99999999-7";
    let (folder, namespace) = (format!("/tmp/egress-lab-{id}"), format!("egl-{id}-node"));
    let mut ip = Command::new("ip");
    ip.args(["netns", "add", &namespace]);
    assert!(run(ip).status.success());
    let mut sleep = Command::new("ip");
    sleep.args(["netns", "exec", &namespace, "sleep", "600"]);
    let mut sleep = sleep.spawn().unwrap();
    fs::create_dir(&folder).unwrap();
    File::create(format!("{folder}/lock")).unwrap();

    // A lab that another test starts may do it first.
    remove_leftovers().unwrap();
    assert!(!sleep.wait().unwrap().success());
    assert!(!names().contains(&namespace));
    assert!(!Path::new(&folder).exists());
}

#[test]
fn ipv6_can_be_left_out() {
    let spec = LabSpec {
        ipv6: false,
        ..LabSpec::of([HostSpec::new("a.example").https()])
    };
    let lab = Lab::start(&spec).unwrap();
    let mut ip = lab.node().command("ip");
    ip.args(["-6", "route", "show", "default"]);
    assert_eq!(support::stdout(ip), "");
    assert_eq!(fetch(&lab, "https://a.example/", &[]).exit, 0);
}

use super::*;
use crate::directory::{Directory, ODDITIES};
use crate::fault::{Fault, Scope};
use crate::servers::small::Behaviour;
use crate::spec::{HostSpec, LabSpec};

fn directory() -> Directory {
    Directory::new(&LabSpec::of([HostSpec::new("a.example").https().ssh()])).unwrap()
}

fn rules_of(render: impl Fn(&[Laid<'_>]) -> String, scope: Scope, fault: Fault) -> String {
    let directory = directory();
    let host = "a.example".to_owned();
    let standing = Standing { host, scope, fault };
    let target = directory.target("a.example").unwrap();
    let standing = &standing;
    render(&[Laid { standing, target }])
}

#[test]
fn a_scope_of_one_transport_leaves_the_other_alone() {
    let render = |laid: &[Laid<'_>]| firewall(laid).unwrap();
    let udp = rules_of(render, Scope::Udp(53), Fault::Drop);
    assert!(
        udp.contains("iifname \"inside*\" ip daddr 203.0.113.1 udp dport 53 drop"),
        "{udp}"
    );
    assert!(!udp.contains("tcp dport"), "{udp}");
    let both = rules_of(render, Scope::Port(53), Fault::Reject);
    assert!(
        both.contains("tcp dport 53 reject with tcp reset"),
        "{both}"
    );
    assert!(
        both.contains("udp dport 53 reject with icmpx type port-unreachable"),
        "{both}"
    );
}

#[test]
fn wrong_protocols_are_chosen_by_port() {
    let render = |laid: &[Laid<'_>]| internet(&directory(), laid).unwrap();
    let rules = rules_of(render, Scope::Port(443), Fault::WrongProtocol);
    let banner = format!(
        "tcp dport 443 dnat ip to {ODDITIES}:{}",
        Behaviour::SshBanner.port()
    );
    assert!(rules.contains(&banner), "{rules}");
    assert!(!rules.contains("tcp dport 22 dnat"), "{rules}");
}

#[test]
fn inspection_looks_for_the_name_towards_its_own_address_only() {
    let render = |laid: &[Laid<'_>]| inspection(laid, false).unwrap();
    let rules = rules_of(render, Scope::Everything, Fault::TlsReset);
    let rule =
        "-A FORWARD -d 203.0.113.1 -p tcp --dport 443 -m string --algo bm --string a.example";
    assert!(rules.contains(rule), "{rules}");
}

#[test]
fn what_answers_on_the_way_back_is_lost_too() {
    let render = |laid: &[Laid<'_>]| firewall(laid).unwrap();
    let rules = rules_of(render, Scope::Tcp(443), Fault::Loss);
    for rule in [
        "iifname \"inside*\" ip daddr 203.0.113.1 tcp dport 443 numgen random mod 100 < 30 drop",
        "oifname \"inside*\" ip saddr 203.0.113.1 tcp sport 443 numgen random mod 100 < 30 drop",
    ] {
        assert!(rules.contains(rule), "{rules}");
    }
}

//! What happens to a network, and who is told what.

use egress_lab::{Fault, Lab, Namespace};

use crate::pipeline::{Pipeline, Stopwatch, lab};
use crate::support::file;
use crate::support::running::PORT;

const DENIED: &str = "mcr.microsoft.com";

#[test]
fn a_name_that_the_firewall_denies_is_one_page_about_its_target_and_resolves_when_it_is_allowed() {
    let lab = lab(3);
    let pipeline = Pipeline::start(&lab);

    let mut watch = Stopwatch::start("a name is denied");
    lab.block(DENIED, Fault::TlsReset).expect("a fault is laid");
    pipeline.await_answer("count(egress_probe_success{probe=\"https\"} == 0) == 3");
    watch.lap("metric of all nodes");
    pipeline
        .await_answer("ALERTS{alertname=\"EgressTargetDownOnMostNodes\",alertstate=\"firing\"}");
    watch.lap("alert");
    let about = "EgressTargetDownOnMostNodes: mcr.microsoft.com:443 tls connection_reset";
    let page = pipeline.await_notification(&format!("on-call firing {about}"));
    watch.lap("notification");
    watch.print();
    assert_eq!(
        page.alerts[0].annotations["description"],
        "mcr.microsoft.com:443 (https) is out of reach for 3 of the nodes, more than half. Most of them fail in phase \
         tls, reason connection_reset."
    );

    let mut watch = Stopwatch::start("the name is allowed again");
    lab.heal(DENIED).expect("the fault is taken away");
    pipeline.await_answer("min(egress_probe_success) == 1");
    watch.lap("metric of all nodes");
    pipeline.await_answer("absent(ALERTS{alertname=\"EgressTargetDownOnMostNodes\"})");
    watch.lap("end of the alert");
    pipeline.await_notification(&format!("on-call resolved {about}"));
    watch.lap("notification");
    watch.print();
    let expected = ["firing", "resolved"].map(|status| format!("on-call {status} {about}"));
    assert_eq!(pipeline.notified(), expected);
}

#[test]
fn a_node_that_is_cut_off_and_agents_that_are_gone_are_told_apart_and_no_target_is_blamed() {
    let lab = lab(5);
    let mut pipeline = Pipeline::start(&lab);
    let nodes: Vec<_> = lab.nodes().map(|(node, _)| node).collect();

    let mut cut = Stopwatch::start("a node is cut off");
    drop_what_comes(&lab, nodes[1], &format!("tcp dport {PORT} accept;"));
    let mut gone = Stopwatch::start("an agent is killed, and a node is unplugged");
    drop(pipeline.agents.remove(2));
    drop_what_comes(&lab, nodes[3], "");

    pipeline.await_answer("count(up == 0) == 2");
    gone.lap("metric");
    pipeline.await_answer("node:egress_probe_success:avg{node=\"node-2\"} < 0.5");
    cut.lap("metric");
    pipeline.await_answer("ALERTS{alertname=\"EgressNodeCutOff\",alertstate=\"firing\"}");
    cut.lap("alert");
    let page = "on-call firing EgressNodeCutOff: node-2 resolve timeout";
    pipeline.await_notification(page);
    cut.lap("notification");
    cut.print();
    pipeline
        .await_answer("count(ALERTS{alertname=\"EgressAgentDown\",alertstate=\"firing\"}) == 2");
    gone.lap("alert");
    let ticket = "tickets firing EgressAgentDown: node-3, node-4";
    pipeline.await_notification(ticket);
    gone.lap("notification");
    gone.print();
    // Nor will it be: a warning about a target would wait for longer.
    pipeline.await_answer("max(target:egress_nodes_down:count) == 0");
    assert_eq!(pipeline.notified(), [page, ticket]);
}

/// What a node sends gets out, and nothing comes back, save this. (Where the kernel refused to send, a UDP socket would
/// be told, and that would be the node's own trouble, not the network's.)
fn drop_what_comes(lab: &Lab, node: &Namespace, save: &str) {
    let rules = format!(
        "table inet cut {{ chain comes {{ type filter hook input priority 0; iifname \"lo\" accept; {save} drop; }}; }}\n"
    );
    let rules = file(lab, &format!("{}.nft", node.name()), &rules);
    let mut nft = node.command("nft");
    let status = nft.arg("-f").arg(rules).status().expect("nft starts");
    assert!(status.success(), "nft: {status}");
}

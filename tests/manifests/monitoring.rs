//! What is scraped, ruled and shown: the objects that are of no kind of Kubernetes' own, for which there is no schema here.

use serde_json::{Value, json};

use crate::kustomize::Objects;
use crate::pod::list;
use crate::review::{INSTANCE, NAME, Review};

/// The operators that read `PodMonitor`s, with the fields that each may be given besides the usual ones.
const READERS: [(&str, &[&str]); 2] = [
    ("monitoring.coreos.com/v1", &[]),
    (
        "azmonitoring.coreos.com/v1",
        &[
            "labelLimit",
            "labelNameLengthLimit",
            "labelValueLengthLimit",
        ],
    ),
];

pub(crate) fn review(review: &mut Review, objects: &Objects) {
    for monitor in objects.of("PodMonitor") {
        pod_monitor(review, monitor);
        for daemonset in objects.of("DaemonSet") {
            scraped(review, monitor, daemonset);
        }
    }
    for rule in objects.of("PrometheusRule") {
        let version = rule["apiVersion"] == "monitoring.coreos.com/v1";
        review.demand(version, "a PrometheusRule that nobody reads");
        let mut groups = list(&rule["spec"]["groups"]).peekable();
        review.demand(groups.peek().is_some(), "a PrometheusRule without groups");
        let named = groups.all(|group| group["name"].is_string() && group["rules"].is_array());
        review.demand(named, "a group of rules without a name or rules");
    }
    for map in objects.of("ConfigMap") {
        if map["metadata"]["labels"]["grafana_dashboard"] == "1" {
            dashboards(review, map);
        }
    }
}

fn fields(object: &Value) -> impl Iterator<Item = &String> {
    object
        .as_object()
        .into_iter()
        .flatten()
        .map(|(field, _)| field)
}

/// Operators drop fields that they do not know without a word.
fn pod_monitor(review: &mut Review, monitor: &Value) {
    let version = &monitor["apiVersion"];
    let reader = READERS.iter().find(|(known, _)| version == known);
    let Some((_, limits)) = reader else {
        return review.demand(false, format!("nobody reads PodMonitors of {version}"));
    };
    let known = ["jobLabel", "selector", "podMetricsEndpoints"];
    for field in fields(&monitor["spec"]) {
        let known = known.iter().chain(*limits).any(|one| field == one);
        review.demand(
            known,
            format!("a PodMonitor of {version} has no field {field}"),
        );
    }
    for limit in *limits {
        let set = monitor["spec"][limit].is_u64();
        review.demand(set, format!("a PodMonitor of {version} wants {limit}"));
    }
    let wanted = [
        ("/spec/podMetricsEndpoints/0/path", json!("/metrics")),
        ("/spec/podMetricsEndpoints/1", Value::Null),
        ("/spec/podMetricsEndpoints/0/honorLabels", Value::Null),
        (
            "/spec/podMetricsEndpoints/0/relabelings",
            json!([{
                "action": "replace",
                "sourceLabels": ["__meta_kubernetes_pod_node_name"],
                "targetLabel": "node",
            }]),
        ),
    ];
    review.demand_values("the PodMonitor", monitor, &wanted);
}

/// The pods are found, by their port's name, and their jobs are told apart.
fn scraped(review: &mut Review, monitor: &Value, daemonset: &Value) {
    let (name, spec) = (&daemonset["metadata"]["name"], &monitor["spec"]);
    let template = &daemonset["spec"]["template"];
    let labels = &template["metadata"]["labels"];
    let matched = spec["selector"] == json!({ "matchLabels": { NAME: labels[NAME] } });
    review.demand(matched, format!("the PodMonitor does not find {name}"));
    let port = &spec["podMetricsEndpoints"][0]["port"];
    let mut ports = list(&template["spec"]["containers"][0]["ports"]);
    let there = ports.any(|one| port.is_string() && one["name"] == *port);
    review.demand(there, format!("{name} has no port {port}"));
    // Azure's service has ways of its own.
    let asked = &spec["podMetricsEndpoints"][0]["scheme"];
    let spoken = &template["spec"]["containers"][0]["livenessProbe"]["httpGet"]["scheme"];
    let agrees = asked.as_str().map(str::to_uppercase).as_deref() == spoken.as_str();
    let azure = monitor["apiVersion"] == "azmonitoring.coreos.com/v1";
    review.demand(
        agrees || azure,
        format!("{name} is scraped over another scheme than it speaks"),
    );
    let told_apart = spec["jobLabel"] == INSTANCE && labels[INSTANCE] == *name;
    review.demand(told_apart, format!("the job is not {name}"));
}

fn dashboards(review: &mut Review, map: &Value) {
    for (file, text) in map["data"].as_object().into_iter().flatten() {
        let dashboard = serde_json::from_str::<Value>(text.as_str().unwrap_or_default());
        let dashboard = dashboard.unwrap_or_default();
        let named = dashboard["uid"].is_string() && dashboard["title"].is_string();
        review.demand(
            named,
            format!("{file} is no dashboard with a uid and a title"),
        );
    }
}

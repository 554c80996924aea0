//! What is wrong with rendered manifests, in sentences. `tests/manifests` proves that each can be said.

use serde_json::{Value, json};

use crate::kustomize::Objects;
use crate::pod::{Pod, list, text};
use crate::{daemonset, monitoring};

pub(crate) const NAMESPACE: &str = "egress-probe";
pub(crate) const NAME: &str = "app.kubernetes.io/name";
pub(crate) const INSTANCE: &str = "app.kubernetes.io/instance";

/// In the network of the node, and in that of the pods.
pub(crate) const ON_THE_NODE: &str = "egress-probe";
pub(crate) const AMONG_PODS: &str = "egress-probe-pod-network";

/// Collects objections.
#[derive(Default)]
pub(crate) struct Review(Vec<String>);

impl Review {
    pub(crate) fn demand(&mut self, holds: bool, sentence: impl Into<String>) {
        if !holds {
            self.0.push(sentence.into());
        }
    }

    /// Every value that a pointer leads to must be this one; `null` stands for nothing.
    pub(crate) fn demand_values(&mut self, name: &str, object: &Value, wanted: &[(&str, Value)]) {
        for (pointer, value) in wanted {
            let found = object.pointer(pointer).unwrap_or(&Value::Null);
            let sentence = format!("{name}: {pointer} is {found}, not {value}");
            self.demand(found == value, sentence);
        }
    }
}

/// Every objection to a rendering.
pub(crate) fn objections(objects: &Objects) -> Vec<String> {
    let mut review = Review::default();
    every_object(&mut review, objects);
    namespace(&mut review, objects);
    config_maps(&mut review, objects);
    for daemonset in objects.of("DaemonSet") {
        daemonset::review(&mut review, objects, daemonset);
    }
    two_daemonsets(&mut review, objects);
    monitoring::review(&mut review, objects);
    review.0
}

fn every_object(review: &mut Review, objects: &Objects) {
    for object in &objects.0 {
        let (kind, metadata) = (&object["kind"], &object["metadata"]);
        let name = format!("{kind} {}", metadata["name"]);
        let labelled = metadata["labels"][NAME] == "egress-probe";
        review.demand(labelled, format!("{name}: not labelled as ours"));
        let inside = metadata["namespace"] == NAMESPACE || kind == "Namespace";
        review.demand(inside, format!("{name}: outside of the namespace"));
    }
}

fn namespace(review: &mut Review, objects: &Objects) {
    let namespace = objects.find("Namespace", NAMESPACE);
    let enforced = "pod-security.kubernetes.io/enforce";
    let level = namespace.map(|namespace| &namespace["metadata"]["labels"][enforced]);
    let admits = level.is_some_and(|level| level == "privileged");
    review.demand(admits, "the namespace does not admit hostNetwork");
    let account = objects.find("ServiceAccount", "egress-probe");
    let tokenless = account.is_some_and(|account| account["automountServiceAccountToken"] == false);
    review.demand(tokenless, "the service account has a token");
}

/// A `ConfigMap` that nobody reads was meant for somebody.
fn config_maps(review: &mut Review, objects: &Objects) {
    // What `kubectl apply` notes about an object must stay below this, in bytes.
    const LARGEST: usize = 256 * 1024;
    let mut read = Vec::new();
    for daemonset in objects.of("DaemonSet") {
        let pod = Pod::of(objects, text(&daemonset["metadata"]["name"]));
        let mounted = list(&pod.spec["volumes"][0]["projected"]["sources"]);
        read.extend(mounted.map(|source| &source["configMap"]["name"]));
        let variables = list(&pod.container()["envFrom"]);
        read.extend(variables.map(|source| &source["configMapRef"]["name"]));
    }
    for map in objects.of("ConfigMap") {
        let (name, metadata) = (&map["metadata"]["name"], &map["metadata"]);
        let by_grafana = metadata["labels"]["grafana_dashboard"] == "1";
        let known = by_grafana || read.contains(&name);
        review.demand(known, format!("nobody reads the ConfigMap {name}"));
        let small = map.to_string().len() < LARGEST;
        review.demand(small, format!("the ConfigMap {name} is too large"));
    }
}

/// What sets the two apart is the network, and nothing else.
fn two_daemonsets(review: &mut Review, objects: &Objects) {
    let networks = [
        (ON_THE_NODE, json!(true), json!("Default")),
        (AMONG_PODS, Value::Null, json!("ClusterFirst")),
    ];
    let mut rest = Vec::new();
    for (name, host_network, dns_policy) in networks {
        let Some(daemonset) = objects.find("DaemonSet", name) else {
            continue;
        };
        let wanted = [("/hostNetwork", host_network), ("/dnsPolicy", dns_policy)];
        let mut spec = daemonset["spec"]["template"]["spec"].clone();
        review.demand_values(name, &spec, &wanted);
        let fields = spec.as_object_mut().expect("a map");
        fields.retain(|field, _| !["hostNetwork", "dnsPolicy"].contains(&field.as_str()));
        rest.push(spec);
    }
    let daemonsets = objects.of("DaemonSet").count();
    review.demand(daemonsets == rest.len(), "a DaemonSet of an unknown name");
    let alike = rest.windows(2).all(|pair| pair[0] == pair[1]);
    review.demand(alike, "the two DaemonSets differ in more than the network");
}

//! What a `DaemonSet` must say, and what must agree in it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::kustomize::Objects;
use crate::pod::{Pod, list, text};
use crate::review::{INSTANCE, NAME, Review};

/// What the cluster or the user gives, with the one key of each.
const GIVEN: [(&str, &str); 3] = [
    ("kube-root-ca.crt", "ca.crt"),
    ("egress-probe-ca", "ca.crt"),
    ("egress-probe-web", "web.yml"),
];

pub(crate) fn review(review: &mut Review, objects: &Objects, daemonset: &Value) {
    let pod = Pod::of(objects, text(&daemonset["metadata"]["name"]));
    template(review, daemonset);
    pod_spec(review, &pod);
    container(review, &pod);
    port(review, &pod);
    mounted(review, objects, &pod);
}

fn template(review: &mut Review, daemonset: &Value) {
    let name = text(&daemonset["metadata"]["name"]);
    // Never to be changed: a selector is immutable, and a DaemonSet that is made anew loses every history.
    let selector = json!({ NAME: "egress-probe", INSTANCE: name });
    let annotations = "/spec/template/metadata/annotations";
    let fqdn = format!("{annotations}/kubernetes.azure.com~1set-kube-service-host-fqdn");
    let wanted = [
        // Whoever installs it may add more here.
        ("/metadata/labels/app.kubernetes.io~1instance", json!(name)),
        ("/spec/selector/matchLabels", selector.clone()),
        ("/spec/template/metadata/labels", selector),
        (fqdn.as_str(), json!("true")),
        (
            "/spec/updateStrategy/rollingUpdate/maxUnavailable",
            json!("10%"),
        ),
    ];
    review.demand_values(name, daemonset, &wanted);
}

/// As it must be in every network.
fn pod_spec(review: &mut Review, pod: &Pod) {
    let virtual_nodes =
        json!({ "key": "type", "operator": "NotIn", "values": ["virtual-kubelet"] });
    let affinity = "/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution";
    let avoided = format!("{affinity}/nodeSelectorTerms/0/matchExpressions/0");
    let wanted = [
        ("/serviceAccountName", json!("egress-probe")),
        ("/automountServiceAccountToken", json!(false)),
        ("/enableServiceLinks", json!(false)),
        ("/hostPID", Value::Null),
        ("/hostIPC", Value::Null),
        ("/initContainers", Value::Null),
        ("/priorityClassName", json!("system-node-critical")),
        ("/tolerations", json!([{ "operator": "Exists" }])),
        ("/nodeSelector", json!({ "kubernetes.io/os": "linux" })),
        (avoided.as_str(), virtual_nodes),
        ("/securityContext/runAsNonRoot", json!(true)),
        ("/securityContext/runAsUser", json!(65532)),
        ("/securityContext/runAsGroup", json!(65532)),
        (
            "/securityContext/seccompProfile/type",
            json!("RuntimeDefault"),
        ),
        ("/containers/1", Value::Null),
        ("/volumes/1", Value::Null),
    ];
    review.demand_values("the pod", pod.spec, &wanted);
}

fn container(review: &mut Review, pod: &Pod) {
    let container = pod.container();
    let restricted = json!({
        "allowPrivilegeEscalation": false,
        "readOnlyRootFilesystem": true,
        "capabilities": { "drop": ["ALL"] },
    });
    let node_name = json!({ "name": "NODE_NAME", "valueFrom": { "fieldRef": { "fieldPath": "spec.nodeName" } } });
    let wanted = [
        ("/name", json!("egress-probe")),
        ("/command", Value::Null),
        ("/imagePullPolicy", json!("IfNotPresent")),
        ("/securityContext", restricted),
        ("/resources/limits/memory", json!("64Mi")),
        // A limit of CPU would look like a slow network.
        ("/resources/limits/cpu", Value::Null),
        ("/resources/requests/cpu", json!("10m")),
        ("/resources/requests/memory", json!("16Mi")),
    ];
    review.demand_values("the container", container, &wanted);
    let named = list(&container["env"]).any(|variable| *variable == node_name);
    review.demand(named, "the container does not know the name of its node");
    let image = text(&container["image"]);
    let tag = image
        .rsplit('/')
        .next()
        .and_then(|name| name.split_once(':'));
    let pinned = tag.is_some_and(|(_, tag)| tag != "latest");
    review.demand(pinned, format!("the image {image} has no version"));
}

/// One port, by one name, in every place.
fn port(review: &mut Review, pod: &Pod) {
    let container = pod.container();
    let ports: Vec<_> = list(&container["ports"]).collect();
    review.demand(ports.len() == 1, "not one port");
    // Over TLS the kubelet must be told so.
    let over_tls = pod
        .arguments()
        .iter()
        .any(|one| one.starts_with("--web-config"));
    let get = |path: &str| {
        let mut get = json!({ "path": path, "port": "http" });
        if over_tls {
            get["scheme"] = json!("HTTPS");
        }
        get
    };
    let wanted = [
        ("/ports/0/name", json!("http")),
        ("/ports/0/hostPort", Value::Null),
        ("/startupProbe/httpGet", get("/healthz")),
        ("/livenessProbe/httpGet", get("/healthz")),
        ("/readinessProbe/httpGet", get("/readyz")),
    ];
    review.demand_values("the port", container, &wanted);
    let listen = format!("--listen=:{}", container["ports"][0]["containerPort"]);
    let agrees = pod.arguments().contains(&listen);
    review.demand(agrees, format!("the agent is not told {listen}"));
}

/// Every file that a flag names is mounted, and every mounted `ConfigMap` is there.
fn mounted(review: &mut Review, objects: &Objects, pod: &Pod) {
    let mount =
        json!([{ "name": "configuration", "mountPath": "/etc/egress-probe", "readOnly": true }]);
    // A file that is mounted alone (subPath) never changes.
    let whole = pod.container()["volumeMounts"] == mount;
    review.demand(whole, "the configuration is not mounted as a folder");
    let mut files = BTreeSet::new();
    for source in list(&pod.spec["volumes"][0]["projected"]["sources"]) {
        let source = source.get("secret").unwrap_or(&source["configMap"]);
        let keys = keys(objects, text(&source["name"]));
        let items = source["items"].as_array();
        let there = |item: &Value| keys.contains(text(&item["key"]));
        let whole = items.map_or(!keys.is_empty(), |items| items.iter().all(there));
        let sentence = format!("the ConfigMap {} lacks what is mounted", source["name"]);
        review.demand(whole, sentence);
        match items {
            Some(items) => files.extend(items.iter().map(|item| text(&item["path"]).to_owned())),
            None => files.extend(keys),
        }
    }
    for argument in pod.arguments() {
        if let Some((_, file)) = argument.split_once("=/etc/egress-probe/") {
            review.demand(files.contains(file), format!("{argument}: not mounted"));
        }
    }
}

/// None if it is not there.
fn keys(objects: &Objects, config_map: &str) -> BTreeSet<String> {
    if let Some((_, key)) = GIVEN.iter().find(|(known, _)| *known == config_map) {
        return BTreeSet::from([(*key).to_owned()]);
    }
    let data = objects.find("ConfigMap", config_map);
    let data = data.and_then(|map| map["data"].as_object());
    let keys = data.into_iter().flatten().map(|(key, _)| key.clone());
    keys.collect()
}

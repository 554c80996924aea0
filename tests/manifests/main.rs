//! The manifests: every overlay with every component, rendered by kubectl, against the schemas of Kubernetes and against
//! what must agree in them.

mod agent;
mod daemonset;
#[path = "../support/kustomize.rs"]
mod kustomize;
mod monitoring;
#[path = "../support/pod.rs"]
mod pod;
mod review;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::LazyLock;

use serde_json::{Value, json};

use kustomize::{Objects, Site, names, python, render, root};
use pod::{Pod, text};
use review::{AMONG_PODS, ON_THE_NODE, objections};

/// The oldest and the newest Kubernetes whose schemas the manifests are held against.
const VERSIONS: [&str; 2] = ["1.30", "1.37"];
/// Kinds that Kubernetes itself does not know.
const FOREIGN: [&str; 2] = ["PodMonitor", "PrometheusRule"];

/// Every component, in an order in which each does its work.
static ALL_COMPONENTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut components = names("components");
    // The others change the DaemonSets that are there.
    components.sort_by_key(|name| name != "pod-network");
    components
});

/// Each overlay alone, with each component, and with all, and what the documentation shows; by name, the cloud first.
static RENDERINGS: LazyLock<BTreeMap<String, Objects>> = LazyLock::new(|| {
    let all: Vec<&str> = ALL_COMPONENTS.iter().map(String::as_str).collect();
    let mut sets = vec![vec![], all.clone()];
    sets.extend(all.iter().map(|&one| vec![one]));
    let overlays = names("overlays");
    let pairs = overlays
        .iter()
        .flat_map(|overlay| sets.iter().map(move |set| (overlay, set)));
    let named = |(overlay, set): (&String, &Vec<&str>)| {
        (format!("{overlay} {}", set.join(" ")), render(overlay, set))
    };
    pairs.map(named).chain(documented()).collect()
});

fn install_page() -> String {
    fs::read_to_string(root().join("docs/install.md")).expect("a page")
}

/// The kustomizations of the documentation, beside files that a user may have.
fn documented() -> Vec<(String, Objects)> {
    let page = install_page();
    let blocks = page.split("```yaml kustomization\n").skip(1);
    let blocks = blocks.filter_map(|block| block.split("```").next());
    let render = |(number, block): (usize, &str)| {
        let site = Site::new();
        site.write("config.yaml", "cloud: public\n");
        site.write("ca.crt", "a CA\n");
        site.write("kubeadm.yaml", "entries: []\n");
        site.write("kustomization.yaml", block);
        (format!("public documented {number}"), site.render())
    };
    blocks.enumerate().map(render).collect()
}

fn with_everything() -> &'static Objects {
    &RENDERINGS[&format!("public {}", ALL_COMPONENTS.join(" "))]
}

#[test]
fn every_overlay_renders_with_every_component_and_nothing_disagrees() {
    assert!(RENDERINGS.len() >= 3 * (8 + 2) + 6, "{}", RENDERINGS.len());
    for (name, objects) in &*RENDERINGS {
        assert_eq!(objections(objects), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn kubernetes_knows_every_field_of_every_object() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut seen = Vec::new();
    for objects in RENDERINGS.values() {
        for object in objects
            .0
            .iter()
            .filter(|object| !FOREIGN.iter().any(|kind| object["kind"] == *kind))
        {
            if !seen.contains(&object) {
                // JSON is YAML.
                let file = folder.path().join(format!("{}.yaml", seen.len()));
                fs::write(file, object.to_string()).expect("the folder takes files");
                seen.push(object);
            }
        }
    }
    for version in VERSIONS {
        let output = validate(folder.path(), version);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{version}: {said}");
        assert_eq!(
            said.matches("INFO ").count(),
            seen.len(),
            "{version}: {said}"
        );
    }
    let misspelt = json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": "x" }, "automount": 1 });
    fs::write(folder.path().join("0.yaml"), misspelt.to_string()).expect("a file");
    assert!(!validate(folder.path(), VERSIONS[0]).status.success());
}

fn validate(folder: &Path, version: &str) -> Output {
    let mut command = python("kubernetes_validate");
    command.args(["--strict", "--kubernetes-version", version]);
    let entries = fs::read_dir(folder).expect("a folder");
    command.args(entries.map(|entry| entry.expect("an entry").path()));
    command.output().expect("python3 starts")
}

/// One a line: object, place in it, value, and a part of the objection that must come.
const SPOILT: &str = include_str!("spoilt.txt");

/// The object that a line of `SPOILT` is about.
fn place<'a>(objects: &'a mut Objects, path: &str) -> &'a mut Value {
    let (kind, name) = path.split_once('/').unwrap_or(("DaemonSet", ON_THE_NODE));
    let found = objects
        .0
        .iter_mut()
        .find(|object| object["kind"] == kind && object["metadata"]["name"] == name);
    let object = found.unwrap_or_else(|| panic!("no {path}"));
    match path {
        "pod" => &mut object["spec"]["template"]["spec"],
        "container" => &mut object["spec"]["template"]["spec"]["containers"][0],
        _ => object,
    }
}

#[test]
fn whatever_is_spoilt_is_objected_to() {
    for line in SPOILT.lines().filter(|line| !line.starts_with('#')) {
        let [path, pointer, value, objection] = line.split(" | ").collect::<Vec<_>>()[..] else {
            panic!("not four columns: {line}");
        };
        let mut objects = with_everything().clone();
        let (parent, field) = pointer.rsplit_once('/').expect("a pointer");
        let object = place(&mut objects, path);
        let parent = object
            .pointer_mut(parent)
            .unwrap_or_else(|| panic!("no {path} {parent}"));
        let value: Value = serde_json::from_str(value).expect("JSON");
        match field.parse::<usize>() {
            Ok(index) => parent[index] = value,
            Err(_) => parent[field.replace("~1", "/")] = value,
        }
        let said = objections(&objects);
        let objected = said.iter().any(|sentence| sentence.contains(objection));
        assert!(objected, "{path} {pointer}: no {objection:?} in {said:#?}");
    }
}

#[test]
fn the_image_is_the_one_of_this_version_and_of_the_users_registry() {
    let shipped = format!("egress-probe:{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(
        Pod::of(with_everything(), ON_THE_NODE).container()["image"],
        shipped
    );
    let site = Site::new();
    site.write(
        "kustomization.yaml",
        "resources: [../egress-probe/manifests/overlays/public]
components: [../egress-probe/manifests/components/pod-network]
images: [{name: egress-probe, newName: registry.example.com/egress-probe}]
",
    );
    let objects = site.render();
    for name in [ON_THE_NODE, AMONG_PODS] {
        let image = format!("registry.example.com/{shipped}");
        assert_eq!(Pod::of(&objects, name).container()["image"], image);
    }
}

#[test]
fn a_change_of_the_proxy_replaces_the_pods_and_no_other_change_does() {
    let hashed = |objects: &Objects| {
        let names = objects
            .of("ConfigMap")
            .map(|map| text(&map["metadata"]["name"]).to_owned());
        names
            .filter(|name| name.starts_with("egress-probe-proxy-"))
            .collect::<Vec<_>>()
    };
    let usual = hashed(&RENDERINGS["public proxy"]);
    let site = Site::new();
    site.write(
        "kustomization.yaml",
        "resources: [../egress-probe/manifests/overlays/public]
components: [../egress-probe/manifests/components/proxy]
configMapGenerator: [{name: egress-probe, namespace: egress-probe, behavior: merge, files: [config.yaml]}]
patches:
  - patch: |
      {apiVersion: v1, kind: ConfigMap, metadata: {name: egress-probe-proxy, namespace: egress-probe},
       data: {HTTPS_PROXY: \"http://another.example.com:8080\"}}
",
    );
    site.write("config.yaml", "cloud: public\nprobe: {interval: 5m}\n");
    let objects = site.render();
    assert_eq!(objections(&objects), Vec::<String>::new());
    let changed = hashed(&objects);
    assert_eq!((usual.len(), changed.len()), (1, 1));
    assert_ne!(usual, changed);
    let map = objects
        .find("ConfigMap", "egress-probe")
        .expect("under the same name");
    assert_eq!(
        map["data"]["config.yaml"],
        "cloud: public\nprobe: {interval: 5m}\n"
    );
}

#[test]
fn the_rules_are_rules_to_prometheus() {
    let objects = &RENDERINGS["public prometheus-operator"];
    let rule = objects
        .find("PrometheusRule", "egress-probe")
        .expect("the rules");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("rules.yaml");
    fs::write(&file, rule["spec"].to_string()).expect("the folder takes files");
    let mut promtool = Command::new("promtool");
    promtool.args(["check", "rules"]).arg(file);
    let output = promtool
        .output()
        .expect("promtool starts; see `make packages`");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

#[test]
fn the_yaml_is_written_well() {
    let mut yamllint = python("yamllint");
    yamllint
        .arg("--config-file")
        .arg(root().join("tests/manifests/yamllint.yaml"));
    yamllint.args(["--strict", "--format", "parsable"]);
    yamllint
        .args(["manifests", "dashboards"])
        .current_dir(root());
    let output = yamllint.output().expect("python3 starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
}

#[test]
fn every_component_and_overlay_is_documented() {
    let page = install_page();
    for name in names("components") {
        assert!(page.contains(&format!("\n| `{name}` | ")), "{name}");
    }
    for name in names("overlays") {
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
}

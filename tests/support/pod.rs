//! What a kubelet makes of a `DaemonSet`: the arguments, the environment and the files of its one container.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::Value;

use crate::kustomize::Objects;

/// One pod of a `DaemonSet`.
pub(crate) struct Pod<'a> {
    objects: &'a Objects,
    pub(crate) spec: &'a Value,
}

impl<'a> Pod<'a> {
    pub(crate) fn of(objects: &'a Objects, daemonset: &str) -> Self {
        let daemonset = objects.daemonset(daemonset);
        let spec = &daemonset["spec"]["template"]["spec"];
        Self { objects, spec }
    }

    pub(crate) fn container(&self) -> &'a Value {
        &self.spec["containers"][0]
    }

    /// `env` wins over `envFrom`. What only a node knows is `fields`, by the path of the field.
    pub(crate) fn environment(&self, fields: &[(&str, &str)]) -> BTreeMap<String, String> {
        let mut environment = BTreeMap::new();
        for source in list(&self.container()["envFrom"]) {
            for (name, value) in self.data(text(&source["configMapRef"]["name"])) {
                environment.insert(name.clone(), text(value).to_owned());
            }
        }
        for variable in list(&self.container()["env"]) {
            let path = &variable["valueFrom"]["fieldRef"]["fieldPath"];
            let field = fields.iter().find(|(known, _)| path == known);
            let value = field.map_or_else(|| text(&variable["value"]), |(_, value)| value);
            environment.insert(text(&variable["name"]).to_owned(), value.to_owned());
        }
        environment
    }

    /// With `$(NAME)` filled in.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let environment = self.environment(&[("spec.nodeName", "node")]);
        let fill = |argument: &Value| {
            let mut filled = text(argument).to_owned();
            for (name, value) in &environment {
                filled = filled.replace(&format!("$({name})"), value);
            }
            filled
        };
        list(&self.container()["args"]).map(fill).collect()
    }

    /// Where the one volume is mounted.
    pub(crate) fn mount_path(&self) -> &'a str {
        text(&self.container()["volumeMounts"][0]["mountPath"])
    }

    /// Writes the volume's files as a kubelet does: in a folder of their own, to which `..data` leads.
    pub(crate) fn lay_out(&self, folder: &Path, given: &BTreeMap<&str, String>) {
        let data = folder.join("..2026_01_01");
        fs::create_dir_all(&data).expect("a folder");
        symlink("..2026_01_01", folder.join("..data")).expect("a link");
        for source in list(&self.spec["volumes"][0]["projected"]["sources"]) {
            let source = source.get("secret").unwrap_or(&source["configMap"]);
            for (file, content) in self.files(source, given) {
                fs::write(data.join(&file), content).expect("the folder takes files");
                let target = Path::new("..data").join(&file);
                symlink(target, folder.join(&file)).expect("no file of this name yet");
            }
        }
    }

    fn files(&self, source: &Value, given: &BTreeMap<&str, String>) -> Vec<(String, String)> {
        let name = text(&source["name"]);
        // Such an object has one key, and it is named; or all of it is mounted, and nothing reads it here.
        if let Some(content) = given.get(name) {
            let path = source["items"][0]["path"].as_str().unwrap_or(name);
            return vec![(path.to_owned(), content.clone())];
        }
        let files = self.data(name);
        files
            .map(|(key, value)| (key.clone(), text(value).to_owned()))
            .collect()
    }

    fn data(&self, name: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
        let object = self.objects.find("ConfigMap", name);
        let object = object.unwrap_or_else(|| panic!("no ConfigMap {name}"));
        object["data"].as_object().into_iter().flatten()
    }
}

pub(crate) fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("not a text: {value}"))
}

/// The items of a list that may be missing.
pub(crate) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

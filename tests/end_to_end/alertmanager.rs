//! Debian's Alertmanager on the lab's firewall, with the shipped example.

use std::fs::{self, File};
use std::process::Child;

use egress_lab::Lab;

use crate::faster::faster;
use crate::rules::root;
use crate::support::file;
use crate::support::wait::until;

pub(crate) const ADDRESS: &str = "127.0.0.1:9093";

/// Dropping it kills it.
pub(crate) struct Alertmanager {
    child: Child,
}

impl Alertmanager {
    /// Every receiver of the example is told through this webhook, the one for nobody as well.
    pub(crate) fn start(lab: &Lab, webhook: &str) -> Self {
        let example = root().join("manifests/alertmanager/egress-probe.alertmanager.yaml");
        let example = fs::read_to_string(example).expect("the example is there");
        let configuration = file(lab, "alertmanager.yml", &told(&faster(&example), webhook));
        let log_file = lab.folder().join("alertmanager.log");
        let log = File::create(&log_file).expect("the lab's folder takes files");
        let mut command = lab.firewall().command("prometheus-alertmanager");
        command.arg(format!("--config.file={}", configuration.display()));
        let data = lab.folder().join("alertmanager");
        command.arg(format!("--storage.path={}", data.display()));
        command.arg(format!("--web.listen-address={ADDRESS}"));
        // It has no peers.
        command.arg("--cluster.listen-address=");
        command
            .stdout(log.try_clone().expect("another handle"))
            .stderr(log);
        let child = command.spawn().expect("ip netns exec starts");
        let mut alertmanager = Self { child };
        until("Alertmanager", || {
            let said = || fs::read_to_string(&log_file).unwrap_or_default();
            let ended = alertmanager.child.try_wait().expect("a child of ours");
            assert!(
                ended.is_none(),
                "Alertmanager has ended (is Debian's package prometheus-alertmanager installed?): {}",
                said()
            );
            if is_ready(lab) { Ok(()) } else { Err(said()) }
        });
        alertmanager
    }
}

fn is_ready(lab: &Lab) -> bool {
    let mut curl = lab.firewall().command("curl");
    let url = format!("http://{ADDRESS}/-/ready");
    let output = curl.args(["-sS", "--fail", "--max-time", "10", &url]);
    output.output().expect("curl starts").status.success()
}

/// The example names receivers and leaves it to the reader how they are told.
fn told(example: &str, webhook: &str) -> String {
    let mut text = String::new();
    for line in example.lines() {
        text.extend([line, "\n"]);
        if line.starts_with("  - name: ") {
            text.extend(["    webhook_configs: [{url: \"", webhook, "\"}]\n"]);
        }
    }
    text
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        // Nothing is left to do if it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

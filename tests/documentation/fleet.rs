//! Agents in a laboratory, as the examples of commands have them: one on the node where somebody sits, and behind a name
//! three that run and one that does not.

use std::net::SocketAddr;
use std::process::{Child, Stdio};

use egress_lab::{Fault, HostSpec, Lab, LabSpec, Namespace, Service};

use crate::support::wait::until;
use crate::support::{agent_in, agent_on, file};
use crate::terminal::{Network, Terminal};

/// What stands for `HOST` in examples: it speaks everything.
pub(crate) const HOST: &str = "host.example";
/// The same where it is the API server.
pub(crate) const TUNNEL: &str = "tunnel.example";
/// Where four agents should be.
const SERVICE: &str = "egress-probe.monitoring.svc.cluster.local";
/// What every agent of the service tests, and what only the third one does.
const ALL: &str = "entries:
  - {name: registry, hosts: [mcr.microsoft.com], protocols: {https: {}}}
  - {name: packages, hosts: [packages.microsoft.com], protocols: {https: {}}}
  - {name: more, hosts: [host.example], protocols: {https: {}}}
";
const ONE: &str = "entries:
  - {name: gone, hosts: [gone.example], protocols: {https: {}}}
";

/// Dropping it ends the agents.
pub(crate) struct Fleet {
    pub(crate) lab: Lab,
    agents: Vec<Child>,
}

impl Fleet {
    /// With hosts that a catalogue of the documentation needs.
    pub(crate) fn start(more: Vec<HostSpec>) -> Self {
        let host = HostSpec::new(HOST).https().http().ssh().ntp();
        let tunnel = Service::https_alpn(&["konnectivity"]);
        let hosts = [
            host,
            HostSpec::new(TUNNEL).with(tunnel),
            HostSpec::new("mcr.microsoft.com").https(),
            HostSpec::new("packages.microsoft.com").https(),
            HostSpec::new("ntp.ubuntu.com").ntp(),
            HostSpec::new(SERVICE).addresses(4),
        ];
        let spec = LabSpec {
            middleboxes: true,
            ..LabSpec::of(hosts.into_iter().chain(more))
        };
        let lab = Lab::start(&spec).expect("the lab starts");
        file(&lab, "all.yaml", ALL);
        file(&lab, "one.yaml", ONE);
        let mut fleet = Self {
            lab,
            agents: Vec::new(),
        };
        for node in 0..3 {
            let lab = &fleet.lab;
            let listen = SocketAddr::from((lab.addresses_of(SERVICE)[node], 9100));
            let catalogs: &[&str] = if node == 2 { &["all", "one"] } else { &["all"] };
            let text = configuration(lab, catalogs, &listen.to_string());
            let child = start(lab, lab.internet(), node + 1, &text);
            fleet.agents.push(child);
        }
        let own = configuration(&fleet.lab, &["all"], "127.0.0.1:9100");
        let child = start(&fleet.lab, fleet.lab.node(), 0, &own);
        fleet.agents.push(child);
        fleet
    }

    /// On the node, whose agent is the one of `localhost:9100`, with its configuration.
    pub(crate) fn terminal(&self) -> Terminal {
        let mut terminal = Terminal::open(Network::Of(self.lab.node().name().to_owned()));
        let config = self.lab.folder().join("agent-0.yaml");
        let own = self.agents.last().expect("it was started").id();
        terminal.write("agent.pid", &own.to_string());
        for (name, path) in [
            ("EGRESS_PROBE_CONFIG", config.as_path()),
            ("SSL_CERT_FILE", self.lab.ca_file()),
            ("CURL_CA_BUNDLE", self.lab.ca_file()),
        ] {
            terminal.set(name, path.to_str().expect("plain letters"));
        }
        terminal
    }

    /// Takes two names away, and waits until every agent has noticed, on the node and behind the name.
    pub(crate) fn break_two(&self) {
        for (host, fault) in [
            ("mcr.microsoft.com", Fault::TlsReset),
            ("packages.microsoft.com", Fault::Drop),
        ] {
            self.lab.block(host, fault).expect("a fault is laid");
        }
        let nameserver = self.lab.nameserver().to_string();
        for (agents, trouble) in [
            (["--service", SERVICE], "packages.microsoft.com:443"),
            (["--url", "127.0.0.1"], "packages.microsoft.com:443"),
        ] {
            until("a settled fleet", || {
                let mut command = agent_in(&self.lab);
                command.arg("fleet").args(agents);
                command.args(["--nameserver", &nameserver]);
                let output = command.output().expect("the program starts");
                let text = String::from_utf8_lossy(&output.stdout).into_owned();
                let decided = !text.contains("not decided yet") && text.contains(trouble);
                if decided { Ok(()) } else { Err(text) }
            });
        }
    }
}

fn configuration(lab: &Lab, catalogs: &[&str], listen: &str) -> String {
    let folder = lab.folder().display();
    let catalogs: Vec<_> = catalogs
        .iter()
        .map(|name| format!("{folder}/{name}.yaml"))
        .collect();
    format!(
        "builtin: false\ncatalogs: {catalogs:?}\nmetadata: off\nnameservers: [\"{}\"]\n\
         tls: {{roots: none}}\nca_files: [\"{}\"]\nprobe: {{interval: 1s, timeout: 1s}}\n\
         web: {{listen: \"{listen}\", reload: true}}\n",
        lab.nameserver(),
        lab.ca_file().display()
    )
}

fn start(lab: &Lab, place: &Namespace, number: usize, configuration: &str) -> Child {
    let path = file(lab, &format!("agent-{number}.yaml"), configuration);
    let mut command = agent_on(place);
    command.env("NODE_NAME", format!("node-{number}"));
    command.args(["run", "--config"]).arg(path);
    let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
    quiet.spawn().expect("the agent starts")
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for agent in &mut self.agents {
            // Nothing is left to do if it has ended.
            let _ = agent.kill();
            let _ = agent.wait();
        }
    }
}

//! A fleet in a laboratory, as the examples of commands have it: four nodes behind one name, and agents on three of
//! them. Somebody sits on the first.

use std::net::IpAddr;
use std::process::{Child, Stdio};

use egress_lab::{Fault, HostSpec, Lab, LabSpec, Namespace, Service};

use crate::support::wait::until;
use crate::support::{agent_in, agent_on, file};
use crate::terminal::{Network, Terminal};

/// What stands for `HOST` in examples: it speaks everything.
pub(crate) const HOST: &str = "host.example";
/// The same where it is the API server.
pub(crate) const TUNNEL: &str = "tunnel.example";
/// The name of the four nodes.
const SERVICE: &str = "egress-probe.egress-probe.svc.cluster.local";
/// What every agent of the service tests, and what only the third one does.
const ALL: &str = "entries:
  - {name: registry, hosts: [mcr.microsoft.com], protocols: {https: {}}}
  - {name: packages, hosts: [packages.microsoft.com], protocols: {https: {}}}
  - {name: more, hosts: [host.example], protocols: {https: {}}}
";
const ONE: &str = "entries:
  - {name: gone, hosts: [gone.example], protocols: {https: {}}}
";

/// What a command puts into a Secret. Nobody reads them here: `tests/endpoint` has real ones.
const OF_THE_PORT: [&str; 7] = [
    "web.yml",
    "tls.crt",
    "tls.key",
    "ca.crt",
    "client.crt",
    "client.key",
    "password",
];

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
        ];
        let spec = LabSpec {
            middleboxes: true,
            nodes: 4,
            ..LabSpec::of(hosts.into_iter().chain(more))
        };
        let lab = Lab::start(&spec).expect("the lab starts");
        file(&lab, "all.yaml", ALL);
        file(&lab, "one.yaml", ONE);
        let mut fleet = Self {
            lab,
            agents: Vec::new(),
        };
        let lab = &fleet.lab;
        let addresses: Vec<_> = lab
            .nodes()
            .map(|(_, address)| IpAddr::from(address))
            .collect();
        lab.point(SERVICE, &addresses).expect("a name is pointed");
        for ((node, _), number) in lab.nodes().take(3).zip(1..) {
            let catalogs: &[&str] = if number == 3 {
                &["all", "one"]
            } else {
                &["all"]
            };
            let text = configuration(lab, catalogs);
            fleet.agents.push(start(lab, node, number, &text));
        }
        fleet
    }

    /// On the node, whose agent is the one of `localhost:9100`, with its configuration.
    pub(crate) fn terminal(&self) -> Terminal {
        let mut terminal = Terminal::open(Network::Of(self.lab.node().name().to_owned()));
        let config = self.lab.folder().join("agent-1.yaml");
        let own = self.agents[0].id();
        terminal.write("agent.pid", &own.to_string());
        for name in OF_THE_PORT {
            terminal.write(name, "");
        }
        for (name, path) in [
            ("EGRESS_PROBE_CONFIG", config.as_path()),
            ("SSL_CERT_FILE", self.lab.ca_file()),
            ("CURL_CA_BUNDLE", self.lab.ca_file()),
        ] {
            terminal.set(name, path.to_str().expect("plain letters"));
        }
        terminal
    }

    /// Takes two names away, and waits until every agent has noticed.
    pub(crate) fn break_two(&self) {
        for (host, fault) in [
            ("mcr.microsoft.com", Fault::TlsReset),
            ("packages.microsoft.com", Fault::Drop),
        ] {
            self.lab.block(host, fault).expect("a fault is laid");
        }
        let nameserver = self.lab.nameserver().to_string();
        until("a settled fleet", || {
            let mut command = agent_in(&self.lab);
            command.args(["fleet", "--service", SERVICE, "--nameserver", &nameserver]);
            let output = command.output().expect("the program starts");
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let noticed = text.contains("mcr.microsoft.com:443  https  required  on 3 of 3 nodes");
            if noticed { Ok(()) } else { Err(text) }
        });
    }
}

fn configuration(lab: &Lab, catalogs: &[&str]) -> String {
    let folder = lab.folder().display();
    let catalogs: Vec<_> = catalogs
        .iter()
        .map(|name| format!("{folder}/{name}.yaml"))
        .collect();
    format!(
        "builtin: false\ncatalogs: {catalogs:?}\nmetadata: off\nnameservers: [\"{}\"]\n\
         tls: {{roots: none}}\nca_files: [\"{}\"]\nprobe: {{interval: 2s, timeout: 4s}}\n\
         web: {{reload: true}}\n",
        lab.nameserver(),
        lab.ca_file().display()
    )
}

fn start(lab: &Lab, node: &Namespace, number: usize, configuration: &str) -> Child {
    let path = file(lab, &format!("agent-{number}.yaml"), configuration);
    let mut command = agent_on(node);
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

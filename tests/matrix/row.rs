//! One row of the matrix: what the network does, what shows that it does, and what the agent must say.

use egress_lab::{Fault, HostSpec, Named, Scope, Service};
use serde_json::Value;

use crate::support::report::Report;

/// The domain of all rows: the names are unrelated to each other, but for those of one row.
const DOMAIN: &str = "matrix.example";

/// A fault to be laid upon a host, one of its addresses, or something of the lab's own.
#[derive(Clone, Debug)]
pub(crate) struct Lay {
    pub(crate) on: On,
    pub(crate) scope: Scope,
    pub(crate) fault: Fault,
}

#[derive(Clone, Debug)]
pub(crate) enum On {
    Host(String),
    /// One of the IPv4 addresses of the row's host.
    Address(usize),
    /// The IPv6 address of the row's host.
    Ipv6,
}

/// A command, run on the node by bash, that shows the fault without the agent: how it ends, and what it says.
#[derive(Clone, Debug)]
pub(crate) struct Proof {
    pub(crate) command: &'static str,
    pub(crate) exit: i32,
    pub(crate) says: &'static str,
}

/// What the agent must say of one target.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    pub(crate) target: String,
    pub(crate) probe: &'static str,
    /// `STATE [PHASE REASON] [WARNING...]`
    pub(crate) verdict: &'static str,
    /// `CAUSE CERTAINTY [at TTL]`; empty where nothing stands against the target.
    pub(crate) cause: &'static str,
    /// JSON pointers into the facts, and what stands there.
    pub(crate) facts: Vec<(&'static str, Value)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) host: HostSpec,
    /// As the catalogue has it: `https: {port: 443}`.
    pub(crate) protocols: String,
    pub(crate) lays: Vec<Lay>,
    /// What makes a row wrong that is right without any fault.
    pub(crate) sabotage: Lay,
    pub(crate) proofs: Vec<Proof>,
    /// The run of the agent that judges it.
    pub(crate) run: &'static str,
    pub(crate) expected: Vec<Expected>,
    /// What is wrong with the exit code and the report as a whole, where chance decides which target it meets.
    pub(crate) overall: Option<fn(i32, &Report) -> Vec<String>>,
    /// The run itself takes something away from the agent.
    is_taken_away: bool,
}

pub(crate) fn https(name: &'static str) -> Row {
    Row::new(name, "https", Service::https())
}

pub(crate) fn http(name: &'static str) -> Row {
    Row::new(name, "http", Service::Http { port: 80 })
}

pub(crate) fn ssh(name: &'static str) -> Row {
    Row::new(name, "ssh", Service::Ssh { port: 22 })
}

pub(crate) fn tcp(name: &'static str) -> Row {
    Row::new(name, "tcp", Service::Tcp(9000))
}

pub(crate) fn ntp(name: &'static str) -> Row {
    Row::new(name, "ntp", Service::Ntp)
}

pub(crate) fn udp(name: &'static str) -> Row {
    Row::new(name, "udp", Service::UdpSilent(1194))
}

/// A server that speaks an application protocol of its own besides HTTP, and must be found to speak it.
pub(crate) fn alpn(name: &'static str) -> Row {
    let mut row = Row::new(name, "https", Service::https_alpn(&["konnectivity"]));
    let protocols = "https: {port: 443, alpn: [konnectivity]}";
    protocols.clone_into(&mut row.protocols);
    row
}

/// Judged by the resolution of its name; behind the name is a good server.
pub(crate) fn dns(name: &'static str) -> Row {
    let mut row = https(name);
    let host = row.host.name.clone();
    row.expected = vec![Expected::new(host.clone(), "dns")];
    row.sabotage.fault = Fault::Nxdomain;
    row
}

impl Row {
    fn new(name: &'static str, probe: &'static str, service: Service) -> Self {
        let host = format!("{name}.{DOMAIN}");
        let port = service.port();
        let sabotage = Lay {
            on: On::Host(host.clone()),
            scope: Scope::Everything,
            fault: Fault::Drop,
        };
        Self {
            name,
            protocols: format!("{probe}: {{port: {port}}}"),
            lays: Vec::new(),
            sabotage,
            proofs: Vec::new(),
            run: "plain",
            expected: vec![Expected::new(format!("{host}:{port}"), probe)],
            overall: None,
            is_taken_away: false,
            host: HostSpec::new(host).with(service),
        }
    }

    /// Changes the host.
    pub(crate) fn host(mut self, change: impl FnOnce(HostSpec) -> HostSpec) -> Self {
        self.host = change(self.host);
        self
    }

    /// The catalogue, and so the agent, knows the host by this name.
    pub(crate) fn asked_as(mut self, name: &str) -> Self {
        for expected in &mut self.expected {
            expected.target = expected.target.replacen(&self.host.name, name, 1);
        }
        self
    }

    /// Lays the fault of the row's name.
    pub(crate) fn fault(self) -> Self {
        let name = self.name;
        self.named(name)
    }

    /// Lays the fault of this name upon the row's host.
    pub(crate) fn named(self, name: &str) -> Self {
        let named = Named::find(name).expect("a fault of that name");
        let on = match named.on {
            egress_lab::On::Nameserver => "second-nameserver".to_owned(),
            egress_lab::On::Proxy => "proxy".to_owned(),
            egress_lab::On::Everything => egress_lab::ANYWHERE.to_owned(),
            _ => self.host.name.clone(),
        };
        self.lay(On::Host(on), named.scope, named.fault)
    }

    /// Lays a fault upon the row's host.
    pub(crate) fn lay_here(self, fault: Fault) -> Self {
        let on = On::Host(self.host.name.clone());
        self.lay(on, Scope::Everything, fault)
    }

    pub(crate) fn lay(mut self, on: On, scope: Scope, fault: Fault) -> Self {
        self.lays.push(Lay { on, scope, fault });
        self
    }

    pub(crate) fn sabotage_here(self, fault: Fault) -> Self {
        let on = On::Host(self.host.name.clone());
        self.sabotage(on, fault)
    }

    pub(crate) fn sabotage(mut self, on: On, fault: Fault) -> Self {
        let scope = Scope::Everything;
        self.sabotage = Lay { on, scope, fault };
        self
    }

    pub(crate) fn proof(mut self, exit: i32, says: &'static str, command: &'static str) -> Self {
        self.proofs.push(Proof {
            command,
            exit,
            says,
        });
        self
    }

    pub(crate) fn run(mut self, run: &'static str) -> Self {
        self.run = run;
        self
    }

    /// The agent's verdict on the last target.
    pub(crate) fn says(mut self, verdict: &'static str) -> Self {
        self.last().verdict = verdict;
        self
    }

    /// What stands behind the verdict on the last target, how sure that is, and at which TTL it acts.
    pub(crate) fn cause(mut self, cause: &'static str) -> Self {
        self.last().cause = cause;
        self
    }

    /// A fact of the last target.
    pub(crate) fn fact(mut self, pointer: &'static str, value: impl Into<Value>) -> Self {
        self.last().facts.push((pointer, value.into()));
        self
    }

    /// A further target; `says` and `fact` speak of it from here on.
    pub(crate) fn and(mut self, target: impl Into<String>, probe: &'static str) -> Self {
        self.expected.push(Expected::new(target.into(), probe));
        self
    }

    fn last(&mut self) -> &mut Expected {
        self.expected.last_mut().expect("a row has a target")
    }

    /// The fault is not laid: the scene or the run takes something away.
    pub(crate) fn taken_away(mut self) -> Self {
        self.is_taken_away = true;
        self
    }

    /// Whether the row stays as it is without its fault.
    pub(crate) fn is_healthy(&self) -> bool {
        let green = |expected: &Expected| expected.verdict == "reachable";
        !self.is_taken_away && (self.lays.is_empty() || self.expected.first().is_some_and(green))
    }
}

impl Expected {
    fn new(target: String, probe: &'static str) -> Self {
        Self {
            target,
            probe,
            verdict: "",
            cause: "",
            facts: Vec::new(),
        }
    }
}

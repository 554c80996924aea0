//! An agent with a web config that tests replace, and callers of every kind.

use std::fs;

use crate::LAB;
use crate::agent::{Agent, Answer, folder};
use crate::pki::Pki;
use crate::support::wait::until;

pub(crate) struct Bench {
    pub(crate) agent: Agent,
    pub(crate) pki: Pki,
}

impl Bench {
    pub(crate) fn start(port: u16, config: &str) -> Self {
        let pki = Pki::new(&format!("of-{port}"));
        let folder = folder(port, 1, "web: {config_file: web.yml, reload: true}\n");
        pki.lay_into(&folder);
        fs::write(folder.join("web.yml"), config).expect("a new file");
        let agent = Agent::start(port, &folder, &[], &[]);
        Self { agent, pki }
    }

    /// Another web config, and whether it has taken effect is for the caller to see.
    pub(crate) fn configure(&self, config: &str) {
        self.agent.write("web.yml", config);
        self.agent.hang_up();
    }

    /// Over TLS, trusting the authority.
    pub(crate) fn curl(&self, arguments: &[&str], path: &str) -> Answer {
        let authority = self.pki.file("ca.crt");
        let arguments = [&["--cacert", authority.as_str()], arguments].concat();
        self.agent.curl(LAB.node(), "https", &arguments, path)
    }

    /// The same with a certificate of this authority.
    pub(crate) fn certified(&self, by: &Pki, path: &str) -> Answer {
        let (certificate, key) = (by.file("client.crt"), by.file("client.key"));
        self.curl(&["--cert", &certificate, "--key", &key], path)
    }

    pub(crate) fn await_status(&self, what: &str, wanted: u16, ask: impl Fn(&Self) -> Answer) {
        until(what, || {
            let answer = ask(self);
            let seen = answer.status;
            (seen == wanted)
                .then_some(())
                .ok_or((answer, self.agent.log()))
        });
    }

    /// The kubelet, which has neither a password nor a certificate, is answered.
    pub(crate) fn assert_open(&self) {
        for path in ["/healthz", "/readyz"] {
            let kubelet = self.agent.curl(LAB.node(), "https", &["-k"], path);
            // Pending targets are no reason to ask for a password.
            assert!([200, 503].contains(&kubelet.status), "{path}: {kubelet:?}");
        }
    }
}

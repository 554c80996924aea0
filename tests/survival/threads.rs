//! No further thread can be started: the one that reads files is there from the start.

use std::fs;

use nix::sys::signal::Signal;

use crate::limits::limit;
use crate::support::wait::until;
use crate::survivor::{Survivor, field, own_node};

#[test]
fn without_threads_for_its_files_the_agent_probes_on_with_what_it_has() {
    let agent = Survivor::start(own_node(), &[]);
    let status = fs::read_to_string(format!("/proc/{}/status", agent.pid()));
    let size = field(&status.expect("the agent lives"), "VmSize:") << 10;
    // Room for what it does every second, and none for a stack.
    limit(agent.pid(), "as", size + (1 << 20));
    agent.signal(Signal::SIGHUP);
    until("a reload, and a look at the files", || {
        let log = agent.log();
        log.contains("the configuration was reloaded")
            .then_some(())
            .ok_or(log)
    });
    agent.assert_survived(&[]);
    limit(agent.pid(), "as", u64::MAX);
    agent.assert_survived(&[]);
}

//! The process is stopped for longer than its targets' deadlines and intervals, and goes on.

use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::support::samples::gauge;
use crate::support::wait::until;
use crate::survivor::{Survivor, attempts, own_node};

/// A standstill is not waited for: it is what is done.
fn stop_for(agent: &Survivor, time: Duration) {
    agent.signal(Signal::SIGSTOP);
    sleep(time);
    agent.signal(Signal::SIGCONT);
}

#[test]
fn after_a_standstill_of_many_intervals_there_is_no_burst_and_no_false_failure() {
    let agent = Survivor::start(own_node(), &[]);
    let targets = f64::from(u32::try_from(agent.targets().len()).expect("few"));
    let before = attempts(&agent);
    // Ten intervals of a second, as ten minutes are to the usual one.
    stop_for(&agent, Duration::from_secs(10));
    let after = attempts(&agent);
    assert!(
        after - before <= 3.0 * targets,
        "{} attempts after the standstill",
        after - before
    );
    assert!(
        agent.log().contains("the agent was stopped for a while"),
        "{}",
        agent.log()
    );
    until("some more attempts", || {
        let now = attempts(&agent);
        (now >= after + 2.0 * targets).then_some(()).ok_or(now)
    });
    assert!(gauge(&agent.metrics(), "egress_scheduler_lag_seconds") < 5.0);
    agent.assert_survived(&[]);
}

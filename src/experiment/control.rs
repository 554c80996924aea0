//! Whether something accepts connections on the port for everybody.

use std::net::SocketAddr;

use super::Case;
use super::dial::Dial;
use super::pace::Pace;
use crate::outcome::ControlDial;
use crate::probe::Limits;

/// A connect to the control address, where the target's own was accepted and the attempt made no such dial itself.
pub(super) async fn dial(case: &Case, limits: &Limits, pace: Pace) -> Option<ControlDial> {
    if !case.has_connected() || case.knows_control {
        return None;
    }
    let address = SocketAddr::new(limits.control_address, case.address.port());
    let accepted = match Dial::plain(address, pace.answer()).connect().await {
        Ok(_) => true,
        Err(drawn) => {
            drawn.answer()?;
            false
        }
    };
    Some(ControlDial { address, accepted })
}

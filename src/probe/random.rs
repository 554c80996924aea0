//! Numbers that nobody on the network can guess, for what a reply must repeat to be believed.

use super::Symptom;
use crate::outcome::Reason;

/// From the operating system; not from a generator whose state its own output gives away.
pub(super) fn unguessable() -> Result<u64, Symptom> {
    getrandom::u64().map_err(|error| {
        let detail = format!("the node has no random numbers: {error}");
        Symptom::new(Reason::LocalResource, detail)
    })
}

//! Where on the way something acts, from packets whose time to live was raised step by step.

use std::fmt;

use serde::Serialize;

use crate::outcome::{Answer, Hop, Path};

/// A place on the way: right behind the last router that answered for this flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The last router that answered; none when even the first one did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Hop>,
    /// The smallest TTL at which it acts.
    pub acts_at: u8,
}

impl Place {
    /// Where what ended `path` acts. A router decides about a packet after it has looked at its time to live, so what
    /// acts at one TTL may be the router that answered at the TTL before.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let before = path.hops.iter().filter(|hop| hop.ttl < path.answered_at);
        let after = before.max_by_key(|hop| hop.ttl).copied();
        let acts_at = match path.answer {
            // Routers that never answer are silent too: the first silence behind the last answer says where at most.
            Answer::Silence => after.map_or(1, |hop| hop.ttl + 1),
            Answer::NotConnected => return None,
            _ => path.answered_at,
        };
        Some(Self { after, acts_at })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.after {
            Some(hop) if hop.ttl + 1 == self.acts_at => {
                write!(f, "at hop {} ({}) or right behind it", hop.ttl, hop.address)
            }
            Some(hop) => write!(
                f,
                "between hop {} ({}) and hop {}",
                hop.ttl, hop.address, self.acts_at
            ),
            None if self.acts_at <= 1 => f.write_str("at the first hop, or on this node"),
            None => write!(f, "at hop {} at the latest", self.acts_at),
        }
    }
}

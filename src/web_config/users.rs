//! `basic_auth_users`: names, and what their passwords hash to.

use std::collections::BTreeMap;

use bcrypt::HashParts;

use super::Secret;
use crate::yaml::{Cursor, Reader};

/// Who has a password.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Users {
    hashes: BTreeMap<String, Secret>,
    /// Of the dearest hash.
    cost: u32,
}

/// A hash of cost 16 keeps a CPU busy for some seconds, and each step doubles it.
const DEAREST: u32 = 16;

impl Users {
    /// Whether nobody has one, and so none is asked for.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// The hash of a user's password, and whether there is such a user at all. Nobody's costs as much to check as
    /// anybody's: the time of an answer must not tell who exists.
    pub fn hash_of(&self, user: &str) -> (Secret, bool) {
        match self.hashes.get(user) {
            Some(hash) => (hash.clone(), true),
            None => (Secret::new(self.of_nobody()), false),
        }
    }

    /// Well-formed; what would hash to it is of no concern, because no answer is taken for a yes.
    fn of_nobody(&self) -> String {
        let [salt, hash] = [".", "."].map(|filler| filler.repeat(22));
        format!("$2b${:02}${salt}{hash}{}", self.cost, ".".repeat(9))
    }
}

pub(super) fn form(at: &Cursor<'_>, reader: &mut Reader) -> Users {
    let mut users = Users::default();
    for (user, at) in at.pairs(reader).unwrap_or_default() {
        let Some((hash, cost)) = hash(user, &at, reader) else {
            continue;
        };
        users.cost = users.cost.max(cost);
        users.hashes.insert(user.to_owned(), hash);
    }
    users
}

/// Problems never repeat the value: it may be a password that somebody forgot to hash.
fn hash(user: &str, at: &Cursor<'_>, reader: &mut Reader) -> Option<(Secret, u32)> {
    if user.is_empty() || user.contains(':') {
        reader.wrong(
            at,
            "is no user name: it must not be empty, and no client can send one with a colon",
        );
    }
    let text = at.text(reader)?;
    let Ok(parts) = text.parse::<HashParts>() else {
        reader.wrong(
            at,
            "must be a bcrypt hash, as `htpasswd -nBC 10 \"\" | tr -d ':\\n'` prints it",
        );
        return None;
    };
    let cost = parts.get_cost();
    if !(4..=DEAREST).contains(&cost) {
        let message =
            format!("the cost of the hash is {cost}, but must be from 4 to {DEAREST}: 10 is usual");
        reader.wrong(at, message);
        return None;
    }
    Some((Secret::new(text), cost))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_has_a_hash_that_costs_as_much_as_anybodys() {
        let users = Users {
            hashes: BTreeMap::new(),
            cost: 7,
        };
        let (hash, exists) = users.hash_of("nobody");
        let parts: HashParts = hash.reveal().parse().unwrap();
        assert_eq!((parts.get_cost(), exists), (7, false));
    }
}

//! The resolvers of the node: those of its resolv.conf, and what is to be said about that file.

use std::mem;
use std::net::SocketAddr;

use crate::nameservers::{Listed, THIS_NODE};
use crate::problem::Problems;

/// Whom the node asks for names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolvers {
    /// In the order in which they are asked.
    pub nameservers: Vec<SocketAddr>,
    /// What is wrong with the file that names them.
    pub notices: Vec<String>,
}

impl Resolvers {
    /// Those of the start, where something must be asked: what the system's resolver does without a usable
    /// configuration (resolv.conf(5)).
    pub(super) fn at_start(listed: Result<Listed, Problems>) -> Self {
        listed.map_or_else(
            |problems| Self {
                nameservers: vec![THIS_NODE],
                notices: vec![format!("{problems}; 127.0.0.1 is asked instead")],
            },
            Self::from,
        )
    }
}

impl From<Listed> for Resolvers {
    fn from(listed: Listed) -> Self {
        let mut nameservers = listed.nameservers;
        if nameservers.is_empty() {
            nameservers.push(THIS_NODE);
        }
        Self {
            nameservers,
            notices: listed.ignored,
        }
    }
}

/// Looks at the file again and again, and is not misled by one that is being written.
#[derive(Debug, Default)]
pub(super) struct Lookout {
    /// The look before found a file that names no nameserver.
    named_none: bool,
}

impl Lookout {
    /// Those of now; none when those of before are to be kept. A file that is gone or broken may be whole again in
    /// a moment, and an empty one may be about to be filled: it is believed the second time.
    pub(super) fn look(&mut self, listed: Result<Listed, Problems>) -> Option<Resolvers> {
        let empty = matches!(&listed, Ok(listed) if listed.nameservers.is_empty());
        let for_the_first_time = !mem::replace(&mut self.named_none, empty);
        match listed {
            Ok(_) if empty && for_the_first_time => None,
            Ok(listed) => Some(listed.into()),
            Err(problems) => {
                tracing::debug!(%problems, "the nameservers of before are kept");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn listed(nameservers: &[&str]) -> Listed {
        Listed {
            nameservers: nameservers.iter().map(|at| at.parse().unwrap()).collect(),
            ignored: Vec::new(),
        }
    }

    fn broken() -> Result<Listed, Problems> {
        Err(Problems::of_file(
            Path::new("/etc/resolv.conf"),
            "not text".to_owned(),
        ))
    }

    fn asked(resolvers: Option<Resolvers>) -> Option<Vec<SocketAddr>> {
        resolvers.map(|resolvers| resolvers.nameservers)
    }

    const ONE: &str = "10.0.0.10:53";

    #[test]
    fn at_the_start_a_file_without_nameservers_means_this_node() {
        assert_eq!(
            Resolvers::at_start(Ok(listed(&[]))).nameservers,
            [THIS_NODE]
        );
        let broken = Resolvers::at_start(broken());
        assert_eq!(broken.nameservers, [THIS_NODE]);
        assert!(broken.notices[0].contains("127.0.0.1 is asked instead"));
    }

    #[test]
    fn a_file_that_is_empty_for_a_moment_changes_nothing() {
        let mut lookout = Lookout::default();
        assert_eq!(lookout.look(Ok(listed(&[]))), None);
        let found = asked(lookout.look(Ok(listed(&[ONE]))));
        assert_eq!(found, Some(vec![ONE.parse().unwrap()]));
        assert_eq!(lookout.look(Ok(listed(&[]))), None);
    }

    #[test]
    fn a_file_that_stays_empty_is_believed() {
        let mut lookout = Lookout::default();
        lookout.look(Ok(listed(&[])));
        assert_eq!(asked(lookout.look(Ok(listed(&[])))), Some(vec![THIS_NODE]));
        assert_eq!(asked(lookout.look(Ok(listed(&[])))), Some(vec![THIS_NODE]));
    }

    #[test]
    fn a_broken_file_changes_nothing_however_often() {
        let mut lookout = Lookout::default();
        assert_eq!(lookout.look(broken()), None);
        assert_eq!(lookout.look(broken()), None);
        assert_eq!(lookout.look(Ok(listed(&[]))), None, "broken is not empty");
    }
}

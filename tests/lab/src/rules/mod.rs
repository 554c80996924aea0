//! From the faults that stand to rules for nftables and iptables: pure functions, so that the whole rule set
//! is written anew at every change and a fault leaves no trace when it heals.

mod firewall;
mod inspection;
mod internet;
mod node;
mod questions;
mod select;
mod stand_in;

use std::fmt::{Error, Write};

use crate::directory::Target;
use crate::fault::Standing;

use self::Transport::{Tcp, Udp};
pub(crate) use self::firewall::firewall;
pub(crate) use self::inspection::inspection;
pub(crate) use self::internet::internet;
pub(crate) use self::node::node;

/// A fault with what its target stands for.
pub(crate) struct Laid<'a> {
    pub standing: &'a Standing,
    pub target: Target<'a>,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Transport {
    Tcp,
    Udp,
}

/// An nftables table of these chains in place of the one before.
fn table(chains: &[(&str, &str, &str)]) -> Result<String, Error> {
    // Named first, because deleting a table that is not there would be an error.
    let mut text = "table inet lab {}\ndelete table inet lab\ntable inet lab {\n".to_owned();
    for (name, hook, rules) in chains {
        writeln!(text, "chain {name} {{\ntype {hook};\n{rules}}}")?;
    }
    Ok(text + "}\n")
}

const fn refusals() -> [(Option<Transport>, &'static str); 2] {
    [
        (Some(Tcp), "reject with tcp reset"),
        (Some(Udp), "reject with icmpx type port-unreachable"),
    ]
}

#[cfg(test)]
mod tests;

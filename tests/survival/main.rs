//! What the agent survives, as a process on a node: what it lacks, what is done to its node and its files, what servers
//! do to it. Meanwhile nothing is said about the network that is the agent's own trouble; afterwards all is as before.

mod catalog;
mod clock;
mod descriptors;
mod interface;
mod limits;
mod memory;
mod nameservers;
mod ports;
mod resolv_conf;
mod servers;
mod standstill;
#[path = "../support/mod.rs"]
mod support;
mod survivor;
mod talkers;
mod threads;

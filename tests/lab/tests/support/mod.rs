//! Independent clients, run in the node's namespace: what they see is what the lab does.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::fmt::Display;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, UdpSocket};
use std::process::{Command, Output};
use std::time::Duration;

use egress_lab::Lab;

/// What curl made of a URL.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Fetch {
    /// curl's exit code: 0 well, 6 no such name, 7 no connection, 28 timeout, 35 TLS, 52 and 56 cut off.
    pub(crate) exit: i32,
    pub(crate) connected: bool,
    pub(crate) status: String,
    pub(crate) body: String,
}

pub(crate) fn run(mut command: Command) -> Output {
    command.output().expect("ip netns exec starts")
}

pub(crate) fn stdout(command: Command) -> String {
    let output = run(command);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn fetch(lab: &Lab, url: &str, more: &[&str]) -> Fetch {
    let mut curl = lab.node().command("curl");
    curl.args(["-sSv", "--max-time", "2"]);
    curl.args(["-w", "\n%{http_code} %{time_connect}", "--cacert"]);
    curl.arg(lab.ca_file()).args(more).arg(url);
    let output = run(curl);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (body, facts) = text.rsplit_once('\n').expect("curl writes its facts");
    let (status, connect) = facts.split_once(' ').expect("curl writes two facts");
    // curl tells no time of connecting for connections that die in the TLS handshake.
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let greeted = said.contains("TLS handshake, Client hello");
    Fetch {
        exit: output.status.code().expect("no signal ended it"),
        connected: greeted || connect.parse().is_ok_and(|seconds: f64| seconds > 0.0),
        status: status.to_owned(),
        body: body.to_owned(),
    }
}

pub(crate) fn dig(lab: &Lab, arguments: &[&str]) -> String {
    let mut dig = lab.node().command("dig");
    dig.args(["+tries=1", "+time=1"]).args(arguments);
    stdout(dig)
}

/// The lines of `ssh-keyscan`, without its comments.
pub(crate) fn ssh_keys(lab: &Lab, host: &str) -> usize {
    let mut scan = lab.node().command("ssh-keyscan");
    scan.args(["-T", "1", "-t", "ed25519", host]);
    let text = stdout(scan);
    text.lines().filter(|line| !line.starts_with('#')).count()
}

/// Connects with bash and waits a moment for the first line: the exit code of `timeout` (124: held open).
pub(crate) fn tcp(lab: &Lab, address: impl Display, port: u16) -> (i32, String) {
    let mut bash = lab.node().command("timeout");
    let script =
        format!("exec 3<>/dev/tcp/{address}/{port} || exit 9; echo connected; head -n 1 <&3");
    bash.args(["1", "bash", "-c", &script]);
    let output = run(bash);
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (output.status.code().expect("no signal ended it"), text)
}

/// What came back for one datagram.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Reply {
    Bytes(Vec<u8>),
    Nothing,
    Refused,
    Error(ErrorKind),
}

/// Sends an NTP client request from the node, and tells the reply. Only the address asked may answer.
pub(crate) fn udp(lab: &Lab, address: Ipv4Addr, port: u16) -> Reply {
    let exchange = move || {
        let socket = UdpSocket::bind("0.0.0.0:0")?;
        socket.set_read_timeout(Some(Duration::from_millis(700)))?;
        socket.connect((address, port))?;
        let mut request = [0_u8; 48];
        request[0] = 0x23;
        socket.send(&request)?;
        let mut buffer = [0; 512];
        Ok(match socket.recv(&mut buffer) {
            Ok(length) => Reply::Bytes(buffer[..length].to_vec()),
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut => Reply::Nothing,
                ErrorKind::ConnectionRefused => Reply::Refused,
                kind => Reply::Error(kind),
            },
        })
    };
    lab.node().enter(exchange).expect("a socket in the node")
}

pub(crate) fn is_time(reply: &Reply) -> bool {
    // Mode 4: a server. Stratum 3 at most: it takes its time from somewhere.
    matches!(reply, Reply::Bytes(bytes) if bytes.len() == 48 && bytes[0] & 7 == 4 && (1..4).contains(&bytes[1]))
}

/// Counts in the node's own packet filter what an address is answered with, whoever answers.
pub(crate) fn count(lab: &Lab, name: &str, rule: &str) {
    let script = format!(
        "add table inet seen; add chain inet seen input {{ type filter hook input priority 0; }};
         add rule inet seen input {rule} counter comment \"{name}\""
    );
    let mut nft = lab.node().command("nft");
    nft.arg(script);
    let output = run(nft);
    assert!(output.status.success(), "{output:?}");
}

pub(crate) fn counted(lab: &Lab, name: &str) -> u64 {
    let mut nft = lab.node().command("nft");
    nft.args(["list", "table", "inet", "seen"]);
    let text = stdout(nft);
    let mark = format!("comment \"{name}\"");
    let line = text.lines().find(|line| line.contains(&mark));
    let line = line.expect("a rule of that name");
    let mut words = line
        .split_whitespace()
        .skip_while(|word| *word != "packets");
    let number = words.nth(1).and_then(|word| word.parse().ok());
    number.expect("nft tells a number of packets")
}

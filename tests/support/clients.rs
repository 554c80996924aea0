//! Programs that know nothing of the agent, run on the lab's node: what they see is what the lab does.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use egress_lab::Lab;

fn run(mut command: Command) -> Output {
    command.output().expect("ip netns exec starts")
}

/// curl's exit code (6 no name, 7 no connection, 28 timeout, 35 TLS, 52 and 56 cut off) and the status.
pub(crate) fn curl(lab: &Lab, arguments: &[&str]) -> (i32, String) {
    let mut curl = lab.node().command("curl");
    curl.args(["-sS", "--max-time", "2", "-o", "/dev/null"]);
    curl.args(["-w", "%{http_code}", "--cacert"]);
    let output = run({
        curl.arg(lab.ca_file()).args(arguments);
        curl
    });
    let exit = output.status.code().expect("no signal ended it");
    (exit, String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The code and the short answer of dig, `NXDOMAIN` or `NOERROR 203.0.113.1`; empty without an answer.
pub(crate) fn dig(lab: &Lab, arguments: &[&str]) -> String {
    let mut dig = lab.node().command("dig");
    dig.args(["+tries=1", "+time=1", "+noall", "+comments", "+answer"]);
    dig.args(arguments);
    let output = run(dig);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let status = text.split_once("status: ").map(|(_, after)| after);
    let Some((code, _)) = status.and_then(|after| after.split_once(',')) else {
        return String::new();
    };
    let answers = text.lines().filter(|line| !line.starts_with(';'));
    let last_words = answers.filter_map(|line| line.split_whitespace().last());
    [code]
        .into_iter()
        .chain(last_words)
        .collect::<Vec<_>>()
        .join(" ")
}

/// What `openssl s_client` says of a handshake with this name on this address.
pub(crate) fn openssl(lab: &Lab, address: &str, name: &str) -> String {
    let mut openssl = lab.node().command("openssl");
    let peer = format!("{address}:443");
    openssl.args(["s_client", "-connect", &peer, "-servername", name, "-brief"]);
    openssl.stdin(Stdio::null());
    let output = run(openssl);
    let said = String::from_utf8_lossy(&output.stderr);
    format!("{} {said}", output.status)
}

/// Whether a port accepts connections, by bash.
pub(crate) fn accepts(lab: &Lab, address: &str, port: u16) -> bool {
    let mut bash = lab.node().command("timeout");
    let script = format!("exec 3<>/dev/tcp/{address}/{port}");
    bash.args(["2", "bash", "-c", &script])
        .stderr(Stdio::null());
    run(bash).status.success()
}

/// What `promtool check metrics` finds wrong; nothing when it is content.
pub(crate) fn promtool(metrics: &str) -> String {
    let mut command = Command::new("promtool");
    command.args(["check", "metrics"]);
    let output = fed(command, metrics);
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    if output.status.success() {
        said
    } else {
        format!("{said}({})", output.status)
    }
}

/// Counts in the node's own packet filter what any program there sends over TCP and UDP.
pub(crate) fn count_packets(lab: &Lab) {
    let script = "add table inet seen
        add chain inet seen output { type filter hook output priority 0; }
        add rule inet seen output meta l4proto { tcp, udp } counter";
    let mut nft = lab.node().command("nft");
    let output = run({
        nft.arg(script);
        nft
    });
    assert!(output.status.success(), "{output:?}");
}

/// What has been counted since.
pub(crate) fn counted_packets(lab: &Lab) -> u64 {
    let mut nft = lab.node().command("nft");
    let output = run({
        nft.args(["list", "table", "inet", "seen"]);
        nft
    });
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (_, after) = text.split_once("counter packets ").expect("a counter");
    let number = after.split_whitespace().next();
    number
        .and_then(|number| number.parse().ok())
        .expect("a number")
}

/// Reads XML with a parser of its own: of every test case its name, and what it holds (`failure`, `skipped`).
pub(crate) fn junit_cases(xml: &str) -> Vec<(String, String)> {
    const SCRIPT: &str = "import sys, xml.etree.ElementTree as tree\n\
        for case in tree.parse(sys.stdin).getroot().iter('testcase'):\n\
        \x20   print(case.get('name'), *[part.tag for part in case], sep='\\t')\n";
    let mut python = Command::new("python3");
    python.args(["-c", SCRIPT]);
    let output = fed(python, xml);
    assert!(output.status.success(), "{output:?}");
    let lines = String::from_utf8(output.stdout).expect("text");
    let case = |line: &str| {
        let (name, parts) = line.split_once('\t').unwrap_or((line, ""));
        (name.to_owned(), parts.to_owned())
    };
    lines.lines().map(case).collect()
}

/// Runs a program with this on its standard input.
fn fed(mut command: Command, input: &str) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    pipe.write_all(input.as_bytes())
        .expect("it reads everything");
    drop(pipe);
    child.wait_with_output().expect("it ends")
}

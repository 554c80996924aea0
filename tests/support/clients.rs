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
    command.args(["check", "metrics"]).stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("promtool starts");
    let mut input = child.stdin.take().expect("a pipe");
    input
        .write_all(metrics.as_bytes())
        .expect("promtool reads everything");
    drop(input);
    let output = child.wait_with_output().expect("promtool ends");
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    said += &String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        said += &format!("({})", output.status);
    }
    said
}

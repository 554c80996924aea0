//! Shows faults without the agent: commands as anybody would type them, run on the lab's node.

use std::process::Stdio;

use egress_lab::Lab;

use crate::own::files;
use crate::row::{Proof, Row};
use crate::scene::World;

/// Words that the commands of the rows are made of.
const PRELUDE: &str = r#"
# open PORT: whether TCP connects; 124 when nothing answers
open() { timeout 2 bash -c 'exec 3<>/dev/tcp/$0/$1' "$HOST" "$1" 2>&1 | grep -o 'Connection refused\|No route to host\|Network is unreachable'; return "${PIPESTATUS[0]}"; }
# fetch URL...: curl's end, and the status
fetch() { curl -sS -o /dev/null -m 3 -w 'status %{http_code} %{redirect_url}\n' "$@"; }
# hello OPTION...: what openssl tells of a TLS handshake
hello() { timeout 3 openssl s_client -connect "$HOST:443" -servername "$HOST" "$@" </dev/null 2>&1; return 0; }
# hear PORT COUNT: the first bytes that a server says to somebody who says something
hear() { timeout 4 bash -c 'exec 3<>/dev/tcp/$0/$1; printf "x\r\n\r\n" >&3; head -c "$2" <&3 | od -An -tx1' "$HOST" "$@"; }
# seen RULE COMMAND...: the command, and how many packets of that kind came to the node meanwhile
seen() {
  local table="seen_${NAME//-/_}"
  nft "add table inet $table; add chain inet $table in { type filter hook input priority -1; }; add rule inet $table in $1 counter"
  shift; "$@"
  nft list table inet "$table" | grep -o 'packets [1-9]' && echo "some came"
  nft delete table inet "$table"
}
# tunnel PORT WORD: the first line with that word after a CONNECT to the proxy
tunnel() { timeout 3 bash -c 'exec 3<>/dev/tcp/198.18.0.1/3128; printf "CONNECT %s:%s HTTP/1.1\r\n\r\n" "$0" "$1" >&3; grep -am1 "$2" <&3' "$HOST" "$@"; }
# icmp CODE: the rule for such an error from the firewall about a packet to this host, whose address the error quotes
icmp() { local a=(${ADDRESS//./ }); echo "ip saddr 198.18.0.1 icmp type destination-unreachable icmp code $1 @th,192,32 $(((a[0] << 24) + (a[1] << 16) + (a[2] << 8) + a[3]))"; }
# ntp: a request, and the bytes of the reply
ntp() {
  local zeroes reply
  zeroes=$(printf '\\0%.0s' {1..39})
  exec 3<>"/dev/udp/$HOST/123"
  printf "\x23${zeroes}unguessd" >&3
  reply=$(timeout 2 dd bs=48 count=1 status=none <&3 | od -An -v -tx1 | tr -d ' \n')
  echo "reply $reply of $((${#reply} / 2)) bytes"
}
# answers COMMAND...: how many of 20 times the command succeeds
answers() {
  local n=0 pids=()
  for _ in {1..20}; do "$@" & pids+=($!); done
  for pid in "${pids[@]}"; do wait "$pid" && n=$((n + 1)); done
  [ $n = 0 ] && echo none; [ $n = 20 ] && echo all; [ $n -gt 0 ] && [ $n -lt 20 ] && echo some
}
"#;

/// Of what a proof said that does not hold, the last ones first.
const LINES_SHOWN: usize = 5;

/// What of the row's proofs does not hold.
pub(crate) fn refuted(lab: &Lab, row: &Row, world: World) -> Vec<String> {
    let proofs = row.proofs.iter();
    proofs
        .filter_map(|proof| run(lab, row, world, proof))
        .collect()
}

fn run(lab: &Lab, row: &Row, world: World, proof: &Proof) -> Option<String> {
    let Proof {
        command,
        exit,
        says,
    } = proof;
    let mut bash = lab.node().command("bash");
    bash.arg("-c").arg(format!("{PRELUDE}\n{command}"));
    let address = lab.address_of(&row.host.name).to_string();
    bash.env("NAME", row.name).env("HOST", &row.host.name);
    bash.env("ADDRESS", address).env("PROXY", lab.proxy_url());
    bash.env("FILES", files(world));
    for variable in ["CURL_CA_BUNDLE", "SSL_CERT_FILE"] {
        bash.env(variable, lab.ca_file());
    }
    let output = bash.stdin(Stdio::null()).output().expect("bash starts");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let ended = output.status.code();
    let holds = ended == Some(*exit) && said.contains(says);
    (!holds).then(|| {
        let said: Vec<_> = said.lines().rev().take(LINES_SHOWN).collect();
        let said = said.join(" < ");
        format!("`{command}` ended with {ended:?}, not {exit}, or did not say {says:?}: {said}")
    })
}

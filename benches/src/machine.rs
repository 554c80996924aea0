//! What the numbers come from: machine, programs, day.

use std::fs;
use std::path::Path;
use std::process::Command;

/// One line per fact, as a list in Markdown.
pub(crate) fn facts(agent: &Path, programs: &[&[&str]]) -> String {
    let agent_path = agent.to_string_lossy();
    let mut lines = vec![
        format!("- measured on {}", said(&["date", "-u", "+%F"])),
        format!(
            "- {}, {} CPUs, Linux {}",
            processor(),
            said(&["nproc"]),
            said(&["uname", "-r"])
        ),
        format!(
            "- {}, {} bytes, of revision {}",
            said(&[&agent_path, "--version"]),
            fs::metadata(agent).map_or(0, |file| file.len()),
            said(&["git", "describe", "--always", "--dirty"])
        ),
    ];
    lines.extend(
        programs
            .iter()
            .map(|program| format!("- {}", said(program))),
    );
    lines.join("\n") + "\n"
}

fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("model name"));
    let name = line.and_then(|line| line.split_once(": "));
    name.map_or_else(
        || "a processor without a name".to_owned(),
        |(_, name)| name.to_owned(),
    )
}

/// The first line that a command writes. Where it cannot be had, nothing else fails.
fn said(command: &[&str]) -> String {
    let output = Command::new(command[0]).args(&command[1..]).output();
    let Ok(output) = output else {
        return format!("{} is not installed", command[0]);
    };
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    text.lines().next().unwrap_or_default().to_owned()
}

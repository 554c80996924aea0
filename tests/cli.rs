//! The command line itself: help with examples, suggestions, completions in real shells, manual pages. Sends nothing.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use clap::CommandFactory;
use egress_probe::cli::Cli;

fn run(arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_egress-probe");
    let output = Command::new(program).args(arguments).env_clear().output();
    output.expect("the program starts")
}

fn printed(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// Every command with its words, the program itself first.
fn commands(command: &clap::Command, words: &[String]) -> Vec<Vec<String>> {
    let below = command
        .get_subcommands()
        .filter(|below| below.get_name() != "help");
    let below = below.flat_map(|below| {
        let words = [words, &[below.get_name().to_owned()]].concat();
        commands(below, &words)
    });
    [words.to_vec()].into_iter().chain(below).collect()
}

fn all() -> Vec<Vec<String>> {
    let all = commands(&Cli::command(), &[]);
    assert!(all.len() > 10, "{all:?}");
    all
}

/// The lines of the examples in a help text: `egress-probe ...` and what follows.
fn examples(help: &str) -> Vec<&str> {
    let lines = help.lines().map(str::trim);
    lines
        .filter(|line| line.starts_with("egress-probe "))
        .collect()
}

#[test]
fn the_help_of_every_command_ends_with_examples_that_the_command_line_takes() {
    for words in all() {
        let mut arguments: Vec<&str> = words.iter().map(String::as_str).collect();
        arguments.push("--help");
        let help = printed(&arguments);
        let (_, after) = help
            .split_once("\nExample")
            .unwrap_or_else(|| panic!("no example: {words:?}"));
        let examples = examples(after);
        assert!(!examples.is_empty(), "{words:?}");
        for example in examples {
            // What the shell does with it, and the words that explain it, are not the command's.
            let cut = [" > ", " | ", " || ", "    "]
                .iter()
                .filter_map(|mark| example.find(mark))
                .min();
            let line = &example[..cut.unwrap_or(example.len())];
            let given = line.split_whitespace().map(|word| word.trim_matches('\''));
            if let Err(error) = Cli::command().try_get_matches_from(given) {
                let kind = error.kind();
                assert_eq!(kind, clap::error::ErrorKind::DisplayHelp, "{line}: {error}");
            }
        }
    }
}

#[test]
fn what_is_misspelt_is_met_with_what_was_meant() {
    for (arguments, meant) in [
        (&["chekc"][..], "'check'"),
        (&["catalog", "lst"], "'list'"),
        (&["check", "--tagret", "x"], "'--target'"),
        (&["check", "--format", "jsn"], "'json'"),
        (&["check", "--group", "windos"], "'windows'"),
        (&["check", "--cloud", "pubic"], "'public'"),
        (&["check", "--feature", "keyvault"], "'key-vault'"),
        (&["check", "--log-level", "wran"], "'warn'"),
        (&["status", "--wach"], "'--watch'"),
        (&["status", "--target", "x", "--probe", "htps"], "'https'"),
        (&["fleet", "--servce", "x"], "'--service'"),
        (&["explain", "conection_reset"], "'connection_reset'"),
        (&["explain", "sni_fliter"], "'sni_filter'"),
        (&["completions", "bsh"], "'bash'"),
        (&["man", "catalgo"], "`catalog`"),
        (
            &["check", "--metadata", "off", "--set", "locaton=x"],
            "`location`",
        ),
        (&["check", "--edition", "2026-6"], "`2026-06`"),
    ] {
        let output = run(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(meant), "{arguments:?}: {said}");
    }
}

fn script(shell: &str, folder: &Path) -> String {
    let file = folder.join(shell);
    fs::write(&file, printed(&["completions", shell])).expect("a folder of ours");
    file.to_str().expect("plain letters").to_owned()
}

fn shell(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let output = output
        .unwrap_or_else(|error| panic!("{program} ({error}): install it with `make packages`"));
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn bash_completes_commands_flags_and_values() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = script("bash", folder.path());
    let completed = |words: &str, at: usize| {
        let line = format!(
            "source {script}; COMP_WORDS=(egress-probe {words}); COMP_CWORD={at}; \
             _egress__probe egress-probe \"${{COMP_WORDS[{at}]}}\" \"${{COMP_WORDS[{at}-1]}}\"; echo \"${{COMPREPLY[@]}}\""
        );
        shell("bash", &["--norc", "-c", &line])
    };
    assert_eq!(completed("sta", 1), "status\n");
    assert_eq!(completed("fleet --serv", 2), "--service\n");
    assert_eq!(completed("check --format j", 3), "json junit\n");
}

#[test]
fn zsh_understands_its_script() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = script("zsh", folder.path());
    shell("zsh", &["-n", &script]);
    let text = fs::read_to_string(script).expect("text");
    assert!(text.starts_with("#compdef egress-probe\n"), "{text}");
}

#[test]
fn every_command_has_a_manual_page_without_errors() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("plain letters");
    assert_eq!(printed(&["man", "--into", path]), "");
    for words in all() {
        let name = [&["egress-probe".to_owned()], &words[..]]
            .concat()
            .join("-");
        let file = folder.path().join(format!("{name}.1"));
        let path = file.to_str().expect("plain letters");
        shell("mandoc", &["-T", "utf8", "-W", "error", path]);
        let page = fs::read_to_string(&file).expect("text");
        assert!(page.contains("\nExample"), "{name}: {page}");
        let arguments: Vec<&str> = ["man"]
            .into_iter()
            .chain(words.iter().map(String::as_str))
            .collect();
        assert_eq!(printed(&arguments), page, "{name}");
    }
    let pages = fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(pages, all().len());
}

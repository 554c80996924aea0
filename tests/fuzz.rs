//! Parsers of outside bytes, on what they were sent once: recorded exchanges, inputs that broke a promise in the
//! past, and a few hundred mutations of both. `make fuzz` goes on for as long as it is let.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../fuzz/src/targets/mod.rs"]
#[expect(unreachable_pub, reason = "the fuzzer compiles it as well")]
mod targets;

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use fastrand::Rng;

/// The same mutations in every run.
const SEED: u64 = 2020;
/// Of each target's inputs together.
const MUTATIONS: usize = 400;
/// Bytes of a mutation; longer inputs are for the fuzzer.
const LONGEST: usize = 4096;

/// What parsers look out for, or should.
const TOKENS: &[&[u8]] = &[
    b"\r\n",
    b"\n",
    b"\0",
    b"\x1b[2J",
    b"\xff\xfe",
    "\u{202e}".as_bytes(),
    b"\"",
    b"'",
    b"\\",
    b"{",
    b"}",
    b": ",
    b"- ",
    b"&a ",
    b"*a",
    b"<b>",
    b"&amp",
    b"SSH-2.0-",
    b"HTTP/1.1 200 ",
    b"\xc0\x0c",
    b"\xff\xff\xff\xff",
    b"%",
    b"#",
];

fn folder(kind: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz")
        .join(kind)
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name != ".gitkeep").collect()
}

/// The inputs of a target by name: what it was sent, and what it stumbled over.
fn inputs(target: &str) -> Vec<(String, Vec<u8>)> {
    let folders = ["corpus", "regressions"].map(|kind| folder(kind).join(target));
    let folders = folders.iter().filter(|folder| folder.exists());
    let files = folders.flat_map(|folder| names(folder).into_iter().map(|name| folder.join(name)));
    files
        .map(|file| (file.display().to_string(), fs::read(&file).unwrap()))
        .collect()
}

fn mutated(input: &[u8], other: &[u8], random: &mut Rng) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..random.usize(1..=4) {
        let at = random.usize(0..=bytes.len());
        match random.u8(0..6) {
            0 => bytes.truncate(at),
            1 => drop(bytes.splice(at..at, random.choice(TOKENS).unwrap().iter().copied())),
            2 => drop(bytes.drain(at..(at + random.usize(1..16)).min(bytes.len()))),
            3 => drop(bytes.splice(at.., other[at.min(other.len())..].iter().copied())),
            4 => {
                let again = bytes[at..(at + random.usize(1..64)).min(bytes.len())]
                    .repeat(random.usize(1..9));
                drop(bytes.splice(at..at, again));
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << random.u8(0..8);
                }
            }
        }
    }
    bytes.truncate(LONGEST);
    bytes
}

/// Why an input breaks a promise, with what it takes to try it again.
fn broken(target: &targets::Target, whence: &str, input: &[u8]) -> Option<String> {
    let tried = catch_unwind(AssertUnwindSafe(|| (target.check)(input)));
    let what = || format!("{} on {whence}: {}", target.name, input.escape_ascii());
    tried.is_err().then(what)
}

#[test]
fn what_was_recorded_and_what_was_found_keep_every_promise() {
    let of = |target: &'static targets::Target| {
        let inputs = inputs(target.name).into_iter();
        inputs.filter_map(|(file, input)| broken(target, &file, &input))
    };
    let broken: Vec<_> = targets::TARGETS.iter().flat_map(of).collect();
    assert!(broken.is_empty(), "promises are broken by {broken:#?}");
}

#[test]
fn mutations_of_it_keep_every_promise() {
    for target in targets::TARGETS {
        let inputs = inputs(target.name);
        let mut random = Rng::with_seed(SEED);
        for number in 0..MUTATIONS {
            let (file, input) = random.choice(&inputs).unwrap();
            let (_, other) = random.choice(&inputs).unwrap();
            let input = mutated(input, other, &mut random);
            let whence = format!("mutation {number} (seed {SEED}), of {file}");
            assert_eq!(broken(target, &whence, &input), None);
        }
    }
}

#[test]
fn every_target_has_a_program_and_seeds_and_nothing_is_left_over() {
    let targets: BTreeSet<_> = targets::TARGETS
        .iter()
        .map(|target| target.name.to_owned())
        .collect();
    let programs = names(&folder("fuzz_targets"));
    let programs: BTreeSet<_> = programs
        .iter()
        .map(|file| file.trim_end_matches(".rs").to_owned())
        .collect();
    assert_eq!(programs, targets);
    assert_eq!(names(&folder("corpus")), targets);
    assert!(names(&folder("regressions")).is_subset(&targets));
    let manifest = fs::read_to_string(folder("Cargo.toml")).unwrap();
    for target in targets {
        assert!(
            manifest.contains(&format!("[[bin]]\nname = \"{target}\"\n")),
            "{target}"
        );
        assert!(
            !names(&folder("corpus").join(&target)).is_empty(),
            "{target}"
        );
    }
}

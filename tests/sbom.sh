#!/bin/sh
# Writes the bill of materials of the image in CycloneDX: the crates in the program, and what is linked to them.
# usage: tests/sbom.sh OUTPUT
set -eu
cd "$(dirname "$0")/.."
output=$1

# The tool writes beside every Cargo.toml of a workspace, so it gets a copy.
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z | xargs -0 cp --parents --target-directory="$copy"
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) PATH="$PWD/target/cargo-tools/bin:$PATH" \
    cargo cyclonedx --quiet --manifest-path "$copy/Cargo.toml" --format json --spec-version 1.5 \
    --describe binaries --no-build-deps --target x86_64-unknown-linux-gnu

# What is no crate. The Dockerfile's base image decides on the first two.
suffixes=$(sed -n '/^name = "psl"/{n;s/^version = "\(.*\)"/\1/p}' Cargo.lock)
rust=$(sed -n 's/^ARG RUST_VERSION=//p' Dockerfile)
jq --arg copy "path+file://$copy" --arg rust "$rust" --arg suffixes "$suffixes" '
    (.. | strings | select(startswith($copy))) |= "path" + ltrimstr($copy)
    | .components += [
        {type: "library", "bom-ref": "rust-std", name: "rust-std", version: $rust, scope: "required",
         description: "the standard library of Rust", licenses: [{expression: "MIT OR Apache-2.0"}]},
        {type: "library", "bom-ref": "glibc", name: "glibc", version: "2.36", scope: "required",
         description: "the C library of Debian 12, linked statically", licenses: [{expression: "LGPL-2.1-or-later"}],
         purl: "pkg:deb/debian/libc6@2.36?distro=debian-12"},
        {type: "data", "bom-ref": "public-suffix-list", name: "public-suffix-list", version: $suffixes, scope: "required",
         description: "publicsuffix.org, of the crate psl of this version", licenses: [{license: {id: "MPL-2.0"}}]}
      ]
    | .metadata.component."bom-ref" as $program
    | (.dependencies[] | select(.ref == $program) | .dependsOn) += ["rust-std", "glibc", "public-suffix-list"]' "$copy/egress-probe_bin.cdx.json" > "$output"

#!/bin/sh
# Builds the programs that look at dependencies and puts them under target/cargo-tools, when that is not done yet. They run for
# a moment, so they are built without optimisation, in a third of the time.
set -eu
cd "$(dirname "$0")/.."

tools=target/cargo-tools
for program in cargo-deny@0.20.2 cargo-cyclonedx@0.5.9; do
    stamp=$tools/$program
    [ ! -e "$stamp" ] || continue
    cargo install --quiet --debug --locked --root $tools --target-dir $tools/build "$program"
    rm -rf $tools/build
    touch "$stamp"
done

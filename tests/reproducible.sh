#!/bin/sh
# Builds the present commit twice, from nothing and in two folders, and compares the programs.
# The flags are the Dockerfile's: a path of the build in the program would be a difference.
set -eu
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
revision=$(git rev-parse HEAD)
host=$(rustc -vV | sed -n "s/^host: //p")

built() {
    git clone --quiet --no-checkout . "$work/$1"
    cd "$work/$1"
    git checkout --quiet "$revision"
    EGRESS_PROBE_REVISION=$revision \
        RUSTFLAGS="-Ctarget-feature=+crt-static --remap-path-prefix=$PWD=. --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo" \
        cargo build --quiet --release --locked --bin egress-probe --target "$host"
    mv "target/$host/release/egress-probe" "$work/$2"
}

# Side by side: linking uses one processor only.
(built here first) &
first=$!
(built in-another-place second)
wait $first
if ! cmp "$work/first" "$work/second"; then
    echo "Two builds of $revision differ." >&2
    exit 1
fi
(cd "$work" && sha256sum first second)
if grep --text --only-matching "$work[^[:cntrl:]]\{0,60\}\|${HOME}/[^[:cntrl:]]\{0,60\}" "$work/first"; then
    echo "The program holds paths of the machine it was built on." >&2
    exit 1
fi

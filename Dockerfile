# The agent, and nothing else: no shell, no C library, no certificates (it carries the public roots).
#
#   make image                                   with what is installed: docker, podman or buildah
#   docker buildx build --platform linux/amd64,linux/arm64 .

# The one of rust-toolchain.toml.
ARG RUST_VERSION=1.95.0

# Runs on the builder's own architecture and compiles for the image's: an emulated compiler would take hours.
FROM --platform=$BUILDPLATFORM rust:${RUST_VERSION}-bookworm AS build
ARG RUST_VERSION
ARG TARGETARCH
# Else rustup would follow rust-toolchain.toml, and fetch lints and formatter too.
ENV RUSTUP_TOOLCHAIN=${RUST_VERSION}
WORKDIR /build

# The target (the builder's own, if nobody names one), and flags that leave no path of this stage in the binary. With an explicit target they do not apply to
# what runs during the build, which cannot be static.
# hadolint ignore=DL3008
RUN set -eu; \
    own=$(dpkg --print-architecture) target=${TARGETARCH:-$own}; \
    case "$target" in \
        amd64) cpu=x86_64 compiler=gcc-x86-64-linux-gnu ;; \
        arm64) cpu=aarch64 compiler=gcc-aarch64-linux-gnu ;; \
        *) echo "no image for '$target': TARGETARCH is amd64 or arm64" >&2; exit 1 ;; \
    esac; \
    if [ "$target" != "$own" ]; then \
        apt-get update; \
        apt-get install -y --no-install-recommends "$compiler" "libc6-dev-$target-cross"; \
        rm -rf /var/lib/apt/lists/*; \
        rustup target add "$cpu-unknown-linux-gnu"; \
    fi; \
    printf '%s\n' \
        '[build]' \
        "target = '$cpu-unknown-linux-gnu'" \
        "[target.$cpu-unknown-linux-gnu]" \
        "linker = '$cpu-linux-gnu-gcc'" \
        "rustflags = ['-Ctarget-feature=+crt-static'," \
        "  '--remap-path-prefix=$PWD=.', '--remap-path-prefix=$CARGO_HOME=cargo']" \
        > "$CARGO_HOME/config.toml"

# The dependencies are a layer of their own, which a change of the sources leaves as it is.
COPY Cargo.toml Cargo.lock build.rs ./
COPY benches/Cargo.toml benches/
COPY tests/lab/Cargo.toml tests/lab/
RUN mkdir -p src benches/src tests/lab/src \
    && echo 'fn main() {}' > src/main.rs \
    && touch src/lib.rs benches/src/main.rs tests/lab/src/lib.rs \
    && cargo build --release --locked --bin egress-probe

COPY askama.toml ./
COPY docs/causes.md docs/reasons.md docs/
COPY src src
ARG EGRESS_PROBE_REVISION=unknown
ARG SOURCE_DATE_EPOCH=0
# Newer than what stood in their place; and the same date in every build of one revision.
RUN touch src/main.rs src/lib.rs \
    && cargo build --release --locked --bin egress-probe \
    && cp target/*/release/egress-probe / \
    && touch --date="@$SOURCE_DATE_EPOCH" /egress-probe

FROM scratch
ARG EGRESS_PROBE_REVISION=unknown
LABEL org.opencontainers.image.title="egress-probe" \
      org.opencontainers.image.description="Proves, endpoint by endpoint, that an AKS node can reach what it must reach" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="${EGRESS_PROBE_REVISION}" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=build /egress-probe /egress-probe
USER 65532:65532
EXPOSE 9100
# No HEALTHCHECK: the kubelet asks /healthz and /readyz, and there is no program in here that could.
ENTRYPOINT ["/egress-probe"]
CMD ["run"]

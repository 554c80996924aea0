#!/bin/sh
# Installs what the tests need from Debian, when something is missing and this user may.
set -eu

# program:package
needed='ip:iproute2 nft:nftables iptables:iptables dnsmasq:dnsmasq-base nginx:nginx-light sshd:openssh-server
chronyd:chrony haproxy:haproxy squid:squid promtool:prometheus python3:python3 curl:curl dig:bind9-dnsutils
openssl:openssl ssh-keyscan:openssh-client buildah:buildah runc:runc amtool:prometheus-alertmanager
tmux:tmux zsh:zsh mandoc:mandoc chromium:chromium npm:npm'

PATH=$PATH:/usr/sbin:/sbin
missing=
for pair in $needed; do
    command -v "${pair%%:*}" >/dev/null || missing="$missing ${pair#*:}"
done
[ -e /usr/lib/nginx/modules/ngx_stream_module.so ] || missing="$missing libnginx-mod-stream"
python3 -m pip --version >/dev/null 2>&1 || missing="$missing python3-pip"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "The tests need these Debian packages:$missing" >&2
    echo "Install them, or run this as root on Debian." >&2
    exit 1
fi
# The packages' own services must not start: the tests run servers of their own, elsewhere.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
    trap 'rm -f $policy' EXIT
fi
apt-get update -qq
# shellcheck disable=SC2086 # a list of words
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing

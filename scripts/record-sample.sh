#!/usr/bin/env bash
# Records captures/sample.pcap: the project's own traffic between two network namespaces that exist only while this runs.
# Needs root, and unshare, ip, ping and tcpdump (Debian: util-linux iproute2 iputils-ping tcpdump).
set -euo pipefail
cd "$(dirname "$0")/.."
output=${1:-captures/sample.pcap}

for tool in unshare ip ping tcpdump node; do
  command -v "$tool" >/dev/null || { echo "record-sample: $tool is not installed" >&2; exit 1; }
done
[ "$(id -u)" = 0 ] || { echo 'record-sample: network namespaces need root' >&2; exit 1; }
if [ -z "${TRIREME_SAMPLE_NAMESPACE:-}" ]; then
  TRIREME_SAMPLE_NAMESPACE=1 exec unshare --net --kill-child --fork --pid --mount-proc "$0" "$@"
fi

# This process lives in the servers' namespace; a sleeping one holds the clients'. Both vanish with them.
unshare --net sleep 120 &
clients=$!
until [ "$(readlink /proc/$clients/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
in_clients() { nsenter --net="/proc/$clients/ns/net" "$@"; }

ip link set lo up
ip link add servers type veth peer name clients
ip link set clients netns "$clients"
# Segments as they travel on a wire, not the 64 KB ones that the kernel passes between its own interfaces.
ip link set servers gso_max_segs 1 up
in_clients ip link set clients gso_max_segs 1 up
for host in 1 53; do
  ip addr add "192.0.2.$host/24" dev servers
  ip addr add "2001:db8::$host/64" dev servers nodad
done
for host in 11 12 13 14; do
  in_clients ip addr add "192.0.2.$host/24" dev clients
  in_clients ip addr add "2001:db8::$host/64" dev clients nodad
done

node scripts/record-sample-traffic.mjs servers &
servers=$!
tcpdump -q -n -U -i servers -w "$output" 'not (icmp6 and (ip6[40] = 133 or ip6[40] = 134 or ip6[40] = 143))' &
recorder=$!
sleep 1

node() { in_clients "$(type -P node)" "$@"; }
node scripts/record-sample-traffic.mjs clients
in_clients ping -q -n -c 3 -i 0.2 -I 192.0.2.11 192.0.2.1
in_clients ping -q -n -c 3 -i 0.2 -s 1000 192.0.2.53
in_clients ping -q -n -c 3 -i 0.2 -I 2001:db8::12 2001:db8::1

sleep 0.5
kill -INT "$recorder"
wait "$recorder" || true
kill "$servers" "$clients"
chown --reference=package.json "$output" # tcpdump gives it to its own user
echo "record-sample: wrote $output ($(stat -c %s "$output") bytes)"

#!/usr/bin/env bash
# In immediate mode tcpdump keeps each packet in a frame of the snapshot length, 262,144 bytes by default, so that its buffer of 2 MiB
# holds few of them, however short they are: of a burst most are dropped by the kernel. Guessed was that the mode only delivers sooner.
# With -s 2048 -B 16384 the same burst is whole. Seen with tcpdump 4.99.3 (libpcap 1.10.3) on Linux 6.
# Needs root, tcpdump, iproute2 and python3 in place of an npm package.
set -euo pipefail
one="trireme-finding-a-$$"
two="trireme-finding-b-$$"
work=$(mktemp -d)
trap 'ip netns del "$one" 2>/dev/null || true; ip netns del "$two" 2>/dev/null || true; rm -rf "$work"' EXIT
tcpdump --version 2>&1 | head -2
ip netns add "$one"
ip netns add "$two"
ip link add veth0 netns "$one" type veth peer name veth0 netns "$two"
ip -n "$one" addr add 198.18.0.1/24 dev veth0
ip -n "$two" addr add 198.18.0.2/24 dev veth0
ip -n "$one" link set veth0 up
ip -n "$two" link set veth0 up
# The first packets would wait for the answer to ARP.
ip -n "$one" neigh replace 198.18.0.2 lladdr "$(ip netns exec "$two" cat /sys/class/net/veth0/address)" dev veth0

# Datagrams of one byte that are sent in a burst, and those that tcpdump says the kernel has dropped.
dropped() {
  ip netns exec "$two" tcpdump -i veth0 -U -w "$work/burst.pcap" "$@" udp port 4242 2>"$work/said" &
  local pid=$!
  until grep -q listening "$work/said"; do sleep 0.1; done
  ip netns exec "$one" python3 -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(5000): s.sendto(b'x', ('198.18.0.2', 4242))"
  sleep 2
  kill -INT "$pid"
  wait "$pid" || true
  sed -n 's/ packets dropped by kernel$//p' "$work/said"
}

unexpected=0
plain=$(dropped)
immediate=$(dropped --immediate-mode)
short=$(dropped --immediate-mode -s 2048 -B 16384)
echo "of 5,000 datagrams dropped: $plain; in immediate mode $immediate; with -s 2048 -B 16384 beside it $short"
[ "$immediate" -gt "$plain" ] && [ "$immediate" -gt "$short" ] || unexpected=1
exit "$unexpected"

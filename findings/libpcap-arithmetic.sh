#!/usr/bin/env bash
# Arithmetic in filters of libpcap, on one packet of IPv4 and UDP: ^ and % have no precedence, so they take all on their right; the
# protocol of an operator's right side is not asked for; and the first number on a right side is taken for the divisor.
# Needs tcpdump (Debian: apt install tcpdump) in place of an npm package.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
tcpdump --version 2>&1 | head -2

# Header of a capture of Ethernet, one record of 46 bytes: IPv4 10.0.0.1 to 10.0.0.2, UDP 53 to 53, four bytes.
printf '%b' "$(sed 's/../\\x&/g' <<<"d4c3b2a1020004000000000000000000000004000100000000000000000000002e0000002e000000\
ffffffffffff0011223344550800450000200000000040110000\
0a0000010a00000200350035000c000000000000")" >one.pcap

unexpected=0
while IFS='|' read -r expression expected why; do
  seen=$(tcpdump -n -O --count -r one.pcap -- "$expression" 2>&1 | grep -v -e '^reading' -e '^Warning' | head -1) || true
  printf '%-34s %-28s %s\n' "$expression" "$seen" "$why"
  [ "$seen" = "$expected" ] || unexpected=1
done <<'LIST'
1 << 2 ^ 3 + 4 = 32|1 packet|1 << (2 ^ (3 + 4)); by C's rules it would be 4 ^ 7 = 3
udp[0:2] + 0 = 53|1 packet|UDP is asked for and there
tcp[0:2] + 0 = 53|0 packets|TCP is asked for and not there
0 + tcp[0:2] = 53|1 packet|on the right side TCP is not asked for
ip[0] / udp[0] = 1|tcpdump: division by zero|the offset 0 is taken for the divisor
LIST
[ "$unexpected" = 0 ] || { echo "otherwise than found: see findings/README.md"; exit 1; }

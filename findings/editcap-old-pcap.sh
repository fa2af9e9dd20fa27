#!/usr/bin/env bash
# Three old variants of pcap that editcap writes (Red Hat 6.1, SuSE 6.3, Nokia) have longer record headers behind the magic numbers
# of other variants. Wireshark finds out which one it is by trying; guessed was that tcpdump does too, or refuses them. It takes the
# first records wrongly and calls a later one damaged or cut; how many it takes depends on the data. Seen with tcpdump 4.99.3 (libpcap 1.10.3) and Wireshark 4.0.17.
# Needs tcpdump and Wireshark's tools (Debian: apt install tcpdump wireshark-common) in place of an npm package.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
tcpdump --version 2>&1 | head -2
editcap --version | head -1

# Five packets of Ethernet: IPv4 10.0.0.1 to 10.0.0.2, UDP 53 to 53, four bytes.
for _ in 1 2 3 4 5; do
  echo "0000 ff ff ff ff ff ff 00 11 22 33 44 55 08 00 45 00 00 20 00 00 00 00 40 11 00 00 0a 00 00 01 0a 00 00 02"
  echo "0022 00 35 00 35 00 0c 00 00 00 00 00 00"
done >packets.txt
text2pcap -q packets.txt five.pcap

unexpected=0
while IFS='|' read -r variant magic expected; do
  editcap -F "$variant" five.pcap "$variant"
  seen="$(head -c 4 "$variant" | od -An -tx1 | tr -d ' ')"
  wireshark=$(capinfos -rTc "$variant" | cut -f 2)
  tcpdump=$(tcpdump -r "$variant" --count 2>/dev/null | tail -1) || true
  printf '%-12s magic %s, capinfos %s, tcpdump %s\n' "$variant" "$seen" "$wireshark" "$tcpdump"
  [ "$tcpdump" = '5 packets' ] && found=all || found=fewer
  [ "$seen/$wireshark/$found" = "$magic/5/$expected" ] || unexpected=1
done <<'LIST'
modpcap|34cdb2a1|all
rh6_1pcap|d4c3b2a1|fewer
suse6_3pcap|34cdb2a1|fewer
nokiapcap|d4c3b2a1|fewer
LIST
[ "$unexpected" = 0 ] || { echo "otherwise than found: see findings/README.md"; exit 1; }

#!/usr/bin/env bash
# tcpdump that reads a capture and writes all of its packets gives other bytes, also in the byte order of the machine: of the header
# time zone and accuracy become 0, version 2.3 becomes 2.4, a snapshot length of 0 or of 2^31 and more 262,144, and raw IP as link
# type 12 becomes 101. Guessed was a copy. Records stay as they are. Seen with tcpdump 4.99.3 (libpcap 1.10.3) on a little-endian machine.
# Needs tcpdump and python3 in place of an npm package.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tcpdump --version 2>&1 | head -2
python3 - "$work" <<'PYTHON'
import struct, subprocess, sys

folder = sys.argv[1]
record = struct.pack("<IIII", 1, 2, 40, 40) + bytes([0x45]) + bytes(39)


def header(minor=4, zone=0, accuracy=0, snap=65535, link=101):
    return struct.pack("<IHHiIII", 0xA1B2C3D4, 2, minor, zone, accuracy, snap, link)


cases = {
    "as libpcap writes it": (header(), header()),
    "a time zone": (header(zone=-3600), header()),
    "an accuracy": (header(accuracy=6), header()),
    "version 2.3": (header(minor=3), header()),
    "a snapshot length of 0": (header(snap=0), header(snap=262144)),
    "a snapshot length of 2^31": (header(snap=2**31), header(snap=262144)),
    "raw IP as 12": (header(link=12), header(link=101)),
}
unexpected = 0
for name, (given, expected) in cases.items():
    with open(f"{folder}/in.pcap", "wb") as file:
        file.write(given + record)
    command = ["tcpdump", "-r", f"{folder}/in.pcap", "-w", f"{folder}/out.pcap"]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    with open(f"{folder}/out.pcap", "rb") as file:
        written = file.read()
    same = written == expected + record
    unexpected += not same
    print(f"{name}: {given[4:].hex()} becomes {written[4:24].hex()}{'' if same else ', which was not expected'}")
sys.exit(1 if unexpected else 0)
PYTHON

#!/usr/bin/env bash
# Downloads the two public captures of the exercise into captures/fetched. Run again, it goes on where it stopped.
set -euo pipefail
cd "$(dirname "$0")/.."
from=${TRIREME_CAPTURES_URL:-https://s3.amazonaws.com/tcpreplay-pcap-files}
into=${TRIREME_CAPTURES_FETCHED:-captures/fetched}

command -v curl >/dev/null || { echo 'fetch-captures: curl is not installed (Debian: apt-get install curl)' >&2; exit 1; }
mkdir -p "$into"
for name in smallFlows.pcap bigFlows.pcap; do
  if [ -e "$into/$name" ]; then
    echo "fetch-captures: $into/$name is there"
    continue
  fi
  echo "fetch-captures: $from/$name"
  # --continue-at: a part file left by an interrupted run is completed, not fetched anew.
  if ! curl --fail --location --retry 3 --connect-timeout 20 --continue-at - --output "$into/$name.part" "$from/$name"; then
    echo "fetch-captures: could not get $from/$name: are you online? Run this again to go on where it stopped" >&2
    exit 1
  fi
  # A web page in place of the file must not pass for a capture: little-endian classic captures begin so.
  if [ "$(head -c 4 "$into/$name.part" | od -An -tx1 | tr -d ' \n')" != d4c3b2a1 ]; then
    echo "fetch-captures: what $from/$name sent is no capture; it is left in $into/$name.part for you to look at, and must be removed before the next try" >&2
    exit 1
  fi
  mv "$into/$name.part" "$into/$name"
done

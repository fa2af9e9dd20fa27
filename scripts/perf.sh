#!/usr/bin/env bash
# Profiles an analysis of one capture with perf and writes a flame graph: scripts/perf.sh FILE [SVG] [analyze options...].
# JavaScript and WebAssembly functions are named by node's own perf map (--perf-basic-prof).
set -euo pipefail
cd "$(dirname "$0")/.."

[ $# -ge 1 ] || { echo 'perf: name a capture: make perf PCAP=FILE' >&2; exit 2; }
capture=$1
output=${2:-build/perf/flame.svg}
shift $(($# < 2 ? 1 : 2))
[ -r "$capture" ] || { echo "perf: cannot read $capture" >&2; exit 2; }
command -v perf >/dev/null || { echo 'perf: perf is not installed (Debian: apt-get install linux-perf, or make deps ARGS=--all)' >&2; exit 1; }

mkdir -p "$(dirname "$output")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Hardware cycles are not countable in many virtual machines; the clock always is.
event=cycles
perf stat -e cycles:u -- true >"$work/stat" 2>&1 && ! grep -q 'not supported' "$work/stat" || event=cpu-clock

# The perf map must have the name of the process that perf sees, in /tmp; it is removed afterwards.
if ! perf record --quiet -e "$event" -F 999 -g -o "$work/perf.data" -- \
  node --perf-basic-prof --interpreted-frames-native-stack --no-logfile-per-isolate --logfile="$work/v8.log" bin/trireme analyze "$capture" --json "$@" \
  >"$work/result.json" 2>"$work/said"; then
  cat "$work/said" >&2
  echo 'perf: recording failed; without root, sysctl kernel.perf_event_paranoid must be 2 or less' >&2
  exit 1
fi
perf script -i "$work/perf.data" -F comm,pid,tid,ip,sym >"$work/stacks" 2>"$work/said" || { cat "$work/said" >&2; exit 1; }
for pid in $(awk '/^[^ \t]/ {split($2, ids, "/"); print ids[1]}' "$work/stacks" | sort -u); do rm -f "/tmp/perf-$pid.map"; done

node scripts/flame-graph.mjs "analyze $(basename "$capture") ($event)" <"$work/stacks" >"$output"
echo "perf: wrote $output"

#!/usr/bin/env bash
# Runs the benchmark named (a folder of bench/: callers, cancels, captures, exports, fairness, filter, jobs, packed, page, plan, policy, quotas, scale, strangers, xdp), or every one, with the options that follow.
set -euo pipefail
cd "$(dirname "$0")/.."

available=()
for run in dist/bench/*/run.js; do
  [ -e "$run" ] && available+=("$(basename "$(dirname "$run")")")
done
[ ${#available[@]} -gt 0 ] || { echo 'bench: nothing is built: run make build first' >&2; exit 1; }

if [ $# -eq 0 ] || [[ $1 == -* ]]; then
  for name in "${available[@]}"; do
    echo "== $name"
    node "dist/bench/$name/run.js" "$@"
  done
  exit
fi
name=$1
shift
if [ ! -e "dist/bench/$name/run.js" ]; then
  echo "bench: there is no benchmark '$name': choose one of ${available[*]}" >&2
  exit 2
fi
exec node "dist/bench/$name/run.js" "$@"

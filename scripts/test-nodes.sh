#!/usr/bin/env bash
# Runs the tests on other versions of Node: make test-nodes runs all of them; with --few the demo and the tests of engine, hub, load
# balancer, worker and ledger, and no version for long. The binaries are those of npm's package `node`, whose install script would
# fetch them: they are named directly, because no install script runs here.
# Usage: scripts/test-nodes.sh [--few] [VERSION...]
set -euo pipefail
cd "$(dirname "$0")/.."

few=false
[ "${1:-}" = --few ] && few=true && shift
versions=("$@")
[ ${#versions[@]} -gt 0 ] || versions=(22 24 26)

# A version that takes longer than this with --few hangs: the tests take half a minute on two idle cores, and four on a busy machine.
few_seconds_max=420

case $(uname -m) in
  x86_64) arch=x64 ;;
  aarch64) arch=arm64 ;;
  *) echo "test-nodes: SKIP: npm has no Node for $(uname -m)"; exit 0 ;;
esac

# Compiled code that analyze keeps goes where nobody misses it.
XDG_CACHE_HOME=$(mktemp -d)
export XDG_CACHE_HOME
trap 'rm -rf "$XDG_CACHE_HOME"' EXIT

failed=()
for version in "${versions[@]}"; do
  folder=build/nodes/$version
  mkdir -p "$folder"
  if ! npm install --prefix "$folder" --no-save --no-audit --no-fund --silent --prefer-offline "node-linux-$arch@$version"; then
    echo "test-nodes: SKIP Node $version: npm could not fetch node-linux-$arch@$version"
    continue
  fi
  bin=$PWD/$folder/node_modules/node-linux-$arch/bin
  echo "test-nodes: Node $("$bin/node" --version)"
  if $few; then
    run() { timeout --kill-after=10 $few_seconds_max "$@"; }
    # What random inputs find does not depend on Node: a tenth of them is enough.
    export TRIREME_PROPERTY_RUNS=0.1
    tests=('dist/test/unit/(pcap|captures/(file|[^jf][^/]*)/|hub|lb|worker|kinds|ledger/local)' 'story/(launch|lb-lines|worker-hubs)')
  else
    run() { "$@"; }
    tests=()
  fi
  # The programs under test are started by this Node, and by the name `node`.
  if ! PATH=$bin:$PATH run make --no-print-directory -o build demo >"$folder/demo.log" 2>&1; then
    echo "test-nodes: make demo failed on Node $version:"
    tail -20 "$folder/demo.log"
    failed+=("$version")
  elif ! PATH=$bin:$PATH run "$bin/node" node_modules/jest/bin/jest.js "${tests[@]}"; then
    failed+=("$version")
  else
    echo "test-nodes: Node $version passed"
  fi
done
if [ ${#failed[@]} -gt 0 ]; then
  echo "test-nodes: failed on Node ${failed[*]}" >&2
  exit 1
fi

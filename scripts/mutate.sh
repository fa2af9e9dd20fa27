#!/usr/bin/env bash
# Changes the pure modules one place at a time (Stryker) and says which changes no unit test notices. Stryker comes from npm when
# it is asked for: nobody else needs its 200 packages.
# Usage: scripts/mutate.sh [AREA[,AREA...]]: picking, jobs, hedges, framing, planner, merger, ledger
set -euo pipefail
cd "$(dirname "$0")/.."

# 10 wants Node 22.
version=9.6.1
folder=build/mutate
mkdir -p "$folder"
[ -f "$folder/package.json" ] || echo '{"private": true}' >"$folder/package.json"
npm install --prefix "$folder" --no-save --no-audit --no-fund --silent --ignore-scripts --prefer-offline \
  "@stryker-mutator/core@$version" "@stryker-mutator/jest-runner@$version"
[ $# -eq 0 ] || export TRIREME_MUTATE=$1
# What random inputs find is not what is asked here: each mutant pays for each case.
export TRIREME_PROPERTY_RUNS=${TRIREME_PROPERTY_RUNS:-0.1}
export TRIREME_PROPERTY_SEED=${TRIREME_PROPERTY_SEED:-1}
exec node "$folder/node_modules/@stryker-mutator/core/bin/stryker.js" run scripts/stryker.config.mjs

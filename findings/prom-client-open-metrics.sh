#!/usr/bin/env bash
# prom-client 15.1.3 (npm): the metrics of one registry, told as classic text, as OpenMetrics, and as classic text again.
#
# Guess: the first answer and the third are the same.
# Seen: the third calls the counter `asked` in place of `asked_total`: OpenMetrics takes the ending off the name of the metric itself.
# So a scraper that asks for OpenMetrics renames the series of all others. A registry with a metric of another one does the same.
#
# Prints the three lines, and fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent prom-client@15.1.3 >/dev/null
cat >try.js <<'JS'
const { Counter, Registry } = require('prom-client');
(async () => {
  const registry = new Registry();
  new Counter({ name: 'asked_total', help: 'so often', registers: [registry] }).inc(7);
  for (const type of ['PROMETHEUS', 'OPENMETRICS', 'PROMETHEUS']) {
    registry.setContentType(Registry[`${type}_CONTENT_TYPE`]);
    const text = await registry.metrics();
    console.log(`${type}: ${text.split('\n').find((line) => line.startsWith('asked'))}`);
  }
})();
JS
seen=$(node try.js)
echo "$seen"
[ "$seen" = $'PROMETHEUS: asked_total 7\nOPENMETRICS: asked_total 7\nPROMETHEUS: asked 7' ] || {
  echo "otherwise than found: see findings/README.md"
  exit 1
}

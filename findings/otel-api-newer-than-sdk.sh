#!/usr/bin/env bash
# @opentelemetry/api 1.10.0 beside @opentelemetry/sdk-trace-node 2.12.1, which brings api 1.9.1 (npm).
#
# Guess: a library that depends on the newest api of major version 1 gives its spans to any SDK of version 1 in its process.
# Seen: the api looks for what an api has registered whose minor version is its own or a later one. A newer api finds none and makes spans
# that go nowhere, without a word; an older one (1.4.1) finds it.
#
# Needs npm. Prints what each version found, and fails if that changes.
set -euo pipefail
command -v npm >/dev/null || { echo "SKIP: npm is not installed"; exit 0; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true}' >package.json
npm install --silent --no-audit --no-fund @opentelemetry/sdk-trace-node@2.12.1 @opentelemetry/api@1.9.1 \
  older@npm:@opentelemetry/api@1.4.1 newer@npm:@opentelemetry/api@1.10.0
cat >try.js <<'JS'
const { NodeTracerProvider } = require('@opentelemetry/sdk-trace-node');
new NodeTracerProvider().register();
for (const name of ['older', 'newer']) {
  const span = require(name).trace.getTracer('try').startSpan('span');
  console.log(`${name}:`, /^0+$/.test(span.spanContext().traceId) ? 'goes nowhere' : 'taken');
}
JS
node try.js | tee seen.txt
diff - seen.txt <<'SEEN'
older: taken
newer: goes nowhere
SEEN

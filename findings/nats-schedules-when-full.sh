#!/usr/bin/env bash
# nats-server 2.15.3 (Go): a stream of JetStream that lets messages be published later (allow_msg_schedules), and has a bound.
#
# Guess: like any other stream it can refuse what is put when it is full (discard: new), so that no job waiting in it is lost.
# Seen: the two together are refused. With discard: old the stream is made; a fourth schedule then drops the oldest of three
# that wait, and its publisher is told nothing, though each was acknowledged.
#
# Needs go. Prints what each request gave, and fails if that changes.
set -euo pipefail
command -v go >/dev/null || { echo "SKIP: go is not installed"; exit 0; }
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; wait; rm -rf "$folder"' EXIT
cd "$folder"
GOBIN="$folder" GOFLAGS=-mod=mod go install github.com/nats-io/nats-server/v2@v2.15.3 2>/dev/null
./nats-server -a 127.0.0.1 -p -1 -js -sd "$folder/store" --ports_file_dir "$folder" >/dev/null 2>&1 &
server=$!
for _ in $(seq 100); do ls nats-server_*.ports >/dev/null 2>&1 && break || sleep 0.1; done
cat >try.js <<'JS'
const { readdirSync, readFileSync } = require('node:fs');
const net = require('node:net');

const ports = JSON.parse(readFileSync(readdirSync('.').find((name) => name.endsWith('.ports')), 'utf8'));
const { port } = new URL(ports.nats[0]);
const socket = net.connect(port, '127.0.0.1');
const waiting = [];
let held = '';
socket.on('data', (bytes) => {
  held += bytes;
  for (let found; (found = /^(?:MSG \S+ \d+ (\d+)\r\n|[^M][^\r\n]*\r\n)/.exec(held)) !== null;) {
    const length = found[1] === undefined ? 0 : Number(found[1]) + 2;
    if (held.length < found[0].length + length) return;
    if (length > 0) waiting.shift()(JSON.parse(held.slice(found[0].length, found[0].length + length - 2)));
    held = held.slice(found[0].length + length);
  }
});
const answer = () => new Promise((resolve) => waiting.push(resolve));
socket.write('CONNECT {"verbose":false,"headers":true}\r\nSUB inbox.try 1\r\n');

function ask(subject, request) {
  const text = JSON.stringify(request);
  socket.write(`PUB ${subject} inbox.try ${text.length}\r\n${text}\r\n`);
  return answer();
}

function schedule(number) {
  const headers = 'NATS/1.0\r\nNats-Schedule: @at 2099-01-01T00:00:00Z\r\nNats-Schedule-Target: jobs.due\r\n\r\n';
  const text = `job ${number}`;
  socket.write(`HPUB jobs.later.${number} inbox.try ${headers.length} ${headers.length + text.length}\r\n${headers}${text}\r\n`);
  return answer();
}

const stream = (name, discard, more) =>
  ask(`$JS.API.STREAM.CREATE.${name}`, {
    name, discard, subjects: [`${name}.>`], storage: 'file', retention: 'limits', max_msgs: 3, num_replicas: 1, ...more,
  });

(async () => {
  const told = (made) => made.error?.description ?? 'made';
  const schedules = { allow_msg_schedules: true };
  console.log('discard new:', told(await stream('plain', 'new', {})));
  console.log('discard new, with schedules:', told(await stream('jobs', 'new', schedules)));
  console.log('discard old, with schedules:', told(await stream('jobs', 'old', schedules)));
  for (let i = 1; i <= 4; i++) console.log(`schedule ${i}:`, told(await schedule(i)) === 'made' ? 'acknowledged' : 'refused');
  const { state } = await ask('$JS.API.STREAM.INFO.jobs', { subjects_filter: '>' });
  console.log('left:', Object.keys(state.subjects).sort().join(' '));
  socket.end();
})();
JS
timeout 20 node try.js | tee seen.txt
diff - seen.txt <<'SEEN'
discard new: made
discard new, with schedules: message scheduling cannot use discard new
discard old, with schedules: made
schedule 1: acknowledged
schedule 2: acknowledged
schedule 3: acknowledged
schedule 4: acknowledged
left: jobs.later.2 jobs.later.3 jobs.later.4
SEEN

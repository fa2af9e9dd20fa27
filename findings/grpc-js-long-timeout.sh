#!/usr/bin/env bash
# grpc-js 1.14.7 (npm) as a server, and a caller that gives a job 30 days: the header `grpc-timeout: 720H`, which the
# gRPC protocol over HTTP/2 allows (up to eight digits and a unit from hours to nanoseconds).
#
# Guess: the call runs, since its deadline is far off.
# Seen: it ends at once with status 4, DEADLINE_EXCEEDED. The milliseconds do not fit the 31 bits of a timer of Node,
# which takes such a delay for 1 ms. 590 hours still fit and are answered.
#
# Prints what each timeout gave, and fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent @grpc/grpc-js@1.14.7 >/dev/null
cat >try.js <<'JS'
const http2 = require('node:http2');
const grpc = require('@grpc/grpc-js');

const same = (bytes) => bytes;
const echo = {
  path: '/finding.Echo/Say', requestStream: false, responseStream: false,
  requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same,
};

function say(port, timeout) {
  return new Promise((resolve) => {
    const session = http2.connect(`http://127.0.0.1:${port}`);
    const call = session.request({
      ':method': 'POST', ':path': echo.path, te: 'trailers',
      'content-type': 'application/grpc', 'grpc-timeout': timeout,
    });
    let status;
    call.on('response', (headers) => (status ??= headers['grpc-status']));
    call.on('trailers', (headers) => (status ??= headers['grpc-status']));
    call.on('error', () => undefined);
    call.on('close', () => {
      session.close();
      resolve(status);
    });
    call.resume();
    call.end(Buffer.from([0, 0, 0, 0, 0]));
  });
}

const server = new grpc.Server();
// The answer takes a moment, as that of a job does.
server.addService({ say: echo }, { say: (call, answer) => setTimeout(() => answer(null, Buffer.alloc(0)), 200) });
server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), async (error, port) => {
  if (error) throw error;
  for (const timeout of ['590H', '720H']) console.log(`grpc-timeout ${timeout}: grpc-status ${await say(port, timeout)}`);
  server.forceShutdown();
});
JS
node try.js 2>/dev/null | tee seen.txt
diff - seen.txt <<'SEEN'
grpc-timeout 590H: grpc-status 0
grpc-timeout 720H: grpc-status 4
SEEN

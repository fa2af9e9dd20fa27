// Asks jobs with connect-node: connect-node.mjs HOST:PORT one|64|20/s SECONDS. Prints one line of JSON. The
// packages are taken from the folder in CALLER_MODULES, where the bench has installed them.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';

const load = createRequire(join(process.env.CALLER_MODULES, 'package.json'));
const { createClient } = load('@connectrpc/connect');
const { createGrpcTransport } = load('@connectrpc/connect-node');
const { createFileRegistry, fromBinary } = load('@bufbuild/protobuf');
const { FileDescriptorSetSchema } = load('@bufbuild/protobuf/wkt');

const [target, mode, seconds] = process.argv.slice(2);
const files = fromBinary(FileDescriptorSetSchema, readFileSync(process.env.CALLER_DESCRIPTORS));
const service = createFileRegistry(files).getService('trireme.v1.JobService');
const client = createClient(service, createGrpcTransport({ baseUrl: `http://${target}` }));
const end = performance.now() + Number(seconds) * 1000;
let jobs = 0;
const failed = {};
const fail = (error) => (failed[error.message] = (failed[error.message] ?? 0) + 1);

async function unary() {
  while (performance.now() < end) {
    try {
      await client.runJob({ kind: 1 }, { timeoutMs: 10_000 });
      jobs++;
    } catch (error) {
      fail(error);
    }
  }
}

async function* requests(perSecond) {
  for (let tag = 1n, due = performance.now(); due < end; tag++) {
    yield { jobs: [{ tag, kind: 1 }] };
    due += 1000 / perSecond;
    await wait(due - performance.now());
  }
}

if (mode.endsWith('/s')) {
  try {
    for await (const { results } of client.runJobs(requests(parseInt(mode)))) jobs += results.length;
  } catch (error) {
    fail(error);
  }
} else {
  await Promise.all(Array.from({ length: mode === 'one' ? 1 : Number(mode) }, unary));
}
console.log(JSON.stringify({ jobs, failed }));
process.exit(0);

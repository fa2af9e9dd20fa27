import * as grpc from '@grpc/grpc-js';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '../../src/hub/picking/seeded-random.js';
import { JobServiceClient } from '../../src/gen/trireme/v1/job.js';
import { RunningRole } from '../support/running-role.js';
import { scratchFolder } from '../support/scratch.js';

/** The long run: TRIREME_PAYLOAD_JOBS=100000 TRIREME_CLIENTS=50; TRIREME_SEED draws the same payloads and faults. */
const number = (name: string, unsaid: number): number => Number(process.env[`TRIREME_${name}`] ?? unsaid);
const jobsCount = number('PAYLOAD_JOBS', 1_000);
const clientsCount = number('CLIENTS', 10);
const seed = number('SEED', Date.now() % 2 ** 31);

const inFlightEach = 8;
const payloadBytesMax = 1_000_000;
/** A fault comes after so many answers. */
const faultEvery = Math.max(100, Math.ceil(jobsCount / 60));
/** Longer than a worker may be silent: its jobs go elsewhere, and it comes back with answers that nobody waits for. */
const standsStillMs = [500, 8_000];

const scratch = scratchFolder();
const kinds = join(scratch.path, 'kinds');
const log = join(scratch.path, 'begun');
const random = seededRandom(seed);
const below = (count: number): number => Math.floor(random() * count);
const pool = randomBytes(2 * payloadBytesMax);
let lb: RunningRole;
let grpcAt: string;
let workers: RunningRole[] = [];
let clients: JobServiceClient[] = [];

/** DIGEST may run twice; ONCE may not, and writes down which job begins. */
const files = {
  'digest.kind.js': `const { createHash } = require('node:crypto');
    exports.kind = { mayCopy: true, run: ({ payload }) => createHash('sha256').update(payload).digest('hex') };`,
  'once.kind.js': `const { createHash } = require('node:crypto');
    const { appendFileSync } = require('node:fs');
    exports.kind = { run: ({ payload }) => {
      appendFileSync(${JSON.stringify(log)}, payload.subarray(0, payload.indexOf(10) + 1));
      return createHash('sha256').update(payload).digest('hex');
    } };`,
};

async function startWorker(name: string): Promise<RunningRole> {
  const worker = RunningRole.start(['worker', '--host', grpcAt, '--slots', '2', '--name', name, '--kinds', kinds]);
  await worker.line('attached');
  return worker;
}

beforeAll(async () => {
  mkdirSync(kinds);
  writeFileSync(log, '');
  for (const [name, text] of Object.entries(files)) writeFileSync(join(kinds, name), text);
  const free = '127.0.0.1:0';
  lb = RunningRole.start(['lb', '--tcp', free, '--grpc', free, '--admin', free]);
  grpcAt = (await lb.line('listening')).grpc as string;
  workers = await Promise.all(['safe', 'w1', 'w2'].map(startWorker));
  clients = Array.from(
    { length: clientsCount },
    () => new JobServiceClient(grpcAt, grpc.credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 }),
  );
}, 60_000);

afterAll(async () => {
  for (const client of clients) client.close();
  for (const worker of workers) worker.child.kill('SIGCONT');
  await Promise.all([lb, ...workers].map((role) => role.end('SIGKILL')));
}, 60_000);

/**
 * The payload of a job: its size is log-uniform, so that there are as many of 1 to 10 bytes as of 100,000 to 1,000,000.
 */
function payloadOf(job: number, kindName: string): Buffer {
  const size = below(20) === 0 ? 0 : Math.floor(Math.exp(random() * Math.log(payloadBytesMax)));
  const from = below(payloadBytesMax);
  const head = Buffer.from(kindName === 'ONCE' ? `job${job}\n` : '');
  return Buffer.concat([head, pool.subarray(from, from + Math.max(0, size - head.length))]);
}

/** The answer, or the error behind its code. */
function run(client: JobServiceClient, kindName: string, payload: Buffer): Promise<string> {
  return new Promise((resolve) =>
    client.runJob({ kind: 0, kindName, payload }, (error, answer) =>
      resolve(error === null ? answer.result : error.details),
    ),
  );
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Kills, ends, stops or adds a worker; the first one is left alone. Resolves when the worker is there again. */
async function harm(counts: Map<string, number>): Promise<void> {
  const victim = 1 + below(workers.length - 1);
  const faults: Readonly<Record<string, () => Promise<void>>> = {
    killed: async () => {
      await workers[victim].end('SIGKILL');
      workers[victim] = await startWorker(`w${victim}`);
    },
    ended: async () => {
      await workers[victim].end();
      workers[victim] = await startWorker(`w${victim}`);
    },
    stopped: async () => {
      const { child } = workers[victim];
      child.kill('SIGSTOP');
      await sleep(standsStillMs[below(2)]);
      child.kill('SIGCONT');
    },
    added: async () => {
      if (workers.length < 5) workers.push(await startWorker(`w${workers.length}`));
    },
  };
  const what = Object.keys(faults)[below(4)];
  await faults[what]();
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

test(
  `each of ${jobsCount} jobs is answered with the digest of its own payload, and none that may not run twice begins twice (seed ${seed})`,
  async () => {
    const faults = new Map<string, number>();
    const outcomes = new Map<string, string>();
    const wrong: string[] = [];
    let [given, answered, bytes] = [0, 0, 0];
    const lane = async (client: JobServiceClient): Promise<void> => {
      while (given < jobsCount) {
        const job = given++;
        const kindName = job % 2 === 0 ? 'DIGEST' : 'ONCE';
        const payload = payloadOf(job, kindName);
        bytes += payload.length;
        const outcome = await run(client, kindName, payload);
        answered++;
        const right = outcome === createHash('sha256').update(payload).digest('hex');
        if (kindName === 'ONCE') outcomes.set(`job${job}`, right ? 'done' : outcome);
        if (!right && !(kindName === 'ONCE' && outcome.startsWith('MAY_HAVE_RUN')))
          wrong.push(`${kindName} ${job} of ${payload.length} bytes: ${outcome}`);
      }
    };
    const began = performance.now();
    const harming = (async () => {
      for (let next = faultEvery; answered < jobsCount;) {
        await sleep(10);
        if (answered < next) continue;
        next = answered + faultEvery;
        await harm(faults);
      }
    })();
    await Promise.all(clients.flatMap((client) => Array.from({ length: inFlightEach }, () => lane(client))));
    const seconds = (performance.now() - began) / 1000;
    await harming;
    // Workers that stood still may still begin what they hold.
    await sleep(1_000);
    const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1);
    const begun = new Set(lines);
    const told = [...outcomes].filter(([, outcome]) => outcome.startsWith('MAY_HAVE_RUN')).length;
    process.stderr.write(
      `${jobsCount} jobs, ${(bytes / 1e9).toFixed(2)} GB in ${seconds.toFixed(0)} s; faults ${JSON.stringify(Object.fromEntries(faults))}; ` +
        `${told} may have run, of which ${[...outcomes].filter(([id, outcome]) => outcome !== 'done' && begun.has(id)).length} had begun\n`,
    );
    expect(wrong.slice(0, 10)).toEqual([]);
    expect(answered).toBe(jobsCount);
    expect(lines.length - begun.size).toBe(0);
    expect([...outcomes].filter(([id, outcome]) => outcome === 'done' && !begun.has(id))).toEqual([]);
  },
  120_000 + 10 * jobsCount,
);

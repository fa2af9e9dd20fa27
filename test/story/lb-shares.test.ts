import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { JobServiceClient } from '../../src/gen/trireme/v1/job.js';
import { factsOf } from '../../src/common/grpc-status.js';
import { LineClient } from '../support/line-client.js';
import { RunningRole } from '../support/running-role.js';
import { runTrireme } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';

/**
 * Seconds for which the long form measures; none of them by itself. `TRIREME_SHARES_SECONDS=60 npx jest
 * story/lb-shares` takes two minutes.
 */
const measuredSeconds = Number(process.env.TRIREME_SHARES_SECONDS ?? 0);

const scratch = scratchFolder();
const free = '127.0.0.1:0';
const secret = (name: string): string => `secret-of-${name}`;
const names = ['alice', 'bob', 'carol', 'dave'];
let roles: RunningRole[] = [];

afterEach(async () => {
  await Promise.all(roles.splice(0).map((role) => role.end()));
});

function file(name: string, text: string, mode = 0o600): string {
  const path = join(scratch.path, name);
  writeFileSync(path, text, { mode });
  return path;
}

interface Cluster {
  readonly lb: RunningRole;
  readonly tcp: { readonly host: string; readonly port: number };
  readonly grpcAt: string;
  readonly admin: string;
}

/** A load balancer with shares and a worker whose kind WAIT takes as many milliseconds as the job says. */
async function start(shares: string, slots = 4): Promise<Cluster> {
  const lines = [
    'worker w secret-of-w',
    'operator o secret-of-o',
    ...names.map((name) => `client ${name} ${secret(name)}`),
  ];
  const credentials = file('credentials', lines.join('\n'));
  const args = ['--credentials', credentials, '--shares', file('shares.yaml', shares)];
  const lb = RunningRole.start(['lb', '--tcp', free, '--grpc', free, '--admin', free, ...args]);
  roles = [lb];
  const told = (await lb.line('listening')) as Record<string, string>;
  const [host, port] = told.tcp.split(':');
  file(
    'wait.kind.mjs',
    `const cell = new Int32Array(new SharedArrayBuffer(4));
export const kind = { mayCopy: true, units: 'number', run: (job) => void Atomics.wait(cell, 0, 0, Number(job.text)) };`,
  );
  const token = file('token', secret('w'));
  const hub = ['--host', told.grpc, '--token-file', token, '--kinds', scratch.path, '--slots', String(slots)];
  const worker = RunningRole.start(['worker', ...hub]);
  roles.push(worker);
  await worker.line('attached');
  return { lb, tcp: { host, port: Number(port) }, grpcAt: told.grpc, admin: told.admin };
}

/** A client that speaks JSON lines and keeps so many jobs of so many milliseconds outstanding. */
class Asker {
  readonly times: number[] = [];
  ended = false;
  private next = 0;
  private readonly asked = new Map<number, number>();

  private constructor(
    private readonly client: LineClient,
    private readonly ms: number,
    private readonly pauseMs: number,
  ) {}

  static async begin({ tcp }: Cluster, name: string, live: number, ms: number, pauseMs = 0): Promise<Asker> {
    const client = await LineClient.dial(tcp);
    const asker = new Asker(client, ms, pauseMs);
    client.socket.on('data', () => asker.take());
    client.socket.write(`AUTH ${secret(name)}\n`);
    for (let job = 0; job < live; job++) asker.ask();
    return asker;
  }

  private ask(): void {
    if (this.ended) return;
    const id = this.next++;
    this.asked.set(id, performance.now());
    this.client.socket.write(`${JSON.stringify({ id, kind: 'WAIT', payload: String(this.ms) })}\n`);
  }

  private take(): void {
    const { lines } = this.client;
    this.client.text = this.client.text.slice(this.client.text.lastIndexOf('\n') + 1);
    for (const line of lines) {
      const { id, error } = JSON.parse(line) as { id: number; error?: string };
      if (error !== undefined) throw new Error(line);
      this.times.push(performance.now() - (this.asked.get(id) as number));
      this.asked.delete(id);
      if (this.pauseMs === 0) this.ask();
      else setTimeout(() => this.ask(), this.pauseMs);
    }
  }

  async until(answers: number): Promise<void> {
    await this.client.until(() => this.times.length >= answers, `${answers} answers`);
  }

  end(): void {
    this.ended = true;
    this.client.socket.destroy();
  }
}

const p99 = (times: readonly number[]): number => [...times].sort((a, b) => a - b)[Math.floor(times.length * 0.99)];

function runJob({ grpcAt }: Cluster, name: string, ms: number): Promise<grpc.ServiceError | null> {
  const client = new JobServiceClient(grpcAt, grpc.credentials.createInsecure());
  const metadata = new grpc.Metadata();
  metadata.set('authorization', `Bearer ${secret(name)}`);
  return new Promise((resolve) => {
    client.runJob({ kind: 0, kindName: 'WAIT', payload: Buffer.from(String(ms)) }, metadata, (error) => {
      client.close();
      resolve(error);
    });
  });
}

/** Seconds that workers measured, by client. */
async function secondsOf({ admin }: Cluster): Promise<Record<string, number>> {
  const headers = { authorization: `Bearer ${secret('o')}` };
  const text = await (await fetch(`http://${admin}/metrics`, { headers })).text();
  const lines = [...text.matchAll(/^trireme_share_seconds_total{client="([^"]*)"} (\S+)$/gm)];
  return { dave: 0, ...Object.fromEntries(lines.map(([, name, seconds]) => [name, Number(seconds)])) };
}

test('a client over its seconds is told when to ask again, one over its jobs is read no further, and others go on', async () => {
  const cluster = await start(`
clients:
  alice: { secondsPerSecondMax: 0.05 }
  bob: { jobsMax: 2 }
`);
  expect(await runJob(cluster, 'alice', 200)).toBeNull();
  const error = (await runJob(cluster, 'alice', 1)) as grpc.ServiceError;
  expect(error.code).toBe(grpc.status.RESOURCE_EXHAUSTED);
  expect(error.details).toContain("the client 'alice' has used its 0.05 seconds of work in a second");
  const facts = factsOf(error.metadata);
  expect(facts).toMatchObject({ bound: 0.05, boundName: 'secondsPerSecondMax' });
  expect(facts.retrySeconds).toBeGreaterThan(0.5);
  expect(await runJob(cluster, 'carol', 1)).toBeNull();
  const bob = await Asker.begin(cluster, 'bob', 20, 20);
  await bob.until(40);
  bob.end();
});

test('a file that is wrong is refused with its place, and on SIGHUP the old one stays', async () => {
  const wrong = file('wrong.yaml', 'clients:\n  alice: { weight: none }\n');
  const { code, stderr } = await runTrireme(['lb', '--tcp', free, '--grpc', free, '--admin', free, '--shares', wrong]);
  expect([code, stderr]).toEqual([2, expect.stringContaining(`--shares ${wrong}:2:12: weight 'none' is not a number`)]);
  const cluster = await start('clients: { alice: { jobsMax: 1 } }');
  const { lb } = cluster;
  file('shares.yaml', 'clients: { alice: { jobsMax: 0 } }');
  lb.child.kill('SIGHUP');
  const line = await lb.line('shares not reloaded, the old ones stay');
  expect(line.error).toContain("shares.yaml:1:21: jobsMax '0' is not a whole number from 1 to 10000000");
  const alice = await Asker.begin(cluster, 'alice', 2, 300);
  const refused = async (): Promise<string> => (await runJob(cluster, 'alice', 1))?.details ?? '';
  let said = '';
  while (!(said = await refused()).includes('jobsMax'));
  expect(said).toContain('has 1 jobs outstanding');
  file('shares.yaml', 'clients: { alice: { jobsMax: 100 } }');
  lb.child.kill('SIGHUP');
  await lb.line('shares reloaded');
  expect(await refused()).toBe('');
  alice.end();
});

test('trireme shares, the page and metrics tell an operator what each client has', async () => {
  const cluster = await start('clients: { alice: { weight: 3 } }');
  expect([await runJob(cluster, 'alice', 40), await runJob(cluster, 'bob', 20)]).toEqual([null, null]);
  const ask = (token: string, ...more: string[]): ReturnType<typeof runTrireme> =>
    runTrireme(['shares', '--lb', cluster.grpcAt, ...more], { env: { TRIREME_TOKEN: secret(token) } });
  const table = (await ask('o')).stdout.split('\n');
  expect(table[0]).toMatch(/^CLIENT +WEIGHT +WAITING +RUNNING +SECONDS +DUE +HAD$/);
  expect(table.slice(1).join('\n')).toMatch(
    /^anonymous +1 +0 +0 +0\.0 +0\.0% +0\.0%\nalice +3 +0 +0 +\d\.\d +75\.0% +\d\d\.\d%\nbob +1 +0 +0 +\d\.\d +25\.0% +\d\d\.\d%\n$/,
  );
  const { shared, clients } = JSON.parse((await ask('o', '--json')).stdout) as {
    shared: boolean;
    clients: { client: string; seconds: number; secondsTotal: number }[];
  };
  expect([shared, clients.map(({ client }) => client)]).toEqual([true, ['anonymous', 'alice', 'bob']]);
  expect(clients[1].seconds).toBeGreaterThan(0.035);
  expect(clients[1].secondsTotal).toBe(clients[1].seconds);
  const live = await fetch(`http://${cluster.admin}/api/live`, { headers: { authorization: `Bearer ${secret('o')}` } });
  expect(((await live.json()) as { shares: unknown[] }).shares).toHaveLength(3);
  expect((await secondsOf(cluster)).alice).toBeCloseTo(clients[1].seconds, 6);
  const refused = await ask('alice');
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('needs the role operator')]);
});

test('a load balancer without shares says so', async () => {
  const lb = RunningRole.start(['lb', '--tcp', free, '--grpc', free, '--admin', free]);
  roles = [lb];
  const { grpc: at } = (await lb.line('listening')) as Record<string, string>;
  const { code, stdout } = await runTrireme(['shares', '--lb', at]);
  expect([code, stdout]).toEqual([0, 'clients have no shares: it was started without --shares\n']);
});

(measuredSeconds > 0 ? test : test.skip)(
  'weights 3 and 1 are seconds 3 to 1, and a client with few jobs waits no more than twice as long as alone',
  async () => {
    const cluster = await start('clients: { alice: { weight: 3 }, bob: { weight: 1 }, carol: { weight: 1 } }');
    const wait = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    const small = await Asker.begin(cluster, 'carol', 1, 20, 100);
    // The first jobs load the kind.
    await wait(2);
    small.times.length = 0;
    await wait(measuredSeconds / 4);
    const alone = p99(small.times.splice(0));
    const alice = await Asker.begin(cluster, 'alice', 64, 2);
    const bob = await Asker.begin(cluster, 'bob', 6400, 20);
    // Until costs are known.
    await wait(5);
    for (const { times } of [alice, bob, small]) times.length = 0;
    const before = await secondsOf(cluster);
    await wait(measuredSeconds);
    const after = await secondsOf(cluster);
    const had = names.map((name) => after[name] - before[name]);
    const facts = { had, jobs: [alice, bob, small].map(({ times }) => times.length), alone, beside: p99(small.times) };
    for (const asker of [alice, bob, small]) asker.end();
    console.log(JSON.stringify(facts));
    expect(Math.abs(had[0] / had[1] / 3 - 1)).toBeLessThan(0.05);
    expect(facts.beside).toBeLessThan(2 * alone);
  },
  (2 * measuredSeconds + 60) * 1000,
);

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '../../src/hub/picking/seeded-random.js';
import { eventually, writeLongCapture } from '../support/capture-cluster.js';
import { freePorts, startNats } from '../support/nats-cluster.js';
import { natsIsHere, skipWithoutNats, type NatsServer } from '../support/nats-server.js';
import { runTrireme, type Ran } from '../support/run-trireme.js';
import { RunningRole } from '../support/running-role.js';
import { scratchFolder } from '../support/scratch.js';

/**
 * The long run: TRIREME_MASTERS=3 TRIREME_WORKERS=5 TRIREME_NATS=3 TRIREME_ANALYSES=20 TRIREME_ANALYSIS_BYTES=200e6
 * TRIREME_FAULT_SECONDS=3; TRIREME_SEED repeats one.
 */
const number = (name: string, unsaid: number): number => Number(process.env[`TRIREME_${name}`] ?? unsaid);
const mastersCount = number('MASTERS', 2);
const workersCount = number('WORKERS', 2);
const natsCount = number('NATS', 1);
const analysesCount = number('ANALYSES', 6);
const faultMs = 1000 * number('FAULT_SECONDS', 0.5);
const faultsMax = number('FAULTS', natsCount > 1 ? 200 : 3);
const seed = number('SEED', Date.now() % 2 ** 31);
const captureBytes = number('ANALYSIS_BYTES', 40e6);

let servers: NatsServer[] = [];
const masters: { role: RunningRole; readonly grpc: string; readonly admin: string }[] = [];
let workers: RunningRole[] = [];

// Before the folder goes: hooks run in this order.
afterAll(async () => {
  for (const { child } of [...workers, ...masters.map(({ role }) => role)]) child.kill('SIGCONT');
  await Promise.all(workers.map((worker) => worker.end('SIGKILL')));
  await Promise.all(masters.map(({ role }) => role.end('SIGKILL')));
  await Promise.all(servers.map((server) => server.stop()));
}, 60_000);

const scratch = scratchFolder();
const captures = join(scratch.path, 'captures');
mkdirSync(captures);
let capture: string;
let expected: string;
let state: string;

async function startMaster(grpc: string, admin: string): Promise<RunningRole> {
  const role = RunningRole.start([
    ...['master', '--grpc', grpc, '--admin', admin, '--captures', captures, '--state', state],
    ...['--chunk-bytes', String(Math.max(100_000, Math.round(captureBytes / 100)))],
  ]);
  await role.line('listening');
  return role;
}

const startWorker = (name: string): RunningRole =>
  RunningRole.start([
    ...['worker', '--host', masters.map(({ grpc }) => grpc).join(','), '--name', name, '--slots', '1'],
    ...['--captures', captures],
  ]);

beforeAll(async () => {
  if (!natsIsHere) return;
  capture = writeLongCapture(join(captures, 'long.pcap'), captureBytes);
  expected = (await runTrireme(['analyze', '--json', '-q', capture])).stdout;
  servers = await startNats(scratch.path, natsCount);
  state = `nats://${servers.map(({ url }) => url.replace('nats://', '')).join(',')}`;
  for (let i = 0; i < mastersCount; i++) {
    const [grpc, admin] = (await freePorts(2)).map((port) => `127.0.0.1:${port}`);
    masters.push({ role: await startMaster(grpc, admin), grpc, admin });
  }
  workers = Array.from({ length: workersCount }, (_, i) => startWorker(`w${i}`));
  await Promise.all(workers.map((worker) => worker.line('attached')));
}, 120_000);

interface Listed {
  readonly id: string;
  readonly state: string;
  readonly attempts: number;
  readonly error: string | null;
}

async function listedAt(master: string): Promise<Listed[]> {
  const { code, stdout } = await runTrireme(['analyses', '--json', '--master', master]);
  return code === 0 ? (JSON.parse(stdout) as { analyses: Listed[] }).analyses : [];
}

const detach = (master: string): Promise<Ran> => runTrireme(['analyze', '--detach', '-q', '--master', master, capture]);
const resume = (master: string, id: string): Promise<Ran> =>
  runTrireme(['analyze', '--json', '--master', master, '--resume', id]);

skipWithoutNats('masters that share a ledger')('masters that share a ledger', () => {
  test('any master answers for an analysis that any of them took', async () => {
    const { stdout } = await detach(masters[0].grpc);
    const id = stdout.trim();
    for (const { grpc } of masters) expect(await resume(grpc, id)).toMatchObject({ code: 0, stdout: expected });
  });

  test(`whatever is killed or stands still, each analysis is done once and exact (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    const below = (count: number): number => Math.floor(random() * count);
    const ids: string[] = [];
    const report: string[] = [];
    for (let i = 0; i < analysesCount; i++) ids.push((await detach(masters[i % mastersCount].grpc)).stdout.trim());
    expect(new Set(ids).size).toBe(analysesCount);
    const unfinished = async (): Promise<number> => {
      for (const { grpc } of masters) {
        const all = await listedAt(grpc);
        if (all.length === 0) continue;
        return ids.filter((id) => !all.some((each) => each.id === id && each.state === 'done')).length;
      }
      return ids.length;
    };
    const faults = [
      async () => {
        const victim = masters[below(mastersCount)];
        await victim.role.end('SIGKILL');
        victim.role = await startMaster(victim.grpc, victim.admin);
        return `master ${victim.grpc} killed and started again`;
      },
      async () => {
        const number = below(workersCount);
        await workers[number].end('SIGKILL');
        workers[number] = startWorker(`w${number}`);
        return `worker ${number} killed and started again`;
      },
      async () => {
        const number = below(natsCount);
        await servers[number].stop();
        await servers[number].resume();
        return `NATS ${number} killed and started again`;
      },
      async () => {
        const all = [...workers, ...masters.map(({ role }) => role)];
        const { child } = all[below(all.length)];
        child.kill('SIGSTOP');
        await new Promise((resolve) => setTimeout(resolve, 2_000));
        child.kill('SIGCONT');
        return `process ${all.findIndex((each) => each.child === child)} stood still for 2 s`;
      },
    ];
    for (let fault = 0; fault < faultsMax && (await unfinished()) > 0; fault++) {
      report.push(await faults[below(faults.length)]());
      await new Promise((resolve) => setTimeout(resolve, faultMs));
    }
    const end = Date.now() + 120_000;
    while ((await unfinished()) > 0 && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 200));
    const final = (await listedAt(masters[0].grpc)).filter(({ id }) => ids.includes(id));
    process.stderr.write(`${report.join('\n')}\n`);
    expect(final.map((each) => each.state)).toEqual(ids.map(() => 'done'));
    for (const id of ids)
      expect(await resume(masters[below(mastersCount)].grpc, id)).toMatchObject({ stdout: expected });
  }, 900_000);

  test('while NATS is away a submission is refused with the reason, and taken again after it', async () => {
    for (const server of servers) await server.stop();
    await eventually('the refusal', async () => {
      const { code, stderr } = await detach(masters[0].grpc);
      return code === 1 && /nats:\/\/.*(cannot be reached|does not answer)/.test(stderr);
    });
    for (const server of servers) await server.resume();
    await eventually('a submission', async () => (await detach(masters[0].grpc)).code === 0);
    for (const { role } of masters) expect(role.running).toBe(true);
  }, 120_000);

  test('NATS comes back with nothing of what it had: who waits gets the result, and masters take new ones without a restart', async () => {
    const readiness = async (): Promise<string> => {
      const answer = await fetch(`http://${masters[0].admin}/readyz`);
      return `${answer.status} ${(await answer.text()).trim()}`;
    };
    await eventually('a ready master', async () => (await readiness()) === '200 ready');
    const waiting = Promise.all(
      masters.map(({ grpc }) => runTrireme(['analyze', '--json', '-q', '--master', grpc, capture])),
    );
    const { stdout } = await detach(masters[0].grpc);
    await eventually('an analysis that runs', async () =>
      (await listedAt(masters[0].grpc)).some((each) => each.state === 'running'),
    );
    for (const server of servers) await server.loseStore(null);
    await eventually('the reason', async () => /^503 nats:\/\/.*/.test(await readiness()));
    for (const server of servers) await server.resume();
    for (const { code, stdout: printed } of await waiting) expect([code, printed]).toEqual([0, expected]);
    expect(await resume(masters[1].grpc, stdout.trim())).toMatchObject({ code: 0, stdout: expected });
    await eventually('a ready master', async () => (await readiness()) === '200 ready');
    const anew = await runTrireme(['analyze', '--json', '-q', '--master', masters[0].grpc, capture]);
    expect([anew.code, anew.stdout]).toEqual([0, expected]);
  }, 120_000);
});

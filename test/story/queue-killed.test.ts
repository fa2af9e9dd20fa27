import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '../../src/hub/picking/seeded-random.js';
import { LoggedKinds, QueueClient, urlOf } from '../support/job-queue.js';
import { freePorts, startNats } from '../support/nats-cluster.js';
import { natsIsHere, natsPrograms, skipWithoutNats, type NatsServer } from '../support/nats-server.js';
import { RunningRole } from '../support/running-role.js';
import { scratchFolder } from '../support/scratch.js';

/**
 * The long run: TRIREME_QUEUE_JOBS=10000 TRIREME_NATS=3 TRIREME_FAULT_SECONDS=4 TRIREME_LBS=3
 * TRIREME_WORKERS=3; TRIREME_NATS_NEWEST=1 for the newest nats-server that is installed; TRIREME_SEED draws
 * the same faults.
 */
const number = (name: string, unsaid: number): number => Number(process.env[`TRIREME_${name}`] ?? unsaid);
const jobsCount = number('QUEUE_JOBS', 120);
const natsCount = number('NATS', 1);
const lbsCount = number('LBS', 2);
const workersCount = number('WORKERS', 2);
const faultMs = 1000 * number('FAULT_SECONDS', 1.5);
const seed = number('SEED', Date.now() % 2 ** 31);
/**
 * What a job may wait for in the worst case, again and again: for being given away, for a leader, for a dead
 * lb to be believed dead.
 */
const waitMsMax = 60_000 + 40 * jobsCount;

let servers: NatsServer[] = [];
const lbs: { role: RunningRole; readonly args: readonly string[] }[] = [];
let workers: RunningRole[] = [];
let queue: QueueClient | null = null;

// Before the folder goes: hooks run in this order.
afterAll(async () => {
  await queue?.connection.close();
  await Promise.all([...workers, ...lbs.map(({ role }) => role)].map((role) => role.end('SIGKILL')));
  await Promise.all(servers.map((server) => server.stop()));
}, 60_000);

const scratch = scratchFolder();

async function startLb(args: readonly string[]): Promise<RunningRole> {
  const role = RunningRole.start(args);
  await role.line('listening');
  return role;
}

skipWithoutNats('a queue whose parts are killed')('a queue whose parts are killed', () => {
  let kinds: LoggedKinds;
  const hubs: string[] = [];
  const startWorker = (i: number): RunningRole =>
    RunningRole.start([
      ...['worker', '--host', hubs.join(','), '--name', `w${i}`, '--slots', '2', '--kinds', kinds.folder],
    ]);

  beforeAll(async () => {
    if (!natsIsHere) return;
    const folder = join(scratch.path, 'kinds');
    mkdirSync(folder);
    kinds = new LoggedKinds(folder);
    const program = process.env.TRIREME_NATS_NEWEST === '1' ? natsPrograms[natsPrograms.length - 1] : natsPrograms[0];
    servers = await startNats(scratch.path, natsCount, program);
    const url = urlOf(servers);
    for (let i = 0; i < lbsCount; i++) {
      const [grpc] = (await freePorts(1)).map((port) => `127.0.0.1:${port}`);
      const free = '127.0.0.1:0';
      const args = ['lb', '--tcp', free, '--grpc', grpc, '--admin', free, '--queue', url, '--queue-ack-wait', '3s'];
      lbs.push({ role: await startLb(args), args });
      hubs.push(grpc);
    }
    await lbs[0].role.line('jobs are taken from the queue');
    workers = Array.from({ length: workersCount }, (_, i) => startWorker(i));
    queue = await QueueClient.open(url, natsCount >= 3 ? 3 : 1);
  }, 120_000);

  test(
    `each of ${jobsCount} jobs has one answer or one dead letter, and none that may not run twice has begun twice (seed ${seed})`,
    async () => {
      const client = queue as QueueClient;
      const random = seededRandom(seed);
      const below = (count: number): number => Math.floor(random() * count);
      const ids = Array.from({ length: jobsCount }, (_, i) => `job${i}`);
      let over = false;
      const put = async (): Promise<void> => {
        for (let at = 0; at < ids.length; at += 50)
          await Promise.all(
            ids.slice(at, at + 50).map(async (id, i) => {
              const order = i % 25 === 0 ? ' throw' : i % 5 === 0 ? ' sleep 200' : ' sleep 5';
              // The client of NATS does not know whether a put that failed has come through: its id makes it one job.
              for (;;) {
                try {
                  return await client.put(i % 2 === 0 ? 'COPIED' : 'ONCE', `${id}${order}`, id);
                } catch {
                  await new Promise((resolve) => setTimeout(resolve, 200));
                }
              }
            }),
          );
      };
      const said: string[] = [];
      const harm = async (): Promise<void> => {
        while (!over) {
          await new Promise((resolve) => setTimeout(resolve, faultMs / 2 + below(faultMs)));
          if (over) return;
          const lb = lbs[below(lbsCount)];
          const faults: Readonly<Record<string, () => Promise<void>>> = {
            'lb killed': async () => {
              await lb.role.end('SIGKILL');
              lb.role = await startLb(lb.args);
            },
            worker: async () => {
              const victim = below(workersCount);
              await workers[victim].end('SIGKILL');
              workers[victim] = startWorker(victim);
            },
            'lb ended': async () => {
              await lb.role.end('SIGTERM');
              lb.role = await startLb(lb.args);
            },
            'lb still': async () => {
              lb.role.child.kill('SIGSTOP');
              await new Promise((resolve) => setTimeout(resolve, 8_000));
              lb.role.child.kill('SIGCONT');
            },
            nats: async () => {
              const victim = servers[below(natsCount)];
              await victim.stop();
              await new Promise((resolve) => setTimeout(resolve, 1_000));
              await victim.resume();
            },
          };
          // The short form has no time for what stands still, and one server that is away harms everybody.
          const names = Object.keys(faults).slice(0, natsCount > 1 ? undefined : 3);
          const what = names[below(names.length)];
          await faults[what]();
          said.push(what);
        }
      };
      const outcomes = new Map<string, string>();
      const collect = async (): Promise<void> => {
        for (const endMs = Date.now() + waitMsMax; outcomes.size < ids.length && Date.now() < endMs;) {
          await new Promise((resolve) => setTimeout(resolve, 200));
          for (const id of ids.filter((each) => !outcomes.has(each)).slice(0, 500)) {
            const outcome = await client.outcome(id).catch(() => null);
            if (outcome !== null) outcomes.set(id, outcome);
          }
        }
        over = true;
      };
      await Promise.all([put(), collect(), harm()]);
      const settled = async <T>(work: () => Promise<T>): Promise<T> => {
        for (let tries = 0; ; tries++) {
          try {
            return await work();
          } catch (error) {
            if (tries > 50) throw error;
            await new Promise((resolve) => setTimeout(resolve, 500));
          }
        }
      };
      // What is written last comes after the record.
      for (const endMs = Date.now() + 60_000; (await settled(() => client.queued())) > 0 && Date.now() < endMs;)
        await new Promise((resolve) => setTimeout(resolve, 200));
      const dead = await settled(() => client.dead());
      const begun = kinds.begun();
      const letters = new Map<string, number>();
      for (const { id } of dead) letters.set(id, (letters.get(id) ?? 0) + 1);
      const wrong = ids.flatMap((id, i) => {
        const outcome = outcomes.get(id);
        const lettersOf = letters.get(id) ?? 0;
        const faults = [
          ...(outcome === undefined ? ['lost'] : []),
          ...(outcome?.startsWith('answer') && outcome !== `answer of ${id}` ? [`wrong: ${outcome}`] : []),
          ...(lettersOf !== (outcome?.startsWith('dead') ? 1 : 0) ? [`${outcome} and ${lettersOf} dead letters`] : []),
          ...(i % 2 === 1 && (begun.get(id) ?? 0) > 1 ? [`begun ${begun.get(id)} times`] : []),
          ...(outcome?.startsWith('answer') && !begun.has(id) ? ['answered and never begun'] : []),
        ];
        return faults.map((fault) => `${id}: ${fault}`);
      });
      const codes: Record<string, number> = {};
      for (const outcome of outcomes.values()) {
        const code = outcome.startsWith('dead') ? outcome : 'done';
        codes[code] = (codes[code] ?? 0) + 1;
      }
      const twice = [...begun.values()].filter((times) => times > 1).length;
      console.log(`TRIREME_SEED=${seed}: ${JSON.stringify(codes)}, ${twice} begun again, ${said.join(', ')}`);
      expect([`seed ${seed}`, ...wrong.slice(0, 20)]).toEqual([`seed ${seed}`]);
      expect(await settled(() => client.queued())).toBe(0);
    },
    2 * waitMsMax + 120_000,
  );
});

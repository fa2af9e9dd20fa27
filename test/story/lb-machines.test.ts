import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { minedBy } from '../../src/client/load/answer-check.js';
import { RunningRole } from '../support/running-role.js';
import { namespacesMissing, VethPair } from '../support/veth-pair.js';

const execute = promisify(execFile);
const root = join(__dirname, '..', '..', '..');
const script = join(root, 'test', 'support', 'seed-client.py');
const runs = Number(process.env.TRIREME_TEST_RUNS ?? 20);

const missing = namespacesMissing();
if (missing !== undefined) console.log(`SKIP: ${missing}; the lb is not tried over veth`);

(missing === undefined ? describe : describe.skip)('two machines on an Ethernet with an MTU of 1,500', () => {
  let pair: VethPair;
  const roles: RunningRole[] = [];
  let host: string;
  let port: string;

  beforeAll(async () => {
    pair = new VethPair();
    host = pair.addresses[0];
    const lb = RunningRole.start(
      ['lb', '--tcp', `${host}:0`, '--grpc', `${host}:0`, '--admin', '127.0.0.1:0', '--insecure'],
      pair.on(0),
    );
    roles.push(lb);
    const { tcp, grpc } = (await lb.line('listening')) as { tcp: string; grpc: string };
    port = tcp.split(':')[1];
    // One worker beside the lb, one on the other machine.
    for (const end of [0, 1] as const) {
      const worker = RunningRole.start(['worker', '--host', grpc, '--slots', '1', '--name', `end${end}`], pair.on(end));
      roles.push(worker);
      await worker.line('attached');
    }
  });
  afterAll(async () => {
    for (const role of roles.reverse()) await role.end();
    pair.remove();
  });

  /** Runs the client on the other machine; answers that are neither a time nor the hash of one, by their place. */
  async function damaged(jobs: string, times: number): Promise<string[]> {
    const from = Math.floor(Date.now() / 1000);
    const [command, ...args] = [...pair.on(1), 'python3', script, host, port, jobs, '--runs', String(times)];
    const { stdout } = await execute(command, args, { maxBuffer: 64 * 1024 * 1024 });
    const mined = new Set<string>();
    for (let second = from; second <= Date.now() / 1000; second++) mined.add(minedBy(second).toString());
    const answers = stdout.trimEnd().split('\n');
    expect(answers.length).toBe(jobs.length * times);
    return answers.flatMap((answer, i) =>
      (jobs[i % jobs.length] === '1' ? /^\d{10}$/.test(answer) : mined.has(answer)) ? [] : [`${i}: ${answer}`],
    );
  }

  const randomJobs = (count: number): string =>
    Array.from({ length: count }, () => (Math.random() < 0.5 ? '1' : '2')).join('');

  test(`a client that calls recv(1024) once per job gets 99 whole answers, ${runs} runs in a row`, async () => {
    for (let done = 0; done < runs; done += 10) expect(await damaged(randomJobs(99), 10)).toEqual([]);
  });

  test('and 2,000 whole answers on one connection', async () => {
    expect(await damaged(randomJobs(2000), 1)).toEqual([]);
  });

  test('trireme client finds the load balancer from the other machine', async () => {
    const [command, ...args] = [...pair.on(1), process.execPath, join(root, 'bin', 'trireme')];
    const { stdout } = await execute(command, [...args, 'client', '--lb', `${host}:${port}`, '--jobs', '1,2,1']);
    expect(stdout).toMatch(/^\d{10}\n[0-9a-f]{64}\n\d{10}\n$/);
  });
});

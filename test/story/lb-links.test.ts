import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { minedBy } from '../../src/client/load/answer-check.js';
import { RunningRole } from '../support/running-role.js';
import { SlowLink, slowLinkMissing } from '../support/slow-link.js';

const execute = promisify(execFile);
const script = join(__dirname, '..', '..', '..', 'test', 'support', 'seed-client.py');
/** TRIREME_TEST_RUNS=20 makes it the long version. */
const runs = Number(process.env.TRIREME_TEST_RUNS ?? 1);

const missing = slowLinkMissing();
if (missing !== undefined) console.log(`SKIP: ${missing}; records are not tried over slow links`);

jest.setTimeout(120_000 + runs * 60_000);

/** What the link does, the jobs of a run, and more flags of the client. */
const links: readonly (readonly [string, readonly string[], number, readonly string[]])[] = [
  ['40 ms of round trip', ['--delay', '20'], 200, []],
  ['3 % of losses', ['--loss', '3'], 200, []],
  [
    '5 ms, 3 % of losses, packets that overtake or come twice',
    ['--delay', '5', '--jitter', '3', '--loss', '3', '--duplicates', '1'],
    100,
    [],
  ],
  ['an MTU of 576', ['--mtu', '576'], 100, []],
  ['an MTU of 576, 20 ms and 3 % of losses', ['--mtu', '576', '--delay', '10', '--loss', '3'], 50, []],
  ['a client that stands still for 1 s before it reads', [], 200, ['--stall', '1', '--stall-at', '0']],
];

(missing === undefined ? describe : describe.skip)(
  'a client that calls recv(1024) once per job gets whole answers',
  () => {
    test.each(links)(`over a link with %s, ${runs} runs`, async (_, faults, count, flags) => {
      const link = await SlowLink.make(faults);
      const roles: RunningRole[] = [];
      try {
        const [host] = link.addresses;
        const near = '127.0.0.1:0';
        const lb = RunningRole.start(
          ['lb', '--tcp', `${host}:0`, '--grpc', near, '--admin', near, '--insecure'],
          link.on(0),
        );
        roles.push(lb);
        const { tcp, grpc } = (await lb.line('listening')) as { tcp: string; grpc: string };
        const worker = RunningRole.start(['worker', '--host', grpc, '--slots', '1'], link.on(0));
        roles.push(worker);
        await worker.line('attached');
        const jobs = Array.from({ length: count }, () => (Math.random() < 0.5 ? '1' : '2')).join('');
        const from = Math.floor(Date.now() / 1000);
        const [command, ...args] = [...link.on(1), 'python3', script, host, tcp.split(':')[1], jobs];
        const { stdout } = await execute(command, [...args, '--runs', String(runs), ...flags]);
        const mined = new Set<string>();
        for (let second = from; second <= Date.now() / 1000; second++) mined.add(minedBy(second).toString());
        const answers = stdout.trimEnd().split('\n');
        expect(answers.length).toBe(count * runs);
        const damaged = answers.filter((answer, i) =>
          jobs[i % count] === '1' ? !/^\d{10}$/.test(answer) : !mined.has(answer),
        );
        expect(damaged).toEqual([]);
      } finally {
        for (const role of roles.reverse()) await role.end();
        await link.remove();
      }
    });
  },
);

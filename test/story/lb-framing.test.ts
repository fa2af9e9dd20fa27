import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { JobCluster } from '../support/job-cluster.js';
import { LineClient } from '../support/line-client.js';

const execute = promisify(execFile);
const script = join(__dirname, '..', '..', '..', 'test', 'support', 'seed-client.py');
const runs = Number(process.env.TRIREME_TEST_RUNS ?? 10);

let cluster: JobCluster;
beforeAll(async () => {
  cluster = await JobCluster.start([1, 1]);
});
afterAll(() => cluster.stop());

const time = /^\d{10}$/;
const mined = /^[0-9a-f]{64}$/;
const unknown = (job: number | string): RegExp => new RegExp(`^ERROR unknown job ${job}$`);
const noNumber = /^ERROR unknown job: not a number$/;

/** What a client sends, and what it must be answered however its bytes are cut. */
const examples: readonly (readonly [string, readonly RegExp[]])[] = [
  ['121112\n', [time, mined, time, time, time, mined]],
  ['12', [time, mined]],
  ['22\n', [mined, mined]],
  ['1,2,1', [time, mined, time]],
  ['1,2,1\n', [time, mined, time]],
  ['1 2 1', [time, mined, time]],
  [' 11', [time, time]],
  ['1\n2\n', [time, mined]],
  ['1\r\n2\r\n', [time, mined]],
  ['\n1\n', [time]],
  ['\x01\x02', [time, mined]],
  ['1\x00', [time, unknown(0)]],
  ['01\n', [time]],
  ['77\n1\n', [unknown(77), time]],
  ['13\n', [time, unknown(3)]],
  ['1;2\n', [time, unknown(59), mined]],
  ['+1\n1\n', [noNumber, time]],
  ['\xef\xbb\xbf1\n', [noNumber]],
];

/** Sends these pieces and checks the answers; `sent` is called when all are in the kernel. */
async function ask(pieces: readonly Buffer[], answers: readonly RegExp[], sent = (): void => undefined): Promise<void> {
  const client = await LineClient.dial(cluster.tcp);
  for (const piece of pieces) {
    client.socket.write(piece);
    await turn();
  }
  sent();
  await client.until(() => client.lines.length >= answers.length, `${answers.length} answers`);
  client.socket.end();
  await client.until(() => client.ended, 'the end');
  const lines = client.lines.map((line) => line.trimEnd());
  expect(lines.length).toBe(answers.length);
  lines.forEach((line, i) => expect(line).toMatch(answers[i]));
}

const turn = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 3));

describe('framing', () => {
  test.each(examples)('%j has the same answers whole, byte by byte, and cut at any place', async (text, answers) => {
    const whole = Buffer.from(text, 'latin1');
    const cuts = Array.from({ length: whole.length }, (_, at) => [whole.subarray(0, at), whole.subarray(at)]);
    cuts.push(Array.from(whole, (byte) => Buffer.of(byte)));
    await Promise.all(cuts.map((pieces) => ask(pieces, answers)));
  });

  test('and when the load balancer reads nothing until all has arrived', async () => {
    const pid = cluster.lb.child.pid as number;
    for (const [text, answers] of examples) {
      const bytes = Array.from(Buffer.from(text, 'latin1'), (byte) => Buffer.of(byte));
      process.kill(pid, 'SIGSTOP');
      try {
        await ask(bytes, answers, () => process.kill(pid, 'SIGCONT'));
      } finally {
        process.kill(pid, 'SIGCONT');
      }
    }
  });

  test(`the exercise's example file comes in one segment or digit by digit, ${runs} runs each`, async () => {
    for (const flags of [[], ['--together'], ['--no-delay']]) {
      const { host, port } = cluster.tcp;
      const args = [script, host, String(port), '121112\n', '--runs', String(runs), ...flags];
      const { stdout } = await execute('python3', args);
      const answers = stdout.trimEnd().split('\n');
      expect(answers.length).toBe(6 * runs);
      answers.forEach((answer, i) => expect(answer).toMatch('121112'[i % 6] === '1' ? time : mined));
    }
  });

  test('a web page cannot have jobs run, and what is no job client is counted', async () => {
    const before = await cluster.metric('trireme_hub_jobs_total{kind="GET_TIME",outcome="done"}');
    const { host, port } = cluster.tcp;
    await expect(fetch(`http://${host}:${port}/`, { method: 'POST', body: '1\n1\n1\n' })).rejects.toThrow();
    const client = await LineClient.dial(cluster.tcp);
    client.socket.write('PROXY TCP4 127.0.0.1 127.0.0.1 43608 23402\r\n1\n2\n');
    await client.until(() => client.ended, 'the end');
    expect(client.lines).toEqual([expect.stringMatching(/^ERROR no PROXY header is expected here/)]);
    // fetch tries a second time when a connection ends before its answer.
    expect(await cluster.metric('trireme_lb_offences_total{reason="http"}')).toBeGreaterThan(0);
    expect(await cluster.metric('trireme_lb_offences_total{reason="proxy-header"}')).toBe(1);
    await cluster.lb.line('client closed', ({ offence }) => offence === 'http');
    expect(await cluster.metric('trireme_hub_jobs_total{kind="GET_TIME",outcome="done"}')).toBe(before);
  });

  test('--tcp-proxy-protocol reads the header of each connection instead', async () => {
    const own = await JobCluster.start([1], ['--tcp-proxy-protocol']);
    try {
      const client = await LineClient.dial(own.tcp);
      client.socket.write(
        Buffer.from('0d0a0d0a000d0a515549540a2111000ccb007107c000020130393419310a320a', 'hex'), // 203.0.113.7:12345
      );
      await client.until(() => client.lines.length === 2, 'two answers');
      expect(client.lines).toEqual([expect.stringMatching(time), expect.stringMatching(mined)]);
      const without = await LineClient.dial(own.tcp);
      without.socket.write('1\n');
      await without.until(() => without.ended, 'the end');
      expect(without.text).toMatch(/^ERROR each connection must begin with a PROXY header/);
    } finally {
      await own.stop();
    }
  });
});

import { minedBy } from '../../src/client/load/answer-check.js';
import { JobCluster } from '../support/job-cluster.js';
import { LineClient } from '../support/line-client.js';

let cluster: JobCluster;
beforeAll(async () => {
  cluster = await JobCluster.start([1, 1]);
});
afterAll(() => cluster.stop());

const pick = <T>(from: readonly T[]): T => from[Math.floor(Math.random() * from.length)];

/** What the answer to a token must look like. */
function expected(token: string): RegExp {
  if (!/^\d+$/.test(token)) return /^ERROR unknown job: not a number$/;
  if (token.length > 15) return /^ERROR unknown job: a number of more than 15 digits$/;
  const job = Number(token);
  if (job === 1) return /^\d{10}$/;
  return job === 2 ? /^[0-9a-f]{64}$/ : new RegExp(`^ERROR unknown job ${job}$`);
}

function randomToken(): string {
  const digits = (count: number): string => Array.from({ length: count }, () => pick([...'0123456789'])).join('');
  return pick([
    () => '1',
    () => '2',
    () => '01',
    () => digits(1 + Math.floor(Math.random() * 15)),
    () => digits(16 + Math.floor(Math.random() * 3000)),
    () => pick(['x', '-1', '1.5', '\x00', '\xff\xfe', '1e3', '<script>']),
  ])();
}

/** Bytes cut at random places. The first piece is a newline, which chooses lines framing. */
function pieces(text: string): Buffer[] {
  const bytes = Buffer.from(text, 'latin1');
  const cuts = Array.from({ length: Math.floor(Math.random() * 30) }, () => Math.floor(Math.random() * bytes.length));
  const points = [1, ...cuts, bytes.length].sort((a, b) => a - b);
  return points
    .map((point, i) => bytes.subarray(i === 0 ? 0 : points[i - 1], point))
    .filter((piece) => piece.length > 0);
}

describe('lines framing', () => {
  test('random splits, delimiters, unknown and huge numbers: one answer a job, in order, on a connection that stays usable', async () => {
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const client = await LineClient.dial(cluster.tcp);
        for (let round = 0; round < 10; round++) {
          const tokens = Array.from({ length: 1 + Math.floor(Math.random() * 100) }, randomToken);
          const text =
            '\n' + tokens.map((token) => token + pick(['\n', ',', ' ', '\r\n', ', ', '\t', '\n\n'])).join('');
          const before = client.lines.length;
          for (const piece of pieces(text)) {
            client.socket.write(piece);
            if (Math.random() < 0.5) await new Promise((resolve) => setImmediate(resolve));
          }
          await client.until(() => client.lines.length >= before + tokens.length, `${tokens.length} answers`);
          const answers = client.lines.slice(before);
          expect(answers.length).toBe(tokens.length);
          answers.forEach((answer, i) => expect(answer).toMatch(expected(tokens[i])));
        }
        client.socket.destroy();
      }),
    );
  });

  test('GET_TIME is right to the second, and MINE_BITCOIN is right for a second in which it ran', async () => {
    const client = await LineClient.dial(cluster.tcp);
    for (let i = 1; i <= 20; i++) {
      const from = Math.floor(Date.now() / 1000);
      client.socket.write('1\n2\n');
      await client.until(() => client.lines.length === 2 * i, 'two answers');
      const [time, mined] = client.lines.slice(-2);
      const to = Math.floor(Date.now() / 1000);
      expect(Number(time)).toBeGreaterThanOrEqual(from);
      expect(Number(time)).toBeLessThanOrEqual(to);
      expect([minedBy(from).toString(), minedBy(to).toString()]).toContain(mined);
    }
    client.socket.destroy();
  });

  test('jobs that the client no longer waits for do not keep others waiting', async () => {
    const gone = await LineClient.dial(cluster.tcp);
    gone.socket.write('2\n'.repeat(16_000));
    await gone.until(() => gone.lines.length > 0, 'a first answer');
    gone.socket.resetAndDestroy();
    const client = await LineClient.dial(cluster.tcp);
    client.socket.end('2\n1\n2');
    await client.until(() => client.ended, 'the end');
    expect(client.lines.map((line) => line.length)).toEqual([64, 10, 64]);
    while ((await cluster.metric('trireme_lb_jobs_outstanding')) !== 0)
      await new Promise((next) => setTimeout(next, 20));
    expect(await cluster.metric('trireme_hub_jobs_total{kind="MINE_BITCOIN",outcome="cancelled"}')).toBeGreaterThan(0);
  });

  test('SIGTERM lets what was asked for finish, and takes no new client', async () => {
    const own = await JobCluster.start([1]);
    const client = await LineClient.dial(own.tcp);
    client.socket.write('2\n'.repeat(5000));
    await client.until(() => client.lines.length > 0, 'a first answer');
    const ended = own.lb.end();
    await client.until(() => client.ended, 'the end');
    expect(client.lines.length).toBe(5000);
    expect(client.lines.every((line) => line.length === 64)).toBe(true);
    client.socket.end();
    expect(await ended).toBe(0);
    await own.stop();
  });
});

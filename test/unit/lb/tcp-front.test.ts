import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { pino } from 'pino';
import { TriremeError } from '../../../src/common/errors.js';
import { clientKindsOf } from '../../../src/lb/client-kinds.js';
import { JobAdmission } from '../../../src/lb/job-admission.js';
import { lbLimitsDefault, type LbLimits } from '../../../src/lb/limits.js';
import { TcpFront } from '../../../src/lb/tcp-front.js';
import { FakeHub } from '../../support/fake-hub.js';

const log = pino({ level: 'silent' });
let front: TcpFront;
let hub: FakeHub;
let port: number;
const sockets: Socket[] = [];

async function start(limits: Partial<LbLimits> = {}): Promise<void> {
  hub = new FakeHub();
  const all = { ...lbLimitsDefault, ...limits };
  front = new TcpFront({
    listen: { host: '127.0.0.1', port: 0 },
    hub,
    limits: all,
    admission: new JobAdmission(hub, { max: all.jobsTotalMax, fair: true }),
    clientKinds: clientKindsOf([{ number: 1 }, { number: 2 }]),
    log,
  });
  port = (await front.listen()).port;
}

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await front.close(0);
});

interface Client {
  readonly socket: Socket;
  text: string;
  ended: boolean;
  /** Resolves when the text satisfies the condition or the connection has closed. */
  until(condition: () => boolean): Promise<void>;
}

async function dial(): Promise<Client> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true });
  sockets.push(socket);
  const client: Client = {
    socket,
    text: '',
    ended: false,
    until: async (condition) => {
      while (!condition()) await once(socket, 'progress');
    },
  };
  socket.on('data', (chunk: Buffer) => {
    client.text += chunk.toString('latin1');
    socket.emit('progress');
  });
  socket.on('end', () => {
    client.ended = true;
    socket.emit('progress');
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    client.ended = true;
    socket.emit('progress');
  });
  await once(socket, 'connect');
  return client;
}

/** Waits for something that the other side does, a turn of the event loop at a time. */
async function turnsUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

describe('tcp front', () => {
  test('lines: answers come in the order asked whatever the order of results', async () => {
    await start();
    const client = await dial();
    client.socket.write('1,2 1\n');
    await turnsUntil(() => hub.jobs.size === 3);
    hub.answer(3, 'third');
    hub.answer(2, 'second');
    hub.answer(1, 'first');
    await client.until(() => client.text.length >= 19);
    expect(client.text).toBe('first\nsecond\nthird\n');
    expect(front.connectionCounts()).toEqual({ undecided: 0, lines: 1, records: 0 });
  });

  test('records: every answer is 1,024 bytes and ends in a newline', async () => {
    await start();
    const client = await dial();
    hub.answerWith = (kind) => `kind ${kind}`;
    client.socket.write(Buffer.concat([Buffer.from('12'), Buffer.from([1, 2]), Buffer.from('9x')]));
    await client.until(() => client.text.length >= 6 * 1024);
    const records = client.text.match(/[^]{1024}/g) as string[];
    expect(records.every((record) => record.endsWith('\n'))).toBe(true);
    expect(records.map((record) => record.trimEnd())).toEqual([
      'kind 1',
      'kind 2',
      'kind 1',
      'kind 2',
      'ERROR unknown job 9',
      'ERROR unknown job 120',
    ]);
  });

  test('unknown, malformed, long and failed jobs are answered in their place and the connection stays usable', async () => {
    await start();
    const client = await dial();
    client.socket.write('1,77,x,1234567890123456\n');
    await turnsUntil(() => hub.jobs.size === 1);
    hub.fail(1, new TriremeError('JOB_FAILED', 'out of\nluck'));
    await client.until(() => client.text.split('\n').length === 5);
    hub.answerWith = () => 'fine';
    client.socket.write('2\n');
    await client.until(() => client.text.endsWith('fine\n'));
    expect(client.text.split('\n')).toEqual([
      'ERROR JOB_FAILED: out of luck',
      'ERROR unknown job 77',
      'ERROR unknown job: not a number',
      'ERROR unknown job: a number of more than 15 digits',
      'fine',
      '',
    ]);
  });

  test('a client that half-closes still gets its answers, the last number without a delimiter too, then the end', async () => {
    await start();
    const client = await dial();
    client.socket.end('2,1');
    await turnsUntil(() => hub.jobs.size === 2);
    hub.answer(1, 'a');
    hub.answer(2, 'b');
    await client.until(() => client.ended);
    expect(client.text).toBe('a\nb\n');
    await turnsUntil(() => front.connectionCounts().lines === 0);
  });

  test('a client that resets has its jobs cancelled and gives its admission back', async () => {
    await start();
    const client = await dial();
    client.socket.write('1,1,1\n');
    await turnsUntil(() => hub.jobs.size === 3);
    client.socket.resetAndDestroy();
    await turnsUntil(() => hub.jobs.size === 0);
    expect(hub.cancelled).toEqual([1, 2, 3]);
    expect(front.admission.used).toBe(0);
  });

  test('no more jobs of one connection are with the hub than the bound, and all are answered in the end', async () => {
    await start({ jobsPerConnectionMax: 8, jobsPerTurnMax: 3 });
    const client = await dial();
    hub.answerWith = () => 'x';
    client.socket.write('1,'.repeat(1000));
    await client.until(() => client.text.length === 2000);
    expect(hub.liveMax).toBeLessThanOrEqual(8);
    expect(hub.submitted).toBe(1000);
  });

  test('no more jobs of all connections are with the hub than the bound, and each connection gets its turn', async () => {
    await start({ jobsTotalMax: 10, jobsPerTurnMax: 4 });
    hub.answerWith = () => 'y';
    const clients = await Promise.all(Array.from({ length: 5 }, dial));
    for (const client of clients) client.socket.end('1,'.repeat(200));
    await Promise.all(clients.map((client) => client.until(() => client.ended)));
    expect(clients.map((client) => client.text.length)).toEqual(Array(5).fill(400));
    expect(hub.liveMax).toBeLessThanOrEqual(10);
    expect(front.admission.used).toBe(0);
  });

  test('while floods wait for the hub, a client that asks for little is served, and floods take turns', async () => {
    await start();
    hub.jobsWaiting = 1_000_000;
    const floods = [await dial(), await dial()];
    for (const flood of floods) flood.socket.write('1,'.repeat(10_000));
    await turnsUntil(() => hub.submitted === 2 * 64);
    const polite = await dial();
    polite.socket.write('2\n');
    await turnsUntil(() => hub.submitted === 2 * 64 + 1);
    hub.answer(2 * 64 + 1, 'served');
    await polite.until(() => polite.text === 'served\n');
    expect(hub.submitted).toBe(2 * 64 + 1);
    // The queue is short again: the next jobs are those of both floods in equal parts.
    hub.jobsWaiting = 128 - 1;
    const [first] = hub.jobs.keys();
    hub.answer(first, 'x');
    await turnsUntil(() => hub.submitted >= 2 * 64 + 1 + 100);
    hub.jobsWaiting = 1_000_000;
    const sinks = [...hub.jobs.values()].map(({ sink }) => sink);
    const counts = [...new Set(sinks)].map((sink) => sinks.filter((other) => other === sink).length);
    expect(counts.length).toBe(2);
    expect(Math.abs(counts[0] - counts[1])).toBeLessThanOrEqual(64);
  });

  test('of many jobs outstanding a few answers wait a moment for others, and leave without them', async () => {
    await start();
    const client = await dial();
    client.socket.write('1,'.repeat(1000));
    await turnsUntil(() => hub.jobs.size === 1000);
    hub.answer(1, 'early');
    // Some turns of the event loop later it is still there, on its way with the next one.
    await new Promise((resolve) => setImmediate(resolve));
    hub.answer(2, 'next');
    await client.until(() => client.text.length >= 11);
    expect(client.text).toBe('early\nnext\n');
    // A quarter of what is outstanding does not wait.
    for (let id = 3; id <= 252; id++) hub.answer(id, 'x');
    await client.until(() => client.text.length === 11 + 500);
  });

  test('a client over the connection bound is told so in one record and closed; the others stay', async () => {
    await start({ connectionsMax: 2 });
    const [a, b] = [await dial(), await dial()];
    await turnsUntil(() => front.connectionCounts().undecided === 2);
    const refused = await dial();
    await refused.until(() => refused.ended);
    expect(refused.text.length).toBe(1024);
    expect(refused.text.trimEnd()).toBe('ERROR too many connections: 2 are open, which is the bound');
    hub.answerWith = () => 'ok';
    for (const client of [a, b]) client.socket.write('1\n');
    await Promise.all([a, b].map((client) => client.until(() => client.text === 'ok\n')));
    expect(front.offences.counts.get('connections')).toBe(1);
  });

  test('numbers that are no job, too many in a row, close the connection', async () => {
    await start({ unknownInRowMax: 10 });
    const client = await dial();
    client.socket.write('9\n'.repeat(12));
    await client.until(() => client.ended);
    expect(front.offences.counts.get('unknown-in-row')).toBe(1);
  });

  test('closing answers what was read, reads nothing more, and ends each connection', async () => {
    await start();
    const client = await dial();
    const idle = await dial();
    client.socket.write('1,2\n');
    await turnsUntil(() => hub.jobs.size === 2);
    const closed = front.close(60_000);
    client.socket.write('1\n');
    hub.answer(2, 'b');
    hub.answer(1, 'a');
    await client.until(() => client.ended);
    expect(client.text).toBe('a\nb\n');
    client.socket.end();
    await idle.until(() => idle.ended);
    idle.socket.end();
    await closed;
    expect(hub.submitted).toBe(2);
  });

  test('a client that does not read stops being read, and memory stays within the bounds', async () => {
    await start({ jobsPerConnectionMax: 1024, outputBytesMax: 4096 });
    hub.answerWith = () => 'z'.repeat(64);
    const client = await dial();
    client.socket.pause();
    client.socket.write('1,'.repeat(500_000));
    let before = -1;
    // Still when a hundred turns brought no new job.
    while (before !== hub.submitted) {
      before = hub.submitted;
      for (let i = 0; i < 100; i++) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(hub.submitted).toBeLessThan(500_000);
    client.socket.resume();
    await client.until(() => client.text.length === 500_000 * 65);
  });
});

describe('time-outs', () => {
  /** Moves the front's clock by so much, with a look at its connections as often as a front that never stands still. */
  function pass(ms: number): void {
    const sinceMs = performance.now();
    const clock = jest.spyOn(front, 'nowMs');
    for (let passedMs = 0; passedMs < ms;) {
      passedMs = Math.min(ms, passedMs + 100);
      clock.mockReturnValue(sinceMs + passedMs);
      (front as unknown as { checkTimeouts(): void }).checkTimeouts();
    }
  }

  test('a connection without a job and without a byte is closed as idle, not before its time', async () => {
    await start({ idleTimeoutMs: 5_000 });
    const client = await dial();
    await turnsUntil(() => front.connectionCounts().undecided === 1);
    pass(4_900);
    expect(front.connectionCounts().undecided).toBe(1);
    pass(5_100);
    await client.until(() => client.ended);
    expect(front.offences.counts.get('idle')).toBe(1);
  });

  test('a connection that waits for its job is not idle', async () => {
    await start({ idleTimeoutMs: 5_000 });
    const client = await dial();
    client.socket.write('1\n');
    await turnsUntil(() => hub.jobs.size === 1);
    pass(60_000);
    hub.answer(1, 'late');
    await client.until(() => client.text === 'late\n');
  });

  test('a number whose end does not come closes its connection as a slow sender', async () => {
    await start({ senderTimeoutMs: 5_000 });
    const client = await dial();
    client.socket.write('\n12');
    await turnsUntil(() => front.connectionCounts().lines === 1);
    pass(5_100);
    await client.until(() => client.ended);
    expect(front.offences.counts.get('slow-sender')).toBe(1);
  });

  test('a client that takes nothing of what waits for it is closed as a slow reader', async () => {
    await start({ readerTimeoutMs: 5_000, jobsPerConnectionMax: 16_384 });
    hub.answerWith = () => 'z'.repeat(64);
    const client = await dial();
    client.socket.pause();
    client.socket.write('1,'.repeat(500_000));
    let before = -1;
    while (before !== hub.submitted) {
      before = hub.submitted;
      for (let i = 0; i < 100; i++) await new Promise((resolve) => setImmediate(resolve));
    }
    pass(5_100);
    expect(front.offences.counts.get('slow-reader')).toBe(1);
    expect(front.connectionCounts().lines).toBe(0);
    expect(front.admission.used).toBe(0);
  });
});

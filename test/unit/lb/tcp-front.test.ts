import { connect, type Socket } from 'node:net';
import * as tls from 'node:tls';
import { once } from 'node:events';
import { pino } from 'pino';
import { TriremeError } from '../../../src/common/errors.js';
import { ListenerTrust } from '../../../src/common/trust/listener-trust.js';
import { AskedKinds } from '../../../src/lb/asked-kinds.js';
import { PayloadBudget } from '../../../src/lb/payload-budget.js';
import { clientKindsOf } from '../../../src/lb/opening.js';
import { JobAdmission } from '../../../src/lb/job-admission.js';
import { framingWaitMs, lbLimitsDefault, type LbLimits } from '../../../src/lb/limits.js';
import { proxyHeaderTimeoutMs } from '../../../src/lb/proxied-sockets.js';
import { TcpFront, type TcpFrontOptions } from '../../../src/lb/tcp-front.js';
import { FakeHub } from '../../support/fake-hub.js';
import { scratchFolder } from '../../support/scratch.js';
import { TestCertificates } from '../../support/test-certificates.js';

const log = pino({ level: 'silent' });
const scratch = scratchFolder();
let front: TcpFront;
let hub: FakeHub;
let port: number;
const sockets: Socket[] = [];

async function start(limits: Partial<LbLimits> = {}, more: Partial<TcpFrontOptions> = {}): Promise<void> {
  hub = new FakeHub();
  const all = { ...lbLimitsDefault, ...limits };
  front = new TcpFront({
    listen: { host: '127.0.0.1', port: 0 },
    hub,
    limits: all,
    admission: new JobAdmission(hub, { max: all.jobsTotalMax, fair: true }),
    clientKinds: clientKindsOf([{ number: 1 }, { number: 2 }]),
    asked: new AskedKinds(hub, [
      { number: 1, name: 'GET_TIME' },
      { number: 2, name: 'MINE_BITCOIN' },
    ]),
    payloads: new PayloadBudget(),
    log,
    ...more,
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
    client.socket.write('\n1,2 1\n');
    await turnsUntil(() => hub.jobs.size === 3);
    hub.answer(3, 'third');
    hub.answer(2, 'second');
    hub.answer(1, 'first');
    await client.until(() => client.text.length >= 19);
    expect(client.text).toBe('first\nsecond\nthird\n');
    expect(front.connectionCounts()).toEqual({ undecided: 0, lines: 1, records: 0, json: 0 });
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

  test.each(['line1\nline2', 'line1\r\n', '\n'.repeat(70), 'x'.repeat(1000) + '\r'])(
    'lines: an answer with a line break (%j) is answered by one error and moves no later answer',
    async (answer) => {
      await start();
      const client = await dial();
      client.socket.write('1\n2\n1\n');
      await turnsUntil(() => hub.jobs.size === 3);
      hub.answer(1, 'first');
      hub.answer(2, answer);
      hub.answer(3, 'third');
      await client.until(() => client.text.endsWith('third\n'));
      expect(client.text.split('\n')).toEqual([
        'first',
        'ERROR JOB_FAILED: its answer holds a line break, which lines cannot carry: ask over gRPC',
        'third',
        '',
      ]);
    },
  );

  test('unknown, malformed, long and failed jobs are answered in their place and the connection stays usable', async () => {
    await start();
    const client = await dial();
    client.socket.write('1\n77,x,1234567890123456\n');
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
    client.socket.end('2\n1');
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
    client.socket.write('1\n1\n1\n');
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
    client.socket.write('1\n'.repeat(1000));
    await client.until(() => client.text.length === 2000);
    expect(hub.liveMax).toBeLessThanOrEqual(8);
    expect(hub.submitted).toBe(1000);
  });

  test('a full connection decodes again when a quarter of its room is free, not for each answer', async () => {
    await start({ jobsPerConnectionMax: 8 });
    const client = await dial();
    client.socket.write('1\n'.repeat(100));
    await turnsUntil(() => hub.submitted === 8);
    hub.answer(1, 'a');
    await client.until(() => client.text === 'a\n');
    expect(hub.submitted).toBe(8);
    hub.answer(2, 'b');
    await client.until(() => client.text === 'a\nb\n');
    await turnsUntil(() => hub.submitted > 8);
    expect(hub.submitted).toBe(10);
  });

  test('no more jobs of all connections are with the hub than the bound, and each connection gets its turn', async () => {
    await start({ jobsTotalMax: 10, jobsPerTurnMax: 4 });
    hub.answerWith = () => 'y';
    const clients = await Promise.all(Array.from({ length: 5 }, dial));
    for (const client of clients) client.socket.end('1\n'.repeat(200));
    await Promise.all(clients.map((client) => client.until(() => client.ended)));
    expect(clients.map((client) => client.text.length)).toEqual(Array(5).fill(400));
    expect(hub.liveMax).toBeLessThanOrEqual(10);
    expect(front.admission.used).toBe(0);
  });

  test('while floods wait for the hub, a client that asks for little is served, and floods take turns', async () => {
    await start();
    hub.jobsWaiting = 1_000_000;
    const floods = [await dial(), await dial()];
    for (const flood of floods) flood.socket.write('1\n'.repeat(10_000));
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
    client.socket.write('1\n'.repeat(1000));
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
    client.socket.write('1\n2\n');
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
    client.socket.write('1\n'.repeat(500_000));
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

describe('framing', () => {
  const trimmed = (client: Client): string[] => client.text.split('\n').map((line) => line.trimEnd());

  test('six digits and a newline in one segment are six jobs', async () => {
    await start();
    hub.answerWith = (kind) => `kind ${kind}`;
    const client = await dial();
    client.socket.write('121112\n');
    await client.until(() => client.text.length === 6 * 1024);
    expect(trimmed(client)).toEqual(['kind 1', 'kind 2', 'kind 1', 'kind 1', 'kind 1', 'kind 2', '']);
  });

  test('what may be either is answered as records, and by lines as soon as a newline has said so', async () => {
    await start();
    hub.answerWith = (kind) => `kind ${kind}`;
    const client = await dial();
    client.socket.write('1,2\n');
    await client.until(() => client.text.length === 2 * 1024);
    client.socket.write('1\n');
    await client.until(() => client.text.endsWith(' \nkind 1\n'));
    expect(trimmed(client)).toEqual(['kind 1', 'kind 2', 'kind 1', '']);
  });

  test('a first digit of no kind is answered when nothing follows it, or together with what does', async () => {
    await start();
    const alone = await dial();
    const followed = await dial();
    const sinceMs = performance.now();
    alone.socket.write('7');
    followed.socket.write('7');
    await turnsUntil(() => front.connectionCounts().undecided === 2);
    followed.socket.write('7\n');
    await followed.until(() => followed.text !== '');
    expect(followed.text).toBe('ERROR unknown job 77\n');
    await alone.until(() => alone.text.length === 1024);
    expect(alone.text.trimEnd()).toBe('ERROR unknown job 7');
    expect(performance.now() - sinceMs).toBeGreaterThan(framingWaitMs - 2);
  });

  test.each([
    ['http', 'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n1\n1\n', /^ERROR this port takes job numbers and not HTTP/],
    ['tls', '\x16\x03\x01\x00\xee\x01\x00\x00\xea\x03\x03', /^ERROR this port takes job numbers in clear and not TLS/],
    ['proxy-header', 'PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n1\n', /^ERROR no PROXY header is expected here/],
  ] as const)('%s is refused in one line and counted, and runs no job', async (offence, text, words) => {
    await start();
    const client = await dial();
    client.socket.write(Buffer.from(text, 'latin1'));
    await client.until(() => client.ended);
    expect(client.text).toMatch(words);
    expect(client.text.trimEnd()).not.toContain('\n');
    expect(hub.submitted).toBe(0);
    expect([...front.offences.counts]).toEqual([[offence, 1]]);
    client.socket.end();
    await turnsUntil(() => Object.values(front.connectionCounts()).every((count) => count === 0));
  });
});

describe('with --tcp-proxy-protocol', () => {
  const header = 'PROXY TCP4 203.0.113.7 192.0.2.1 12345 13337\r\n';
  const told: { offence?: string; peer?: string }[] = [];
  const listening = pino({ level: 'warn' }, { write: (line: string) => void told.push(JSON.parse(line) as object) });

  test('the header is read whatever the pieces it comes in, and the jobs behind it are answered', async () => {
    await start({}, { proxyProtocol: true });
    hub.answerWith = (kind) => `kind ${kind}`;
    for (const cut of [1, 6, 20, header.length, header.length + 1]) {
      const client = await dial();
      const all = `${header}1\n2\n`;
      client.socket.write(all.slice(0, cut));
      await new Promise((resolve) => setTimeout(resolve, 5));
      client.socket.write(all.slice(cut));
      await client.until(() => client.text.endsWith('kind 2\n'));
      expect(client.text.replace(/ +\n/, '\n')).toBe('kind 1\nkind 2\n');
    }
  });

  test('the log names the client of the header, and the socket where it has none', async () => {
    await start({ unknownInRowMax: 1 }, { proxyProtocol: true, log: listening });
    for (const [first, peer] of [
      [header, /^203\.0\.113\.7:12345$/],
      ['PROXY UNKNOWN\r\n', /^127\.0\.0\.1:\d+$/],
    ] as const) {
      told.length = 0;
      const client = await dial();
      client.socket.write(`${first}9\n9\n9\n`);
      await client.until(() => client.ended);
      expect(told).toEqual([expect.objectContaining({ offence: 'unknown-in-row', peer: expect.stringMatching(peer) })]);
    }
  });

  test('a connection without a header is refused in one line and counted', async () => {
    await start({}, { proxyProtocol: true });
    const client = await dial();
    client.socket.write('1\n2\n');
    await client.until(() => client.ended);
    expect(client.text.trimEnd()).toBe(
      'ERROR each connection must begin with a PROXY header (--tcp-proxy-protocol): the first bytes are none',
    );
    expect(front.offences.counts.get('bad-proxy-header')).toBe(1);
    expect(hub.submitted).toBe(0);
  });

  test.each([
    ['ended by LF alone', `${header.replace('\r', '')}1\n`, false, 'its line ends in LF alone, not in CR LF'],
    ['cut by the end of its connection', header.slice(0, 20), true, 'the connection ended after 20 bytes of it'],
  ])('a header %s is refused in one line and counted', async (_what, text, ends, why) => {
    told.length = 0;
    await start({}, { proxyProtocol: true, log: listening });
    const client = await dial();
    if (ends) client.socket.end(text);
    else client.socket.write(text);
    await client.until(() => client.ended);
    expect(client.text.trimEnd()).toBe(
      `ERROR each connection must begin with a PROXY header (--tcp-proxy-protocol): ${why}`,
    );
    expect(front.offences.counts.get('bad-proxy-header')).toBe(1);
    expect(told).toEqual([expect.objectContaining({ offence: 'bad-proxy-header', why })]);
    expect(hub.submitted).toBe(0);
  });

  test('a look whether the port is open is no offence', async () => {
    await start({}, { proxyProtocol: true });
    const client = await dial();
    client.socket.end();
    await client.until(() => client.ended);
    expect([client.text, front.offences.counts.size]).toEqual(['', 0]);
  });

  test('a header that does not come is not waited for, and its connection counts while it is', async () => {
    await start({ connectionsMax: 1 }, { proxyProtocol: true });
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance'] });
    try {
      const silent = await dial();
      const refused = await dial();
      await refused.until(() => refused.ended);
      expect(refused.text).toMatch(/^ERROR too many connections: 1 are open/);
      jest.advanceTimersByTime(proxyHeaderTimeoutMs);
      await silent.until(() => silent.ended);
      expect(silent.text).toMatch(/none came within 5 s/);
    } finally {
      jest.useRealTimers();
    }
  });

  test.each([true, false])(
    'under TLS the header comes before the handshake, in one segment with it: %s',
    async (together) => {
      const certificates = await TestCertificates.make(scratch.path);
      const files = { cert: certificates.cert('server'), key: certificates.key('server'), ca: null };
      const settings = { token: { from: 'text', text: 'secret' }, credentials: null, tls: files } as const;
      told.length = 0;
      const trust = new ListenerTrust(settings, listening);
      await start({}, { proxyProtocol: true, trust, tls: true, log: listening });
      hub.answerWith = (kind) => `kind ${kind}`;
      const { socket } = await dial();
      socket.removeAllListeners('data');
      socket.write(header);
      if (!together) await new Promise((resolve) => setTimeout(resolve, 20));
      const encrypted = tls.connect({ socket, rejectUnauthorized: false });
      encrypted.write('AUTH wrong\n');
      const [refusal] = (await once(encrypted, 'data')) as [Buffer];
      expect(refusal.toString()).toMatch(/^ERROR UNAUTHENTICATED/);
      expect(told).toEqual([expect.objectContaining({ reason: 'wrong-token', peer: '203.0.113.7:12345' })]);
      encrypted.destroy();
    },
  );
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
    client.socket.write('1\n'.repeat(500_000));
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

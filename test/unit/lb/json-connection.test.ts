import { pino } from 'pino';
import { KindUnits } from '../../../src/gen/trireme/v1/worker.js';
import { AskedKinds } from '../../../src/lb/asked-kinds.js';
import { JobAdmission } from '../../../src/lb/job-admission.js';
import { lineBytesMax } from '../../../src/lb/json-connection.js';
import { lbLimitsDefault, type LbLimits } from '../../../src/lb/limits.js';
import { PayloadBudget } from '../../../src/lb/payload-budget.js';
import { TcpFront } from '../../../src/lb/tcp-front.js';
import { FakeHub } from '../../support/fake-hub.js';
import { LineClient } from '../../support/line-client.js';

const terms = {
  version: '',
  payloadBytesMax: 1_000_000,
  resultBytesMax: 1000,
  timeoutSeconds: 30,
  attempts: 1,
  mayCopy: false,
  text: true,
  units: KindUnits.BYTES,
};
const own = [
  { number: 1, name: 'GET_TIME' },
  { number: 2, name: 'MINE_BITCOIN' },
];

let hub: FakeHub;
let front: TcpFront;
let payloads: PayloadBudget;
let client: LineClient;

async function start(limits: Partial<LbLimits> = {}): Promise<void> {
  hub = new FakeHub();
  hub.kinds = [
    { number: 300, name: 'UPPER', workers: 1, terms },
    { number: 301, name: 'PACK', workers: 1, terms: { ...terms, text: false } },
  ];
  payloads = new PayloadBudget(1000, 500);
  const all = { ...lbLimitsDefault, ...limits };
  const asked = new AskedKinds(hub, own);
  front = new TcpFront({
    listen: { host: '127.0.0.1', port: 0 },
    hub,
    limits: all,
    admission: new JobAdmission(hub, { max: all.jobsTotalMax, fair: true }),
    clientKinds: asked.ofBuild,
    asked,
    payloads,
    log: pino({ level: 'silent' }),
  });
  client = await LineClient.dial(await front.listen());
}

afterEach(async () => {
  client.socket.destroy();
  await front.close(0);
  expect([front.admission.used, payloads.used, hub.jobs.size]).toEqual([0, 0, 0]);
});

async function turnsUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

const said = (): unknown[] => client.lines.map((line) => JSON.parse(line) as unknown);
const told = (count: number): Promise<void> => client.until(() => client.lines.length >= count, `${count} lines`);

test('a first byte { selects JSON lines: answers come by their ids as jobs finish, text or base64', async () => {
  await start();
  client.socket.write(
    '{"id":1,"kind":"UPPER","payload":"ab"}\n{"id":"two","kind":301,"payloadBase64":"AP8="}\n\n{"id":3,"kind":"GET_TIME"}\n',
  );
  await turnsUntil(() => hub.jobs.size === 3);
  expect([...hub.jobs.values()].map(({ kind, payload }) => [kind, payload === null ? null : [...payload]])).toEqual([
    [300, [97, 98]],
    [301, [0, 255]],
    [1, null],
  ]);
  hub.answer(3, 'now');
  hub.answer(2, 'x');
  hub.answer(1, 'AB');
  await told(3);
  expect(said()).toEqual([
    { id: 3, result: 'now' },
    { id: 'two', resultBase64: 'eA==' },
    { id: 1, result: 'AB' },
  ]);
  expect(front.connectionCounts()).toEqual({ undecided: 0, lines: 0, records: 0, json: 1 });
});

test('it makes no difference how TCP cuts the lines, and the last one needs no end', async () => {
  await start();
  hub.answerWith = (kind) => `kind ${kind}`;
  const text = '{"id":1,"kind":1}\n{"id":2,"kind":"UPPER","payload":"ä"}\n{"id":3,"kind":2}';
  for (const byte of Buffer.from(text)) {
    client.socket.write(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  client.socket.end();
  await client.until(() => client.ended, 'the end');
  expect(said().sort((a, b) => (a as { id: number }).id - (b as { id: number }).id)).toEqual([
    { id: 1, result: 'kind 1' },
    { id: 2, result: 'kind 300' },
    { id: 3, result: 'kind 2' },
  ]);
});

test('what is wrong with a line is said by its id, and the others are answered', async () => {
  await start();
  hub.answerWith = () => 'fine';
  client.socket.write('{"id":1,"kind":"THUMB"}\nnonsense\n{"id":2,"kind":1,"payload":"x"}\n{"id":3,"kind":1}\n');
  await told(4);
  expect(said()).toEqual([
    { id: 1, error: { code: 'UNKNOWN_JOB', message: expect.stringMatching(/^unknown job THUMB; there are GET_TIME/) } },
    { error: { code: 'USAGE', message: expect.stringMatching(/^a line is no JSON/) } },
    { id: 2, error: { code: 'USAGE', message: 'the payload has 1 bytes, and this kind takes none' } },
    { id: 3, result: 'fine' },
  ]);
});

test('a job is cancelled by its id; an id is free again once it is answered, and not before', async () => {
  await start();
  client.socket.write('{"id":1,"kind":1}\n{"id":1,"kind":1}\n{"cancel":1}\n{"cancel":9}\n{"id":1,"kind":2}\n');
  await told(2);
  await turnsUntil(() => hub.jobs.size === 1);
  expect(said()).toEqual([
    { id: 1, error: { code: 'USAGE', message: 'the job 1 has no answer yet' } },
    { id: 1, error: { code: 'CANCELLED', message: 'cancelled by its client' } },
  ]);
  hub.answer([...hub.jobs.keys()][0], 'again');
  await told(3);
  expect(said()[2]).toEqual({ id: 1, result: 'again' });
});

test('a time-out goes to the hub in seconds', async () => {
  await start();
  client.socket.write('{"id":1,"kind":1,"timeoutMs":1500}\n');
  await turnsUntil(() => hub.jobs.size === 1);
  expect(hub.jobs.get(1)?.timeoutSeconds).toBe(1.5);
});

test('no more jobs are with the hub than a connection may have, and all are answered', async () => {
  await start({ jobsPerConnectionMax: 8 });
  hub.answerWith = () => 'x';
  client.socket.write(Array.from({ length: 500 }, (_, id) => `${JSON.stringify({ id, kind: 1 })}\n`).join(''));
  await told(500);
  expect(hub.liveMax).toBeLessThanOrEqual(8);
  expect(new Set(said().map((line) => (line as { id: number }).id)).size).toBe(500);
});

test('payloads wait for room, and have it again when jobs have ended', async () => {
  await start();
  const line = (id: number): string => `${JSON.stringify({ id, kind: 'UPPER', payload: 'x'.repeat(200) })}\n`;
  client.socket.write([1, 2, 3, 4].map(line).join(''));
  await turnsUntil(() => hub.submitted === 2);
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(hub.submitted).toBe(2);
  for (let id = 1; id <= 4; id++) {
    await turnsUntil(() => hub.jobs.has(id));
    hub.answer(id, 'y');
  }
  await told(4);
});

test('a line that is longer than any payload is refused, and the connection ends', async () => {
  await start();
  client.socket.on('error', () => undefined);
  client.socket.write('{"id":1,"kind":"UPPER","payload":"');
  client.socket.write('x'.repeat(lineBytesMax));
  await client.until(() => client.ended, 'the end');
  expect(said()).toEqual([
    { error: { code: 'USAGE', message: `a line is over ${lineBytesMax} bytes (lineBytesMax)` } },
  ]);
});

test('jobs of a client that has gone are cancelled', async () => {
  await start();
  client.socket.write('{"id":1,"kind":1}\n{"id":2,"kind":"UPPER","payload":"x"}\n');
  await turnsUntil(() => hub.jobs.size === 2);
  client.socket.resetAndDestroy();
  await turnsUntil(() => hub.jobs.size === 0);
  expect(hub.cancelled.sort()).toEqual([1, 2]);
});

test('a front that closes answers what was asked', async () => {
  await start();
  client.socket.write('{"id":1,"kind":1}\n');
  await turnsUntil(() => hub.jobs.size === 1);
  const closed = front.close(5_000);
  hub.answer(1, 'last');
  await client.until(() => client.ended, 'the end');
  await closed;
  expect(said()).toEqual([{ id: 1, result: 'last' }]);
});

test('and so it answers the lines that waited for room', async () => {
  await start({ jobsPerConnectionMax: 1 });
  client.socket.write('{"id":1,"kind":1}\n{"id":2,"kind":1}\n{"id":3,"kind":"NO_KIND"}\n');
  await turnsUntil(() => hub.jobs.size === 1);
  const closed = front.close(5_000);
  hub.answer(1, 'a');
  await turnsUntil(() => hub.jobs.size === 1);
  hub.answer(2, 'b');
  await client.until(() => client.ended, 'the end');
  await closed;
  expect(said()).toMatchObject([
    { id: 1, result: 'a' },
    { id: 2, result: 'b' },
    { id: 3, error: expect.anything() },
  ]);
});

test('a last line to which nothing is answered keeps no connection open', async () => {
  await start({ jobsPerConnectionMax: 1 });
  client.socket.write('{"id":1,"kind":1}\n{"cancel":7}\n');
  await turnsUntil(() => hub.jobs.size === 1);
  const closed = front.close(60_000);
  hub.answer(1, 'a');
  await client.until(() => client.ended, 'the end');
  await closed;
  expect(said()).toEqual([{ id: 1, result: 'a' }]);
});

test('half a line that does not go on, and a client that says nothing more, are closed', async () => {
  await start({ senderTimeoutMs: 10, idleTimeoutMs: 50 });
  client.socket.write('{"id":1');
  await client.until(() => client.ended, 'the end');
  expect(front.offences.counts.get('slow-sender')).toBe(1);
});

test('a client that leaves long answers unread is cut off, and its jobs are cancelled', async () => {
  await start({ unreadBytesMax: 1_000_000 });
  client.socket.pause();
  client.socket.write(Array.from({ length: 64 }, (_, at) => `${JSON.stringify({ id: at, kind: 1 })}\n`).join(''));
  await turnsUntil(() => hub.jobs.size === 64);
  for (let id = 1; id <= 64 && hub.jobs.has(id); id++) {
    hub.answer(id, 'x'.repeat(1_000_000));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(front.offences.counts.get('slow-reader')).toBe(1);
  expect(hub.cancelled.length).toBeGreaterThan(0);
});

test('one answer that is longer than that is no fault of its client', async () => {
  await start({ unreadBytesMax: 1000 });
  hub.answerWith = () => 'x'.repeat(100_000);
  client.socket.write('{"id":1,"kind":1}\n');
  await told(1);
  client.socket.write('{"id":2,"kind":1}\n');
  await told(2);
});

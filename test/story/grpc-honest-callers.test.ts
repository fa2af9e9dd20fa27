import * as grpc from '@grpc/grpc-js';
import { EventEmitter, once } from 'node:events';
import { constants } from 'node:http2';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { grpcGuardLimitsDefault } from '../../src/common/grpc-guard-limits.js';
import { startGrpcServer, type RunningGrpcServer } from '../../src/common/grpc-server.js';
import {
  ClusterServiceClient,
  ClusterServiceService,
  type ListWorkersRequest,
  type ListWorkersResponse,
  type WatchWorkersRequest,
  WatchWorkersResponse,
  WorkerInfo,
} from '../../src/gen/trireme/v1/worker.js';
import { emptyMessage, RawCaller } from '../support/raw-caller.js';
import { filled } from '../support/filled.js';

const registry = new Registry();
const closers: (() => void)[] = [];
/** Ends a call that was held, in the order in which they came. */
const held: (() => void)[] = [];
const arrivals = new EventEmitter();
let server: RunningGrpcServer;
let target: string;

const listWorkers = '/trireme.v1.ClusterService/ListWorkers';
const watchWorkers = '/trireme.v1.ClusterService/WatchWorkers';

beforeAll(async () => {
  server = await startGrpcServer({
    listen: { host: '127.0.0.1', port: 0 },
    log: pino({ level: 'silent' }),
    registry,
    guard: { ...grpcGuardLimitsDefault, pingsMax: 50, graceMs: 60_000, gracePingsMax: 2_000 },
    services: [
      {
        definition: ClusterServiceService,
        implementation: {
          // Answers when the test says so.
          listWorkers: (
            _call: grpc.ServerUnaryCall<ListWorkersRequest, ListWorkersResponse>,
            answer: grpc.sendUnaryData<ListWorkersResponse>,
          ) => {
            held.push(() => answer(null, { workers: [] }));
            arrivals.emit('call');
          },
          // One message of 8 MiB, in one write.
          watchWorkers: (call: grpc.ServerWritableStream<WatchWorkersRequest, WatchWorkersResponse>) => {
            call.on('error', () => undefined);
            call.write(
              filled(WatchWorkersResponse, { workers: [filled(WorkerInfo, { name: 'x'.repeat(2 ** 23) })] }),
              () => call.end(),
            );
          },
          listPicks: () => undefined,
          explainJob: () => undefined,
        },
      },
    ],
  });
  target = `127.0.0.1:${server.address.port}`;
});
afterEach(() => {
  for (const close of closers.splice(0)) close();
  held.length = 0;
});
afterAll(() => server.close(0));

function dial(): RawCaller {
  const caller = new RawCaller(target);
  closers.push(() => caller.close());
  return caller;
}

async function callsHeld(count: number): Promise<void> {
  while (held.length < count) await once(arrivals, 'call');
}

async function offences(reason: string): Promise<number> {
  const line = (await registry.metrics())
    .split('\n')
    .find((each) => each.startsWith('trireme_grpc_offences_total') && each.includes(`"${reason}"`));
  return line === undefined ? 0 : Number(line.split(' ').pop());
}

test('PINGs on an idle connection are cut off with ENHANCE_YOUR_CALM and too_many_pings', async () => {
  const before = await offences('pings');
  const caller = dial();
  await once(caller.session, 'connect');
  await Promise.all(Array.from({ length: 50 }, () => caller.ping()));
  expect(caller.goaways).toEqual([]);
  await caller.ping();
  await caller.closed;
  expect(caller.goaways[0]).toEqual({ code: constants.NGHTTP2_ENHANCE_YOUR_CALM, said: 'too_many_pings' });
  expect(await offences('pings')).toBe(before + 1);
});

test('a client that sends a PING for each answer, as a bandwidth estimator does, is left alone', async () => {
  const caller = dial();
  for (let i = 0; i < 300; i++) {
    const stream = caller.call(listWorkers);
    stream.end(emptyMessage);
    await callsHeld(1);
    held.pop()?.();
    stream.resume();
    await Promise.all([once(stream, 'close'), caller.ping()]);
  }
  expect([caller.goaways, caller.session.closed]).toEqual([[], false]);
});

test('a client that sends a PING for each frame of one large message is left alone', async () => {
  const caller = dial();
  const stream = caller.call(watchWorkers);
  let frames = 0;
  stream.on('data', () => {
    frames++;
    void caller.ping();
  });
  stream.end(emptyMessage);
  await once(stream, 'end');
  await caller.ping();
  expect(frames).toBeGreaterThan(200);
  expect([caller.goaways, caller.session.closed]).toEqual([[], false]);
});

test('calls under way end before their connection is cut off, and new connections are served', async () => {
  const caller = dial();
  const stream = caller.call(listWorkers);
  stream.end(emptyMessage);
  await callsHeld(1);
  for (let i = 0; i < 10; i++) await Promise.all(Array.from({ length: 100 }, () => caller.ping()));
  expect(caller.goaways).toEqual([]);
  held.pop()?.();
  const trailers = once(stream, 'trailers');
  stream.resume();
  expect((await trailers)[0]).toMatchObject({ 'grpc-status': '0' });
  await caller.closed;
  expect(caller.goaways[0]).toEqual({ code: constants.NGHTTP2_ENHANCE_YOUR_CALM, said: 'too_many_pings' });
});

test.each([100, 5_000])('a flood of PINGs, %d at once, is not borne until the calls under way end', async (length) => {
  const caller = dial();
  const stream = caller.call(listWorkers);
  stream.end(emptyMessage);
  await callsHeld(1);
  while (!caller.session.destroyed) await Promise.all(Array.from({ length }, () => caller.ping()));
  await caller.closed;
  expect(caller.goaways[0]).toEqual({ code: constants.NGHTTP2_ENHANCE_YOUR_CALM, said: 'too_many_pings' });
});

test('a client that gives up 3,000 calls keeps the call that it waits for', async () => {
  const client = new ClusterServiceClient(target, grpc.credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  });
  closers.push(() => client.close());
  const waiting = new Promise((resolve, reject) =>
    client.listWorkers({}, (error, answer) => (error === null ? resolve(answer) : reject(error))),
  );
  await callsHeld(1);
  const answer = held[0];
  for (let i = 0; i < 30; i++) {
    const calls = Array.from({ length: 100 }, () => {
      let end: () => void;
      const ended = new Promise<grpc.status>((resolve) => {
        const call = client.listWorkers({}, (error) => resolve(error?.code ?? grpc.status.OK));
        end = () => call.cancel();
      });
      return { ended, end: () => end() };
    });
    await callsHeld(101);
    for (const { end } of calls) end();
    expect(new Set(await Promise.all(calls.map(({ ended }) => ended)))).toEqual(new Set([grpc.status.CANCELLED]));
    held.length = 1;
  }
  answer();
  expect(await waiting).toEqual({ workers: [] });
  expect(await offences('resets')).toBe(0);
});

test('calls that are opened and reset without end are cut off, and it is said why', async () => {
  const before = await offences('resets');
  const caller = dial();
  await once(caller.session, 'connect');
  const flood = setInterval(() => {
    for (let i = 0; i < 200 && !caller.session.destroyed && !caller.session.closed; i++)
      caller.call(watchWorkers).close(constants.NGHTTP2_CANCEL);
  }, 5);
  closers.push(() => clearInterval(flood));
  await caller.closed;
  const said = { code: constants.NGHTTP2_ENHANCE_YOUR_CALM, said: 'too_many_resets' };
  // Where Node cannot set nghttp2's bound of 1,000 the client is sent to another connection before it.
  const moved = { code: constants.NGHTTP2_NO_ERROR, said: '' };
  expect([said, moved]).toContainEqual(caller.goaways[0]);
  expect((await offences('resets')) - before).toBe(caller.goaways[0].code === said.code ? 1 : 0);
});

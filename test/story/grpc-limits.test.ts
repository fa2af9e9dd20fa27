import * as grpc from '@grpc/grpc-js';
import { once } from 'node:events';
import { connect as connectHttp2, constants, type ClientHttp2Session } from 'node:http2';
import { connect } from 'node:net';
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
import { eventually } from '../support/capture-cluster.js';
import { filled } from '../support/filled.js';

const log: Record<string, unknown>[] = [];
const registry = new Registry();
const closers: (() => void)[] = [];
let server: RunningGrpcServer;
let target: string;
let watchersGone = 0;

beforeAll(async () => {
  const sink = { write: (line: string) => void log.push(JSON.parse(line) as Record<string, unknown>) };
  // Large beside the window of 64 KiB: a reader that takes a message lets the server write another.
  const fat = filled(WatchWorkersResponse, { workers: [filled(WorkerInfo, { name: 'x'.repeat(8192) })] });
  server = await startGrpcServer({
    listen: { host: '127.0.0.1', port: 0 },
    log: pino({}, sink),
    registry,
    guard: {
      ...grpcGuardLimitsDefault,
      connectionsMax: 8,
      readerTimeoutMs: 1500,
      senderTimeoutMs: 500,
      sweepIntervalMs: 50,
    },
    channelOptions: { 'grpc.keepalive_time_ms': 300, 'grpc.keepalive_timeout_ms': 300 },
    services: [
      {
        definition: ClusterServiceService,
        implementation: {
          listWorkers: (
            _call: grpc.ServerUnaryCall<ListWorkersRequest, ListWorkersResponse>,
            answer: grpc.sendUnaryData<ListWorkersResponse>,
          ) => answer(null, { workers: [] }),
          // Writes as fast as it is read, for ever.
          watchWorkers: (call: grpc.ServerWritableStream<WatchWorkersRequest, WatchWorkersResponse>) => {
            const more = (): void => {
              if (call.cancelled || call.destroyed) return;
              if (call.write(fat)) setImmediate(more);
              else call.once('drain', more);
            };
            call.on('cancelled', () => watchersGone++);
            call.on('error', () => undefined);
            more();
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
});
afterAll(() => server.close(0));

/** One call of another client, which must be served whatever goes on. */
async function served(): Promise<boolean> {
  const client = new ClusterServiceClient(target, grpc.credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  });
  try {
    return await new Promise((resolve) =>
      client.listWorkers({}, { deadline: Date.now() + 20_000 } as never, (error) => resolve(error === null)),
    );
  } finally {
    client.close();
  }
}

/** A raw HTTP/2 client, which does what no gRPC library would. */
function dial(): ClientHttp2Session {
  const session = connectHttp2(`http://${target}`, { settings: { initialWindowSize: 65_535 } });
  session.on('error', () => undefined);
  closers.push(() => session.destroy());
  return session;
}

/** Resolves when it is closed, with or without an error. */
const closing = (what: NodeJS.EventEmitter): Promise<void> =>
  new Promise((resolve) => void what.once('close', () => resolve()));

const headersOf = (path: string): Record<string, string> => ({
  [constants.HTTP2_HEADER_METHOD]: 'POST',
  [constants.HTTP2_HEADER_PATH]: path,
  'content-type': 'application/grpc',
  te: 'trailers',
});
const emptyMessage = Buffer.alloc(5);

async function offences(reason: string): Promise<number> {
  const line = (await registry.metrics()).split('\n').find((each) => each.includes(`reason="${reason}"`));
  return line === undefined ? 0 : Number(line.split(' ').pop());
}
const logged = (offence: string): boolean =>
  log.some((line) => line.msg === 'caller cut off' && line.offence === offence);

test('a caller that never reads is cut off, and what waited for it is dropped', async () => {
  const stream = dial().request(headersOf('/trireme.v1.ClusterService/WatchWorkers'));
  stream.on('error', () => undefined);
  stream.pause();
  stream.end(emptyMessage);
  await closing(stream);
  expect(stream.rstCode).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  await eventually('the end of the call', () => watchersGone > 0);
  expect([await offences('slow-reader'), logged('slow-reader'), await served()]).toEqual([1, true, true]);
});

test('a caller that reads slowly but steadily is not', async () => {
  const before = await offences('slow-reader');
  const stream = dial().request(headersOf('/trireme.v1.ClusterService/WatchWorkers'));
  let bytes = 0;
  let over = false;
  stream.on('error', () => undefined);
  stream.on('close', () => (over = true));
  stream.on('data', (data: Buffer) => {
    bytes += data.length;
    stream.pause();
    setTimeout(() => stream.resume(), 5);
  });
  stream.end(emptyMessage);
  await new Promise((resolve) => setTimeout(resolve, 4000));
  expect([over, bytes > 0, await offences('slow-reader')]).toEqual([false, true, before]);
});

test('a request that does not end is cut off where it should be one message', async () => {
  const stream = dial().request(headersOf('/trireme.v1.ClusterService/ListWorkers'));
  stream.on('error', () => undefined);
  const drip = setInterval(() => stream.write(Buffer.alloc(1)), 100);
  closers.push(() => clearInterval(drip));
  await closing(stream);
  expect(stream.rstCode).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  expect([await offences('slow-sender'), logged('slow-sender'), await served()]).toEqual([1, true, true]);
});

test('a connection that says nothing at all is closed', async () => {
  const socket = connect(server.address.port, '127.0.0.1');
  closers.push(() => socket.destroy());
  socket.on('error', () => undefined).resume();
  await once(socket, 'close');
});

test('a connection that floods PING is closed', async () => {
  const session = dial();
  await once(session, 'connect');
  const flood = setInterval(() => {
    for (let i = 0; i < 5 && !session.destroyed; i++) session.ping(() => undefined);
  }, 5);
  closers.push(() => clearInterval(flood));
  await closing(session);
  expect([await offences('pings'), logged('pings'), await served()]).toEqual([1, true, true]);
});

test('a connection that opens and resets calls without end is closed', async () => {
  const session = dial();
  let opened = 0;
  const flood = setInterval(() => {
    for (let i = 0; i < 100 && !session.destroyed && !session.closed; i++, opened++) {
      const stream = session.request(headersOf('/trireme.v1.ClusterService/WatchWorkers'));
      stream.on('error', () => undefined);
      stream.close(constants.NGHTTP2_CANCEL);
    }
  }, 5);
  closers.push(() => clearInterval(flood));
  await closing(session);
  expect(opened).toBeGreaterThan(100);
  expect(await served()).toBe(true);
});

test('a message over the bound is refused with the bound', async () => {
  const stream = dial().request(headersOf('/trireme.v1.ClusterService/ListWorkers'));
  stream.on('error', () => undefined);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(1_000_000_000, 1);
  stream.write(head);
  const [headers] = (await once(stream, 'response')) as [Record<string, string>];
  const [trailers] = headers['grpc-status'] === undefined ? await once(stream, 'trailers') : [headers];
  const status = trailers as Record<string, string>;
  expect(Number(status['grpc-status'])).toBe(grpc.status.RESOURCE_EXHAUSTED);
  expect(decodeURIComponent(status['grpc-message'])).toMatch(/1000000000 vs\.? (the limit of )?8388608|8388608/);
});

test('calls at once on one connection are bounded', async () => {
  const session = dial();
  await once(session, 'remoteSettings');
  expect(session.remoteSettings.maxConcurrentStreams).toBe(256);
});

test('connections over the bound are closed, counted and logged, and served again when others have gone', async () => {
  const sockets = Array.from({ length: 12 }, () => connect(server.address.port, '127.0.0.1'));
  closers.push(() => sockets.forEach((socket) => socket.destroy()));
  for (const socket of sockets) socket.on('error', () => undefined).resume();
  await eventually('the refusals', async () => (await offences('connections')) >= 4);
  expect(logged('connections')).toBe(true);
  for (const socket of sockets) socket.destroy();
  await eventually('room', () => served());
});

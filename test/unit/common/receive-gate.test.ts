import * as grpc from '@grpc/grpc-js';
import { connect, type ClientHttp2Session } from 'node:http2';
import { gzipSync } from 'node:zlib';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { startGrpcServer, type RunningGrpcServer } from '../../../src/common/grpc-server.js';

const mebibyte = 2 ** 20;
const bytes = (value: Buffer): Buffer => value;
const method = (name: string): grpc.MethodDefinition<Buffer, Buffer> => ({
  path: `/test.Sink/${name}`,
  requestStream: true,
  responseStream: true,
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
});
type Call = grpc.ServerDuplexStream<Buffer, Buffer>;

let server: RunningGrpcServer;
let registry: Registry;
let target: string;
/** Calls whose handler has taken a message and does not ask for the next one. */
let taken: { call: Call; bytes: number }[];
const closers: (() => void)[] = [];

beforeEach(async () => {
  taken = [];
  registry = new Registry();
  server = await startGrpcServer({
    listen: { host: '127.0.0.1', port: 0 },
    log: pino({ level: 'silent' }),
    registry,
    services: [
      {
        definition: { hold: method('Hold') },
        implementation: {
          hold: (call: Call) => {
            call.on('error', () => undefined);
            call.on('end', () => call.end());
            call.on('data', (message: Buffer) => {
              call.pause();
              taken.push({ call, bytes: message.length });
            });
          },
        },
      },
    ],
    receive: {
      freeBytes: 16 * 1024,
      lanes: [{ messageBytesMax: Infinity, bytesMax: 3 * mebibyte, connectionBytesMax: 2 * mebibyte }],
      messageGraceMs: 400,
      messageBytesPerSecondMin: 100 * mebibyte,
    },
  });
  target = `127.0.0.1:${server.address.port}`;
});
afterEach(async () => {
  for (const close of closers.splice(0)) close();
  await server.close(0);
});

function client(): grpc.Client {
  const made = new grpc.Client(target, grpc.credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  closers.push(() => made.close());
  return made;
}

function open(from: grpc.Client): grpc.ClientDuplexStream<Buffer, Buffer> {
  const call = from.makeBidiStreamRequest('/test.Sink/Hold', bytes, bytes);
  call.on('error', () => undefined);
  return call;
}

async function gauge(name: string): Promise<number> {
  return (await registry.getSingleMetric(name)?.get())?.values[0]?.value ?? NaN;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('of many large messages as many are received as there is room for, and all are in the end', async () => {
  for (let from = 0; from < 4; from++) {
    const one = client();
    for (let each = 0; each < 3; each++) open(one).write(Buffer.alloc(mebibyte));
  }
  await until(async () => taken.length === 3 && (await gauge('trireme_grpc_receive_waiting')) === 9);
  expect(await gauge('trireme_grpc_received_bytes')).toBe(3 * mebibyte);
  for (let handled = 1; handled <= 12; handled++) {
    await until(() => taken.length >= Math.min(12, handled));
    taken[handled - 1].call.resume();
    await until(() => taken.length === Math.min(12, handled + 3));
  }
  await until(async () => (await gauge('trireme_grpc_received_bytes')) === 0);
});

test('small messages pass while large ones wait', async () => {
  const [large, small] = [client(), client()];
  for (let each = 0; each < 5; each++) open(large).write(Buffer.alloc(mebibyte));
  await until(() => taken.length === 2);
  open(small).write(Buffer.alloc(10_000));
  await until(() => taken.length === 3);
  expect(taken[2].bytes).toBe(10_000);
});

test('a stream whose handler does not ask is not read ahead', async () => {
  const call = open(client());
  for (let each = 0; each < 50; each++) call.write(Buffer.alloc(60_000));
  await until(() => taken.length === 1);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(taken[0].call.readableLength).toBe(0);
  expect(await gauge('trireme_grpc_received_bytes')).toBeLessThanOrEqual(120_000);
  while (taken.length < 50) {
    const before = taken.length;
    taken[before - 1].call.resume();
    await until(() => taken.length === before + 1);
  }
});

test('messages in one piece keep their order and are all given back', async () => {
  const call = open(client());
  const sizes = [20_000, 1, 0, 300_000, 5, 17_000];
  for (const size of sizes) call.write(Buffer.alloc(size));
  call.end();
  for (let at = 0; at < sizes.length; at++) {
    await until(() => taken.length === at + 1);
    expect(taken[at].bytes).toBe(sizes[at]);
    taken[at].call.resume();
  }
  await new Promise((resolve) => call.on('status', resolve).resume());
  await until(async () => (await gauge('trireme_grpc_received_bytes')) === 0);
});

/** A raw HTTP/2 client that sends the given bytes of a call and no more. */
function rawCall(pieces: readonly Buffer[], encoding?: string): Promise<Record<string, unknown>> {
  const session: ClientHttp2Session = connect(`http://${target}`);
  closers.push(() => session.destroy());
  const stream = session.request({
    ':method': 'POST',
    ':path': '/test.Sink/Hold',
    'content-type': 'application/grpc',
    te: 'trailers',
    ...(encoding === undefined ? {} : { 'grpc-encoding': encoding }),
  });
  for (const piece of pieces) stream.write(piece);
  stream.resume();
  return new Promise((resolve) => {
    stream.on('response', (headers) => 'grpc-status' in headers && resolve(headers));
    stream.on('trailers', resolve);
  });
}

function framed(flag: number, length: number, data: Buffer): Buffer {
  const head = Buffer.from([flag, 0, 0, 0, 0]);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, data]);
}

test('a large message that does not come to its end is DEADLINE_EXCEEDED, counted, and its room is free again', async () => {
  const trailers = await rawCall([framed(0, mebibyte, Buffer.alloc(100_000))]);
  expect(trailers).toMatchObject({ 'grpc-status': String(grpc.status.DEADLINE_EXCEEDED) });
  expect(decodeURIComponent(String(trailers['grpc-message']))).toContain(`a message of ${mebibyte} bytes`);
  expect(await gauge('trireme_grpc_stalled_messages_total')).toBe(1);
  await until(async () => (await gauge('trireme_grpc_received_bytes')) === 0);
});

test('nobody is blamed for the time in which its message waited for room', async () => {
  const one = client();
  open(one).write(Buffer.alloc(2 * mebibyte));
  await until(() => taken.length === 1);
  open(one).write(Buffer.alloc(mebibyte));
  await new Promise((resolve) => setTimeout(resolve, 700));
  taken[0].call.resume();
  await until(() => taken.length === 2);
  expect(await gauge('trireme_grpc_stalled_messages_total')).toBe(0);
});

test('packed messages are unpacked one after the other within the budget', async () => {
  const packed = gzipSync(Buffer.alloc(2 * mebibyte));
  void rawCall(
    Array.from({ length: 4 }, () => framed(1, packed.length, packed)),
    'gzip',
  );
  for (let at = 0; at < 4; at++) {
    await until(() => taken.length === at + 1);
    expect(taken[at].bytes).toBe(2 * mebibyte);
    expect(await gauge('trireme_grpc_received_bytes')).toBeLessThanOrEqual(2 * mebibyte + 8 * mebibyte);
    taken[at].call.resume();
  }
});

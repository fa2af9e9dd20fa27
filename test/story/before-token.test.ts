import * as grpc from '@grpc/grpc-js';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectHttp2, constants, type SecureClientSessionOptions } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { service as healthService } from 'grpc-health-check';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { grpcGuardLimitsDefault, type GrpcGuardLimits } from '../../src/common/grpc-guard-limits.js';
import { startGrpcServer, type RunningGrpcServer } from '../../src/common/grpc-server.js';
import { ListenerTrust } from '../../src/common/trust/listener-trust.js';
import { noTrust } from '../../src/common/trust/options.js';
import { ClusterServiceService } from '../../src/gen/trireme/v1/worker.js';
import { eventually } from '../support/capture-cluster.js';
import { emptyMessage, RawCaller } from '../support/raw-caller.js';
import { scratchFolder } from '../support/scratch.js';
import { TestCertificates } from '../support/test-certificates.js';
import { statusTold } from '../support/status-details.js';

const scratch = scratchFolder();
const silent = pino({ level: 'silent' });
const check = '/grpc.health.v1.Health/Check';
const watch = '/grpc.health.v1.Health/Watch';
const listWorkers = '/trireme.v1.ClusterService/ListWorkers';
const token = { authorization: 'Bearer secret' };

interface Port {
  readonly server: RunningGrpcServer;
  readonly target: string;
  readonly registry: Registry;
}
const ports: Port[] = [];
const closers: (() => void)[] = [];

async function open(limits: Partial<GrpcGuardLimits> = {}, tls: TestCertificates | null = null): Promise<Port> {
  const registry = new Registry();
  const settings = {
    ...noTrust,
    token: { from: 'text', text: 'secret' } as const,
    tls: tls && { cert: tls.cert('server'), key: tls.key('server'), ca: null },
  };
  const server = await startGrpcServer({
    listen: { host: '127.0.0.1', port: 0 },
    log: silent,
    registry,
    trust: new ListenerTrust(settings, silent),
    guard: { ...grpcGuardLimitsDefault, sweepIntervalMs: 50, ...limits },
    services: [
      {
        definition: ClusterServiceService,
        implementation: {
          listWorkers: (_call: unknown, answer: grpc.sendUnaryData<unknown>) => answer(null, { workers: [] }),
          watchWorkers: () => undefined,
          listPicks: () => undefined,
          explainJob: () => undefined,
        },
      },
    ],
  });
  const port = { server, target: `127.0.0.1:${server.address.port}`, registry };
  ports.push(port);
  return port;
}
afterEach(async () => {
  for (const close of closers.splice(0)) close();
  for (const { server } of ports.splice(0)) await server.close(0);
});

function dial({ target }: Port): RawCaller {
  const caller = new RawCaller(target);
  closers.push(() => caller.close());
  return caller;
}

/** Status of one call with an empty message. */
async function status(caller: RawCaller, path: string, headers: Record<string, string> = {}): Promise<grpc.status> {
  const stream = caller.call(path, headers);
  stream.end(emptyMessage);
  stream.resume();
  const first = once(stream, 'response') as Promise<[Record<string, string>]>;
  const trailers = once(stream, 'trailers') as Promise<[Record<string, string>]>;
  trailers.catch(() => undefined);
  const [headersSent] = await first;
  return Number(headersSent['grpc-status'] ?? (await trailers)[0]['grpc-status']);
}

async function offences({ registry }: Port, reason: string): Promise<number> {
  const { values } = (await registry.getSingleMetric('trireme_grpc_offences_total')?.get()) ?? { values: [] };
  return values.find(({ labels }) => labels.reason === reason)?.value ?? 0;
}

async function hold(dials: () => Socket, count: number): Promise<{ readonly open: () => number }> {
  let left = 0;
  for (let i = 0; i < count; i++) {
    const socket = dials();
    closers.push(() => socket.destroy());
    socket.on('error', () => undefined).resume();
    await once(socket, 'connect');
    left++;
    socket.on('close', () => left--);
  }
  return { open: () => left };
}

test('idle connections without credentials keep nobody out, and take nothing from those with them', async () => {
  const port = await open({ anonymousMax: 8 });
  const known = dial(port);
  expect(await status(known, listWorkers, token)).toBe(grpc.status.OK);
  const held = await hold(() => connect(port.server.address.port, '127.0.0.1'), 40);
  expect([await status(dial(port), listWorkers, token), await status(dial(port), check)]).toEqual([0, 0]);
  await eventually('the oldest to be closed', () => held.open() <= 8);
  expect(await status(known, listWorkers, token)).toBe(grpc.status.OK);
  expect(await offences(port, 'anonymous')).toBeGreaterThanOrEqual(32);
});

function secureClient({ target }: Port, certificates: TestCertificates): grpc.Client {
  const client = new grpc.Client(target, grpc.credentials.createSsl(readFileSync(certificates.cert('ca'))), {
    'grpc.use_local_subchannel_pool': 1,
  });
  closers.push(() => client.close());
  return client;
}

function secureStatus(client: grpc.Client, authorization: string): Promise<grpc.status> {
  const metadata = new grpc.Metadata();
  metadata.set('authorization', authorization);
  return new Promise((resolve) =>
    client.makeUnaryRequest(
      listWorkers,
      Buffer.from,
      () => ({}),
      Buffer.alloc(0),
      metadata,
      { deadline: Date.now() + 60_000 },
      (error) => resolve(error?.code ?? grpc.status.OK),
    ),
  );
}

test('neither do handshakes of TLS that do not end', async () => {
  const certificates = await TestCertificates.make(join(scratch.path, 'certificates'));
  const port = await open({ anonymousMax: 8 }, certificates);
  const client = secureClient(port, certificates);
  const call = (): Promise<grpc.status> => secureStatus(client, token.authorization);
  expect(await call()).toBe(grpc.status.OK);
  const handshakes = await hold(() => connect(port.server.address.port, '127.0.0.1'), 20);
  await eventually('the oldest to be closed', () => handshakes.open() <= 8);
  const secure = connectTls({ port: port.server.address.port, host: '127.0.0.1', rejectUnauthorized: false });
  closers.push(() => secure.destroy());
  secure.on('error', () => undefined);
  await once(secure, 'secureConnect');
  expect(await call()).toBe(grpc.status.OK);
  for (const close of closers.splice(0)) close();
  const anonymous = port.registry.getSingleMetric('trireme_grpc_anonymous_connections');
  await eventually('all to be forgotten', async () => (await anonymous?.get())?.values[0]?.value === 0);
});

test('calls at once are few until credentials have come', async () => {
  const port = await open();
  const caller = dial(port);
  await once(caller.session, 'remoteSettings');
  expect(caller.session.remoteSettings.maxConcurrentStreams).toBe(8);
  expect(await status(caller, listWorkers, { authorization: 'Bearer wrong' })).toBe(grpc.status.UNAUTHENTICATED);
  expect(caller.session.remoteSettings.maxConcurrentStreams).toBe(8);
  const raised = once(caller.session, 'remoteSettings');
  expect(await status(caller, listWorkers, token)).toBe(grpc.status.OK);
  await raised;
  expect(caller.session.remoteSettings.maxConcurrentStreams).toBe(256);
});

test('calls in a row are bounded too', async () => {
  const port = await open({ anonymousCallsPerSecond: 1, anonymousCallsMax: 20 });
  const caller = dial(port);
  for (let i = 0; i < 20; i++) expect(await status(caller, check)).toBe(grpc.status.OK);
  // The bucket may have gained one meanwhile.
  for (let i = 0; i < 3 && !caller.session.destroyed; i++) caller.call(check).end(emptyMessage);
  await caller.closed;
  expect(caller.goaways[0]).toEqual({
    code: constants.NGHTTP2_ENHANCE_YOUR_CALM,
    said: 'too_many_calls_without_credentials',
  });
  expect(await offences(port, 'anonymous-calls')).toBe(1);
  const known = dial(port);
  for (let i = 0; i < 60; i++) expect(await status(known, listWorkers, token)).toBe(grpc.status.OK);
});

test('a refusal before a call begins has its reason for programs, too', async () => {
  const { target } = await open();
  const client = new grpc.Client(target, grpc.credentials.createInsecure());
  const same = (value: Buffer): Buffer => value;
  const error = await new Promise<grpc.ServiceError | null>((resolve) =>
    client.makeUnaryRequest(listWorkers, same, same, Buffer.alloc(0), (failure) => resolve(failure)),
  );
  client.close();
  expect(error && statusTold(error.metadata)).toEqual({
    code: grpc.status.UNAUTHENTICATED,
    message: error?.details,
    details: { ErrorInfo: { reason: 'UNAUTHENTICATED', domain: 'trireme', metadata: {} } },
  });
});

test('calls that are refused in a row end their connection, and none of them reaches a service', async () => {
  const port = await open({ anonymousRefusedMax: 12, anonymousRefusedPerSecond: 0.01 });
  const caller = dial(port);
  const wrong = { authorization: 'Bearer wrong' };
  for (let i = 0; i < 12; i++) expect(await status(caller, listWorkers, wrong)).toBe(grpc.status.UNAUTHENTICATED);
  caller.call(listWorkers, wrong).end(emptyMessage);
  await caller.closed;
  expect(caller.goaways[0]).toEqual({
    code: constants.NGHTTP2_ENHANCE_YOUR_CALM,
    said: 'too_many_calls_without_credentials',
  });
  expect(await offences(port, 'anonymous-calls')).toBe(1);
  const probe = dial(port);
  for (let i = 0; i < 30; i++) expect(await status(probe, check)).toBe(grpc.status.OK);
  // channelz counts what grpc-js was given: the calls that were let in, and none of those that were refused.
  const started = await callsStarted(port);
  expect(started).toBe(31);
});

/** Calls that grpc-js has begun at a port, with the one that asks. */
async function callsStarted(port: Port): Promise<number> {
  const client = new grpc.Client(port.target, grpc.credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  });
  closers.push(() => client.close());
  const metadata = new grpc.Metadata();
  metadata.set('authorization', token.authorization);
  const definition = grpc.getChannelzServiceDefinition() as grpc.ServiceDefinition;
  const { path, requestSerialize, responseDeserialize } = definition.GetServers;
  const answer = await new Promise<ServersAnswer>((resolve, reject) =>
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, {}, metadata, (error, value) =>
      error === null ? resolve(value as ServersAnswer) : reject(error),
    ),
  );
  expect(answer.server).toHaveLength(1);
  return Number(answer.server[0].data.calls_started);
}

interface ServersAnswer {
  readonly server: readonly { readonly data: { readonly calls_started: string } }[];
}

test('an address whose connections are cut off again and again waits, and nobody else does', async () => {
  const anonymousAddress = {
    offencesMax: 2,
    offencesPerSecond: 0.01,
    waitsMs: 60_000,
    connectionsPerSecond: 5,
    turnMsMax: 1_000,
  };
  const port = await open({ anonymousRefusedMax: 1, anonymousRefusedPerSecond: 0.01, anonymousAddress });
  const known = dial(port);
  expect(await status(known, listWorkers, token)).toBe(grpc.status.OK);
  for (let i = 0; i < 3; i++) {
    const offender = dial(port);
    for (let j = 0; j < 3; j++) offender.call(listWorkers).end(emptyMessage);
    await offender.closed;
  }
  expect(await offences(port, 'anonymous-calls')).toBe(3);
  // Six have a turn within a second, the first of them at once.
  const crowd = await hold(() => connect(port.server.address.port, '127.0.0.1'), 30);
  await eventually('those beyond a second to be closed', () => crowd.open() <= 10);
  expect(await offences(port, 'anonymous-address')).toBeGreaterThanOrEqual(20);
  expect(await status(known, listWorkers, token)).toBe(grpc.status.OK);
  const elsewhere = connectHttp2(`http://${port.target}`, { localAddress: '127.0.0.2' } as SecureClientSessionOptions);
  closers.push(() => elsewhere.destroy());
  elsewhere.on('error', () => undefined);
  await once(elsewhere, 'remoteSettings');
  for (const close of closers.splice(0)) close();
  await eventually('an honest caller of that address to have its turn', async () => {
    const caller = dial(port);
    const served = status(caller, listWorkers, token);
    return (await Promise.race([served.catch(() => null), caller.closed])) === grpc.status.OK;
  });
});

test('under TLS too a connection that waited for its turn is served, and those that are connected do not wait', async () => {
  const certificates = await TestCertificates.make(join(scratch.path, 'turns'));
  const anonymousAddress = {
    offencesMax: 0,
    offencesPerSecond: 0.01,
    waitsMs: 60_000,
    connectionsPerSecond: 2,
    turnMsMax: 30_000,
  };
  const port = await open({ anonymousRefusedMax: 1, anonymousRefusedPerSecond: 0.01, anonymousAddress }, certificates);
  const known = secureClient(port, certificates);
  expect(await secureStatus(known, token.authorization)).toBe(grpc.status.OK);
  const offender = secureClient(port, certificates);
  expect(await secureStatus(offender, 'Bearer wrong')).toBe(grpc.status.UNAUTHENTICATED);
  await secureStatus(offender, 'Bearer wrong');
  expect(await offences(port, 'anonymous-calls')).toBe(1);
  offender.close();
  const sinceMs = performance.now();
  const calls = Array.from({ length: 3 }, () => secureStatus(secureClient(port, certificates), token.authorization));
  expect(await secureStatus(known, token.authorization)).toBe(grpc.status.OK);
  expect(await Promise.all(calls)).toEqual([grpc.status.OK, grpc.status.OK, grpc.status.OK]);
  // The first of three goes at once, if nobody dialled in between; the last two wait half a second each.
  expect(performance.now() - sinceMs).toBeGreaterThan(900);
});

test('clients with credentials that come at once from one address are all served', async () => {
  const port = await open();
  const callers = Array.from({ length: 100 }, () => dial(port));
  const calls = callers.flatMap((caller) => Array.from({ length: 20 }, () => status(caller, listWorkers, token)));
  expect(new Set(await Promise.all(calls))).toEqual(new Set([grpc.status.OK]));
  for (const reason of ['anonymous', 'anonymous-calls', 'anonymous-address'])
    expect(await offences(port, reason)).toBe(0);
});

test('a large request of Health/Check is reset before it is there', async () => {
  const port = await open();
  const stream = dial(port).call(check);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(4_000_000, 1);
  stream.write(head);
  stream.write(Buffer.alloc(40_000));
  stream.resume();
  await new Promise<void>((resolve) => stream.once('close', () => resolve()));
  expect(stream.rstCode).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  expect(await offences(port, 'anonymous-bytes')).toBe(1);
});

test('connections without credentials are asked to go when they are idle, and when they have been there for long', async () => {
  const port = await open({ anonymousIdleMs: 200, anonymousLifetimeMs: 600, graceMs: 300 });
  const idle = dial(port);
  const watching = dial(port);
  const known = dial(port);
  expect(await status(known, listWorkers, token)).toBe(grpc.status.OK);
  const stream = watching.call(watch);
  stream.end(emptyMessage);
  const ended = once(stream, 'close').catch(() => undefined);
  await idle.closed;
  expect(idle.goaways[0]).toEqual({ code: constants.NGHTTP2_NO_ERROR, said: '' });
  expect(watching.goaways).toEqual([]);
  await Promise.all([watching.closed, ended]);
  expect(watching.goaways[0]).toEqual({ code: constants.NGHTTP2_NO_ERROR, said: '' });
  expect([known.goaways, known.session.closed]).toEqual([[], false]);
});

test('watches of health are few without credentials, and each that ends makes room', async () => {
  const port = await open();
  port.server.setServing(true);
  const client = new grpc.Client(port.target, grpc.credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  });
  closers.push(() => client.close());
  const { path, requestSerialize, responseDeserialize } = (healthService as grpc.ServiceDefinition).Watch;
  const opened = (service: string): { call: grpc.ClientReadableStream<unknown>; first: Promise<unknown> } => {
    const call = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { service });
    const first = new Promise((resolve) => {
      call.on('data', ({ status: its }: { status: string }) => resolve(its));
      call.on('error', ({ code }: grpc.ServiceError) => resolve(code));
    });
    closers.push(() => call.cancel());
    return { call, first };
  };
  const names = ['', 'trireme.v1.ClusterService', 'no.such.Service', ''];
  expect(names).toHaveLength(grpcGuardLimitsDefault.anonymousWatchesMax);
  const watches = names.map(opened);
  expect(await Promise.all(watches.map(({ first }) => first))).toEqual([
    'SERVING',
    'SERVING',
    'SERVICE_UNKNOWN',
    'SERVING',
  ]);
  expect(await opened('').first).toBe(grpc.status.RESOURCE_EXHAUSTED);
  watches[0].call.cancel();
  await eventually('room', async () => (await opened('').first) === 'SERVING');
});

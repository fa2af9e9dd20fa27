import type { Client } from '@connectrpc/connect';
import { Code, ConnectError } from '@connectrpc/connect';
import type { DescService } from '@bufbuild/protobuf';
import { once } from 'node:events';
import { connect } from 'node:net';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { TriremeError } from '../../../../src/common/errors.js';
import { toStatus } from '../../../../src/common/grpc-status.js';
import { startHttpServer, type RunningHttpServer } from '../../../../src/common/http/http-server.js';
import { httpLimitsDefault, type HttpLimits } from '../../../../src/common/http/limits.js';
import type { ServiceCall } from '../../../../src/common/http/service-call.js';
import { receivedMessageBytesMax } from '../../../../src/common/limits.js';
import { ListenerTrust } from '../../../../src/common/trust/listener-trust.js';
import { compileListenerTrust, type TrustOptions } from '../../../../src/common/trust/options.js';
import { CaptureServiceService } from '../../../../src/gen/trireme/v1/capture.js';
import { JobServiceService } from '../../../../src/gen/trireme/v1/job.js';
import { WorkerHubService } from '../../../../src/gen/trireme/v1/worker.js';
import { answerTo, beginPost, httpClient, post, protocols } from '../../../support/http-port.js';

const runJob = '/trireme.v1.JobService/RunJob';
const log = pino({ level: 'silent' });

type Answer = (error: unknown, value?: unknown) => void;
let server: RunningHttpServer | undefined;
let registry: Registry;
/** What the handlers were told, in their order. */
let told: string[];
/** Calls that wait for the test. */
let waiting: { call: ServiceCall; answer: Answer }[];

const implementations = {
  job: {
    runJob: (call: ServiceCall, answer: Answer) => {
      const { kindName, payload } = call.request as { kindName?: string; payload?: Buffer };
      told.push(`${call.getPath()} ${kindName ?? ''}`);
      call.on('cancelled', () => told.push('cancelled'));
      if (kindName === 'FULL')
        answer(toStatus(new TriremeError('QUEUE_FULL', '7 wait', { facts: { value: 7, bound: 5, boundName: 'few' } })));
      else if (kindName === 'WAIT') {
        waiting.push({ call, answer });
        // As jobs do.
        call.on('cancelled', () => answer(toStatus(new TriremeError('CANCELLED', 'the job was cancelled'))));
      } else if (kindName === 'DEADLINE')
        answer(null, { result: String(call.getDeadline()), worker: '', execSeconds: 0, attempts: 1, jobId: 1 });
      else if (kindName === 'THROW') throw new Error('a fault');
      else answer(null, { result: `${payload?.length ?? 0}`, worker: 'w', execSeconds: 0.5, attempts: 1, jobId: 1 });
    },
    runJobs: () => undefined,
  },
  capture: {
    analyze: (call: ServiceCall) => {
      const { path } = call.request as { path: string };
      call.on('cancelled', () => told.push('cancelled'));
      const event = (chunksDone: number, message = ''): object => ({
        event: {
          $case: 'progress',
          value: { bytesDone: 1n, bytesTotal: 2n, chunksDone, chunksTotal: 3, workers: 0, message, chunksResumed: 0 },
        },
      });
      if (path === 'endless') {
        const more = (): void => {
          while (!call.destroyed && call.write(event(told.push('written'), 'x'.repeat(100_000))));
        };
        call.on('drain', more);
        more();
        return;
      }
      for (let i = 1; i <= 3; i++) call.write(event(i));
      if (path === 'fails') call.emit('error', toStatus(new TriremeError('FILE_UNREADABLE', `${path}: no such file`)));
      else call.end();
    },
    upload: (call: ServiceCall, answer: Answer) => {
      call.on('data', ({ part }: { part: { $case: string; value: unknown } }) => told.push(part.$case));
      call.on('end', () => answer(null, { path: `/spool/${told.length}` }));
      call.on('error', () => undefined);
    },
  },
};

async function start(
  limits: Partial<HttpLimits> = {},
  options: TrustOptions = {},
  origins: string[] = [],
): Promise<number> {
  registry = new Registry();
  server = await startHttpServer({
    listen: { host: '127.0.0.1', port: 0 },
    services: [
      { definition: JobServiceService, implementation: implementations.job as never },
      { definition: CaptureServiceService, implementation: implementations.capture as never },
      { definition: WorkerHubService, implementation: { attach: () => undefined } as never },
    ],
    trust: new ListenerTrust(compileListenerTrust(options, {}), log),
    origins,
    log,
    registry,
    limits: { ...httpLimitsDefault, ...limits },
  });
  return server.address.port;
}

beforeEach(() => {
  told = [];
  waiting = [];
});
afterEach(async () => {
  await server?.close(0);
  server = undefined;
});

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
};

const metric = async (name: string, labels: Record<string, string>): Promise<number> => {
  const { values } = (await registry.getSingleMetric(name)?.get()) ?? { values: [] };
  const found = values.find((one) => Object.entries(labels).every(([key, value]) => one.labels[key] === value));
  return found?.value ?? 0;
};

/** A method of a client made at run time. */
const method = (client: Client<DescService>, name: string): ((request: unknown, options?: object) => unknown) =>
  (client as unknown as Record<string, (request: unknown, options?: object) => unknown>)[name];

const failure = (call: unknown): Promise<ConnectError> =>
  (call as Promise<unknown>).then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => ConnectError.from(error),
  );

async function all(stream: unknown): Promise<unknown[]> {
  const messages: unknown[] = [];
  for await (const message of stream as AsyncIterable<unknown>) messages.push(message);
  return messages;
}

describe('calls', () => {
  test('JSON that curl sends is answered by JSON', async () => {
    const port = await start();
    const answer = await post(port, runJob, { kind: 'JOB_KIND_GET_TIME', payload: 'AAAA' });
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/json']);
    expect(answer.json).toEqual({ result: '3', worker: 'w', execSeconds: 0.5, attempts: 1, jobId: '1' });
    expect(await metric('trireme_http_calls_total', { method: runJob, code: 'OK' })).toBe(1);
  });

  test.each(protocols)('a client of %s has one answer, a stream of answers, and sends a stream', async (protocol) => {
    const port = await start();
    const jobs = httpClient(port, 'trireme.v1.JobService', protocol);
    expect(await method(jobs, 'runJob')({ kindName: 'x', payload: new Uint8Array(5) })).toMatchObject({ result: '5' });
    const captures = httpClient(port, 'trireme.v1.CaptureService', protocol);
    const events = await all(method(captures, 'analyze')({ path: 'a.pcap' }));
    expect(events).toMatchObject([1, 2, 3].map((chunksDone) => ({ event: { value: { chunksDone } } })));
    told = [];
    async function* parts(): AsyncGenerator<unknown> {
      yield { part: { case: 'header', value: { name: 'a.pcap' } } };
      for (let i = 0; i < 3; i++) yield { part: { case: 'data', value: await Promise.resolve(new Uint8Array(9)) } };
    }
    expect(await method(captures, 'upload')(parts())).toMatchObject({ path: '/spool/4' });
    expect(told).toEqual(['header', 'data', 'data', 'data']);
  });

  test.each(protocols)('an error has its code, message and details for a client of %s', async (protocol) => {
    const port = await start();
    const error = await failure(
      method(httpClient(port, 'trireme.v1.JobService', protocol), 'runJob')({ kindName: 'FULL' }),
    );
    expect([error.code, error.rawMessage]).toEqual([Code.ResourceExhausted, 'QUEUE_FULL: 7 wait']);
    expect(error.details.map((detail) => 'type' in detail && detail.type)).toEqual([
      'google.rpc.ErrorInfo',
      'google.rpc.RetryInfo',
    ]);
    const captures = httpClient(port, 'trireme.v1.CaptureService', protocol);
    const ended = await failure(all(method(captures, 'analyze')({ path: 'fails' })));
    expect([ended.code, ended.rawMessage]).toEqual([Code.NotFound, 'FILE_UNREADABLE: fails: no such file']);
    expect(ended.details).toHaveLength(1);
  });

  test('the details of an error can be read as they stand in JSON', async () => {
    const { status, json } = await post(await start(), runJob, { kindName: 'FULL' });
    expect([status, json.code, json.details?.map(({ debug }) => debug)]).toEqual([
      429,
      'resource_exhausted',
      [
        { reason: 'QUEUE_FULL', domain: 'trireme', metadata: { value: '7', bound: '5', boundName: 'few' } },
        { retryDelay: '1s' },
      ],
    ]);
    expect(await metric('trireme_http_calls_total', { method: runJob, code: 'ResourceExhausted' })).toBe(1);
  });

  test('a handler that throws is an error of its call, and the port goes on', async () => {
    const port = await start();
    const { status, json } = await post(port, runJob, { kindName: 'THROW' });
    expect([status, json.message]).toEqual([500, 'INTERNAL: a fault']);
    expect((await post(port, runJob, {})).status).toBe(200);
  });

  test('a deadline reaches the handler, and when it has passed both sides are told', async () => {
    const port = await start();
    const none = await post(port, runJob, { kindName: 'DEADLINE' });
    expect(none.json.result).toBe('Infinity');
    const { status, json } = await post(port, runJob, { kindName: 'WAIT' }, { 'connect-timeout-ms': '50' });
    expect([status, json.code]).toEqual([504, 'deadline_exceeded']);
    expect(json.message).toBe('DEADLINE_PASSED: the deadline has passed');
    expect(told).toContain('cancelled');
    // Node's timers take it for 1 ms.
    const long = await post(port, runJob, { kindName: 'DEADLINE' }, { 'connect-timeout-ms': '9999999999' });
    expect(Date.parse(String(long.json.result)) - Date.now()).toBeGreaterThan(20 * 86_400_000);
  });

  test('the handler is told of a caller that goes, and of none that has its answer', async () => {
    const port = await start();
    const asked = beginPost(port, runJob, { 'content-type': 'application/json' });
    asked.end('{"kindName":"WAIT"}');
    await until(() => waiting.length === 1);
    expect(told).not.toContain('cancelled');
    asked.destroy();
    await until(() => told.includes('cancelled'));
    told = [];
    await post(port, runJob, {});
    await server?.close(0);
    expect(told).not.toContain('cancelled');
  });

  test('headers reach the handler, credentials do not', async () => {
    const port = await start({}, { token: 't' });
    const asked = post(port, runJob, { kindName: 'WAIT' }, { authorization: 'Bearer t', traceparent: '00-1-2-01' });
    await until(() => waiting.length === 1);
    const [{ call, answer }] = waiting;
    expect(call.metadata.getMap()).toMatchObject({ traceparent: '00-1-2-01' });
    expect(JSON.stringify(call.metadata.getMap())).not.toContain('Bearer');
    expect(call.getPeer()).toMatch(/^127\.0\.0\.1:\d+$/);
    answer(null, { result: 'r', worker: '', execSeconds: 0, attempts: 1, jobId: 1 });
    expect((await asked).json.result).toBe('r');
  });

  test('close lets a call end for its time, and cuts it then', async () => {
    const port = await start();
    const asked = post(port, runJob, { kindName: 'WAIT' });
    await until(() => waiting.length === 1);
    const closed = server?.close(60_000);
    waiting[0].answer(null, { result: 'late', worker: '', execSeconds: 0, attempts: 1, jobId: 1 });
    expect((await asked).json.result).toBe('late');
    await closed;
  });
});

describe('what is no call', () => {
  test('a field that is not known is refused by its name', async () => {
    const { status, json } = await post(await start(), runJob, { knd: 1 });
    expect([status, json.code]).toEqual([400, 'invalid_argument']);
    expect(json.message).toContain('"knd"');
  });

  test.each([
    ['a method in both directions', '/trireme.v1.JobService/RunJobs', {}, 505, 'the gRPC port'],
    ['a method of workers', '/trireme.v1.WorkerHub/Attach', {}, 404, runJob],
    ['no method', '/', {}, 404, runJob],
    ['a form of a browser', runJob, { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'application/json'],
    ['plain text', runJob, { 'content-type': 'text/plain' }, 415, 'application/json'],
    ['one message for a stream', '/trireme.v1.CaptureService/Analyze', {}, 415, 'application/connect+json'],
  ])('%s is refused in words', async (_what, path, headers, status, words) => {
    const answer = await post(await start(), path, {}, headers);
    expect([answer.status, answer.json.message]).toEqual([status, expect.stringContaining(words)]);
    expect(told).toEqual([]);
  });

  test('GET is refused, with what is sent instead', async () => {
    const answer = await fetch(`http://127.0.0.1:${await start()}${runJob}?encoding=json&message={}`);
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST, OPTIONS']);
    expect(told).toEqual([]);
  });
});

describe('credentials', () => {
  test.each([
    ['none', {}],
    ['a wrong one', { authorization: 'Bearer x' }],
  ])('with %s a call is refused, and tells no more', async (_what, headers) => {
    const port = await start({}, { token: 't' });
    const { status, json, headers: answered } = await post(port, runJob, {}, headers);
    expect([status, json.code, answered['www-authenticate']]).toEqual([401, 'unauthenticated', 'Bearer']);
    expect(json.message).toMatch(/^UNAUTHENTICATED: a valid token is needed here/);
    expect(told).toEqual([]);
  });

  test.each(protocols)('a client of %s is told that they are missing, by a stream as well', async (protocol) => {
    const port = await start({}, { token: 't' });
    const error = await failure(method(httpClient(port, 'trireme.v1.JobService', protocol), 'runJob')({}));
    expect([error.code, error.rawMessage]).toEqual([Code.Unauthenticated, expect.stringMatching(/^UNAUTHENTICATED: /)]);
    const captures = httpClient(port, 'trireme.v1.CaptureService', protocol);
    const streamed = await failure(all(method(captures, 'analyze')({ path: 'a' })));
    expect(streamed.code).toBe(Code.Unauthenticated);
    const headers = { authorization: 'Bearer t' };
    expect(await all(method(captures, 'analyze')({ path: 'a' }, { headers }))).toHaveLength(3);
  });

  test('without them nothing of a body is read: the answer comes before it, and the connection ends soon', async () => {
    const port = await start({}, { token: 't' });
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    socket.write(
      `POST ${runJob} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n`,
    );
    const closed = new Promise((resolve) => socket.once('close', resolve));
    expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1.1 401 /);
    const timer = setInterval(() => socket.write('x'), 100);
    await closed;
    clearInterval(timer);
  });
});

describe('pages of browsers', () => {
  const origin = 'https://jobs.example';

  test('none may call unless it is listed, and what it sends is not looked at', async () => {
    const port = await start({}, {}, [origin]);
    const { status, json } = await post(port, runJob, {}, { origin: 'https://evil.example' });
    expect([status, json.message]).toEqual([403, expect.stringContaining('"https://evil.example"')]);
    const named = await post(port, runJob, {}, { host: 'evil.example' });
    expect([named.status, named.json.message]).toEqual([403, expect.stringContaining('"evil.example"')]);
    expect(told).toEqual([]);
    expect(await metric('trireme_http_offences_total', { reason: 'origin' })).toBe(1);
    expect(await metric('trireme_http_offences_total', { reason: 'host' })).toBe(1);
  });

  test('one that is listed may ask and read', async () => {
    const port = await start({}, {}, [origin]);
    const url = `http://127.0.0.1:${port}${runJob}`;
    const preflight = await fetch(url, { method: 'OPTIONS', headers: { origin } });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe(origin);
    expect(preflight.headers.get('access-control-allow-headers')).toMatch(/Content-Type.*Authorization/);
    const answer = await post(port, runJob, {}, { origin });
    expect([answer.status, answer.headers['access-control-allow-origin'], answer.headers.vary]).toEqual([
      200,
      origin,
      'origin',
    ]);
  });

  test('a request that no page sent is answered without a word of it', async () => {
    const { headers } = await post(await start({}, {}, [origin]), runJob, {});
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

describe('bounds', () => {
  const json = { 'content-type': 'application/json' };

  test.each([
    ['by its length', { 'content-length': receivedMessageBytesMax + 100_000 }],
    ['as it comes', { 'transfer-encoding': 'chunked' }],
  ])('a message over receivedMessageBytesMax is refused, %s', async (_what, headers) => {
    const port = await start();
    const asked = beginPost(port, runJob, { ...json, ...headers });
    const answered = answerTo(asked);
    asked.write('"');
    for (let i = 0; i < 140; i++) asked.write('x'.repeat(64 * 1024));
    const { status, json: said } = await answered;
    expect([status, said.code]).toEqual([429, 'resource_exhausted']);
    expect(said.message).toMatch(/8388608/);
    asked.destroy();
    expect(told).toEqual([]);
  });

  test('a body that stops is answered in the end, and its call is none', async () => {
    const port = await start({ senderTimeoutMs: 100 });
    const asked = beginPost(port, runJob, { ...json, 'content-length': 20 });
    asked.write('{');
    const { status, json: said } = await answerTo(asked);
    expect([status, said.code, said.message]).toEqual([
      504,
      'deadline_exceeded',
      expect.stringContaining('1 bytes of it came'),
    ]);
    expect(told).toEqual([]);
  });

  test('large bodies at once have one budget, and wait for each other no longer than their time', async () => {
    const port = await start({ senderTimeoutMs: 300 });
    const first = beginPost(port, runJob, { ...json, 'content-length': 6_000_000 });
    first.write('{');
    await new Promise((resolve) => setTimeout(resolve, 100));
    const second = await post(port, runJob, { payload: 'A'.repeat(6_000_000) });
    expect([second.status, second.json.message]).toEqual([
      429,
      expect.stringMatching(/^QUEUE_FULL: there was no room/),
    ]);
    first.destroy();
    let again = second;
    while (again.status === 429) again = await post(port, runJob, { payload: 'A'.repeat(6_000_000) });
    expect(again.json.result).toBe('4500000');
  });

  test('a message in a stream of requests has a bound of its own', async () => {
    const port = await start();
    const captures = httpClient(port, 'trireme.v1.CaptureService', 'Connect');
    async function* parts(): AsyncGenerator<unknown> {
      yield { part: { case: 'data', value: await Promise.resolve(new Uint8Array(600 * 1024)) } };
    }
    const error = await failure(method(captures, 'upload')(parts()));
    expect(error.code).toBe(Code.ResourceExhausted);
  });

  test('a caller that reads nothing holds the handler back, and is cut off', async () => {
    const port = await start({ readerTimeoutMs: 300 });
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    const body = Buffer.from('{"path":"endless"}');
    const head = Buffer.from([0, 0, 0, 0, body.length]);
    socket.write(
      `POST /trireme.v1.CaptureService/Analyze HTTP/1.1\r\nhost: localhost\r\n` +
        `content-type: application/connect+json\r\ncontent-length: ${head.length + body.length}\r\n\r\n`,
    );
    socket.write(Buffer.concat([head, body]));
    socket.pause();
    await until(() => told.includes('cancelled'));
    expect(await metric('trireme_http_offences_total', { reason: 'slow-reader' })).toBe(1);
    socket.destroy();
  });

  test('connections have their bound, and those without a request go for newer ones', async () => {
    const port = await start({ connectionsMax: 5, idleConnectionsMax: 2 });
    const idle = [1, 2, 3].map(() => connect(port, '127.0.0.1').on('error', () => undefined));
    await once(idle[0].resume(), 'close');
    expect(await metric('trireme_http_dropped_total', { state: 'idle' })).toBe(1);
    expect((await post(port, runJob, {})).status).toBe(200);
    const calls = [1, 2, 3, 4, 5].map(() => post(port, runJob, { kindName: 'WAIT' }).catch(() => null));
    await until(() => waiting.length >= 3);
    for (const socket of idle) socket.destroy();
    for (let i = 0; i < 8; i++) calls.push(post(port, runJob, { kindName: 'WAIT' }).catch(() => null));
    await until(() => waiting.length === 5);
    while ((await metric('trireme_http_offences_total', { reason: 'connections' })) === 0)
      await new Promise((resolve) => setTimeout(resolve, 5));
    for (const { answer } of waiting) answer(null, { result: '', worker: '', execSeconds: 0, attempts: 1, jobId: 1 });
    void Promise.all(calls);
  });
});

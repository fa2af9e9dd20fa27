/**
 * What callers do to a role: flood.js WHAT HOST PORT COUNT. It holds what it got until it is ended.
 * `messages` and `uploads` come from callers with the benchmark's token.
 */
import { connect as connectHttp2, constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { connect } from 'node:net';
import { RunJobsRequest } from '../../src/gen/trireme/v1/job.js';
import { UploadRequest } from '../../src/gen/trireme/v1/capture.js';
import { receivedMessageBytesMax } from '../../src/common/limits.js';

const [what, host, port, count] = process.argv.slice(2);
/** Calls that each connection tries to hold, as many as a port without credentials allows. */
const callsPerConnection = 250;
/** Uploads that a master takes on one connection. */
const uploadsPerConnection = 16;
/** Connections dialled before the next ones: a stranger too has one core. */
const connectionsAtOnce = 8;
let [claimed, tried, held] = [0, 0, 0];

/** Opens a connection; resolves some time after `talk`, or when it is closed. */
function dial(talk: (session: ClientHttp2Session) => void): Promise<void> {
  return new Promise((resolve) => {
    const session = connectHttp2(`http://${host}:${port}`);
    session.on('error', () => undefined);
    session.on('close', resolve);
    session.on('connect', () => {
      talk(session);
      setTimeout(resolve, 100);
    });
  });
}

function call(session: ClientHttp2Session, path: string, headers: Record<string, string> = {}): ClientHttp2Stream {
  tried++;
  const stream = session.request({
    [constants.HTTP2_HEADER_METHOD]: 'POST',
    [constants.HTTP2_HEADER_PATH]: path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  stream.on('error', () => undefined);
  stream.on('response', (answer) => {
    if (answer['grpc-status'] === undefined) held++;
  });
  return stream;
}

const known = { authorization: 'Bearer bench' };

function framed(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** Asks for watches of health. */
function watch(session: ClientHttp2Session, calls: number): void {
  for (let i = 0; i < calls; i++) call(session, '/grpc.health.v1.Health/Watch').end(Buffer.alloc(5));
}

/** Asks for as many jobs in one message as a server takes, and reads the answers. */
function ask(session: ClientHttp2Session): void {
  const job = RunJobsRequest.encode({ jobs: [{ tag: 0n, kind: 1 }] }).finish();
  const message = Buffer.alloc(Math.floor(receivedMessageBytesMax / job.length) * job.length);
  for (let at = 0; at < message.length; at += job.length) message.set(job, at);
  const stream = call(session, '/trireme.v1.JobService/RunJobs', known);
  stream.resume();
  stream.write(framed(message));
}

/** Begins uploads, and sends no more of them. */
function stall(session: ClientHttp2Session, calls: number): void {
  const header = UploadRequest.encode({
    part: { $case: 'header', value: { name: 'x', identity: undefined } },
  }).finish();
  const data = UploadRequest.encode({ part: { $case: 'data', value: Buffer.alloc(256 * 1024) } }).finish();
  for (let i = 0; i < calls; i++) {
    const stream = call(session, '/trireme.v1.CaptureService/Upload', known);
    stream.write(framed(header));
    stream.write(framed(data).subarray(0, -1));
  }
}

/** One connection that says nothing, or the first bytes of something. */
function hold(bytes: string): Promise<void> {
  tried++;
  return new Promise((resolve) => {
    const socket = connect(Number(port), host, () => {
      if (bytes !== '') socket.write(bytes);
      resolve();
    });
    socket.on('error', () => resolve());
  });
}

interface Act {
  /** Of the count, on each connection. */
  readonly each: number;
  /** Does it so often on one connection. */
  run(times: number): Promise<void>;
}

const acts: Readonly<Record<string, Act>> = {
  watches: { each: callsPerConnection, run: (times) => dial((session) => watch(session, times)) },
  messages: { each: 1, run: () => dial(ask) },
  uploads: { each: uploadsPerConnection, run: (times) => dial((session) => stall(session, times)) },
  idle: { each: 1, run: () => hold('') },
  auth: { each: 1, run: () => hold('AUTH ') },
  headers: { each: 1, run: () => hold('GET / HTTP/1.1\r\n') },
};

async function flood({ each, run }: Act): Promise<void> {
  while (claimed < Number(count)) {
    const times = Math.min(each, Number(count) - claimed);
    claimed += times;
    await run(times);
  }
}

void Promise.all(Array.from({ length: connectionsAtOnce }, () => flood(acts[what]))).then(() =>
  console.log(JSON.stringify({ tried, held })),
);
setInterval(() => undefined, 1_000_000);

/** What strangers do to a role: flood.js WHAT HOST PORT COUNT. It holds what it got until it is ended. */
import { connect as connectHttp2, constants } from 'node:http2';
import { connect } from 'node:net';

const [what, host, port, count] = process.argv.slice(2);
/** Calls that each connection tries to hold, as many as a port without credentials allows. */
const callsPerConnection = 250;
/** Connections dialled before the next ones: a stranger too has one core. */
const connectionsAtOnce = 8;
let [tried, held] = [0, 0];

/** One connection that asks for watches of health, and again for each that is refused or that ends. */
function watch(): Promise<void> {
  return new Promise((resolve) => {
    const session = connectHttp2(`http://${host}:${port}`);
    session.on('error', () => undefined);
    session.on('close', resolve);
    session.on('connect', () => {
      for (let i = 0; i < callsPerConnection && tried < Number(count); i++) {
        tried++;
        const stream = session.request({
          [constants.HTTP2_HEADER_METHOD]: 'POST',
          [constants.HTTP2_HEADER_PATH]: '/grpc.health.v1.Health/Watch',
          'content-type': 'application/grpc',
          te: 'trailers',
        });
        stream.on('error', () => undefined);
        stream.on('response', (headers) => {
          if (headers['grpc-status'] === undefined) held++;
        });
        stream.end(Buffer.alloc(5));
      }
      setTimeout(resolve, 100);
    });
  });
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

const acts: Readonly<Record<string, () => Promise<void>>> = {
  watches: watch,
  idle: () => hold(''),
  auth: () => hold('AUTH '),
  headers: () => hold('GET / HTTP/1.1\r\n'),
};

async function flood(): Promise<void> {
  while (tried < Number(count)) await acts[what]();
}

void Promise.all(Array.from({ length: connectionsAtOnce }, flood)).then(() =>
  console.log(JSON.stringify({ tried, held })),
);
setInterval(() => undefined, 1_000_000);

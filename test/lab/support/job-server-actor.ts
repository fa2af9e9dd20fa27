/*
 * A server of lab B by the protocol's document alone, sharing no code with the project's own. Settings: {lb,
 * port, threads, loss, mute}. `loss` is the share of hellos, jobs and results that the network loses. `mute`:
 * it says hello and answers no job until a line comes in. Prints one JSON line at the end of input: jobs
 * begun by their sleep, and the most that ever ran at a time.
 */
import { createSocket } from 'node:dgram';

const { lb, port, threads, loss, mute } = JSON.parse(process.argv[2]) as {
  lb: string;
  port: number;
  threads: number;
  loss: number;
  mute?: boolean;
};
const socket = createSocket('udp4');
const begun: number[] = [];
let [busy, busyMost, malformed] = [0, 0, 0];
let answers = mute !== true;

function send(bytes: Buffer, toPort: number): void {
  if (Math.random() >= loss) socket.send(bytes, toPort, lb);
}

function poll(): void {
  send(Buffer.of(threads), port);
}

socket.on('message', (datagram, from) => {
  if (Math.random() < loss) return;
  if (datagram.length !== 4 || from.address !== lb || from.port < 16384 || from.port > 32767) {
    malformed++;
    return;
  }
  const sleepMs = datagram.readUInt32LE();
  begun.push(sleepMs);
  if (!answers) return;
  busy++;
  busyMost = Math.max(busyMost, busy);
  setTimeout(() => {
    busy--;
    const result = Buffer.alloc(8);
    result.writeUInt32LE(sleepMs, 0);
    result.writeUInt32LE(busy % threads, 4);
    send(result, from.port);
    poll();
  }, sleepMs);
  if (busy < threads) poll();
});
socket.bind(0, () => {
  process.stdout.write('ready\n');
  poll();
  setInterval(poll, 250);
});
process.stdin
  .on('data', () => (answers = true))
  .on('end', () => {
    process.stdout.write(`${JSON.stringify({ begun, busyMost, malformed })}\n`, () => process.exit(0));
  });

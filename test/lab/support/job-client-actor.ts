/*
 * A client of lab B by the protocol's document alone. Settings: {lb, port, sleepsMs, timeoutMs, sockets}. The
 * jobs go round the sockets; on each every sleep is another number, so an echoed sleep says whose answer it
 * is. Sends all at once, waits until each has an answer (and a little longer, for a second one), prints
 * {answered, twice, wrong, tookMs}.
 */
import { createSocket } from 'node:dgram';

const { lb, port, sleepsMs, timeoutMs, sockets } = JSON.parse(process.argv[2]) as {
  lb: string;
  port: number;
  sleepsMs: number[];
  timeoutMs: number;
  sockets: number;
};
let [answered, twice, wrong, tookMs] = [0, 0, 0, 0];
const startMs = performance.now();

function end(): void {
  process.stdout.write(`${JSON.stringify({ answered, twice, wrong, tookMs })}\n`, () => process.exit(0));
}

/** One socket with its share of the jobs. */
async function ask(share: readonly number[]): Promise<void> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
  const seen = new Map(share.map((sleepMs) => [sleepMs, 0]));
  socket.on('message', (datagram, from) => {
    const sleepMs = datagram.length === 8 ? datagram.readUInt32LE() : NaN;
    const times = seen.get(sleepMs);
    if (from.address !== lb || from.port !== port || times === undefined) wrong++;
    else {
      seen.set(sleepMs, times + 1);
      if (times === 0) answered++;
      else twice++;
    }
    if (answered === sleepsMs.length && tookMs === 0) {
      tookMs = performance.now() - startMs;
      setTimeout(end, 300);
    }
  });
  await new Promise<void>((resolve) => socket.bind(0, resolve));
  for (const [i, sleepMs] of share.entries()) {
    const job = Buffer.alloc(4);
    job.writeUInt32LE(sleepMs);
    socket.send(job, port, lb);
    // As fast as a queue of packets on a slow machine bears.
    if (i % 32 === 31) await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

setTimeout(end, timeoutMs);
for (let i = 0; i < sockets; i++) void ask(sleepsMs.filter((_, job) => job % sockets === i));

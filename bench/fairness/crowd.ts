/**
 * Clients that the modest ones of this benchmark have beside them, in a process of its own: `crowd.js
 * greedy|offenders HOST PORT JOB COUNT`.
 */
import { connect, type Socket } from 'node:net';

/** Bytes of job numbers handed to a socket at once. */
const chunkBytes = 64 * 1024;

/** Writes so much, as fast as it is taken. */
function pour(socket: Socket, unit: string, times: number): void {
  const chunk = Buffer.from(unit.repeat(Math.max(1, Math.floor(chunkBytes / unit.length))), 'latin1');
  let left = unit.length * times;
  const more = (): void => {
    while (left > 0 && !socket.destroyed) {
      const part = chunk.subarray(0, Math.min(left, chunk.length));
      left -= part.length;
      if (!socket.write(part)) return void socket.once('drain', more);
    }
  };
  more();
}

function dial(host: string, port: number): Socket {
  return connect({ host, port, noDelay: true }).on('error', () => undefined);
}

/** Asks for so many jobs at once and says when all are answered. */
function greedy(host: string, port: number, job: string, count: number): void {
  const fromMs = performance.now();
  let answers = 0;
  const socket = dial(host, port);
  socket.on('data', (bytes: Buffer) => {
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) answers++;
    if (answers < count) return;
    process.stdout.write(`${JSON.stringify({ answers, seconds: (performance.now() - fromMs) / 1000 })}\n`);
    socket.end();
  });
  pour(socket, `${job}\n`, count);
}

/** 20 clients that ask and never read, 20 that send a byte a second, and 100 MB of garbage. */
function offenders(host: string, port: number): void {
  for (let i = 0; i < 20; i++) {
    const socket = dial(host, port).pause();
    pour(socket, i < 2 ? '2' : '2,', 200_000);
  }
  for (let i = 0; i < 20; i++) {
    const socket = dial(host, port).resume();
    socket.write('\n1');
    const drip = setInterval(() => socket.write('1'), 1000);
    socket.on('close', () => clearInterval(drip));
  }
  for (let i = 0; i < 4; i++) {
    const socket = dial(host, port).resume();
    socket.write(i % 2 === 0 ? '\n' : 'x');
    pour(socket, 'no job at all, ;-) \x00\xff ', 25e6 / 22);
  }
}

const [what, host, port, job, count] = process.argv.slice(2);
if (what === 'greedy') greedy(host, Number(port), job, Number(count));
else offenders(host, Number(port));

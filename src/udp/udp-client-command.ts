import { createSocket } from 'node:dgram';
import { Command } from 'commander';
import { decimal, formatHostPort, hostPort, integer, type HostPort } from '../common/options.js';
import { TriremeError } from '../common/errors.js';
import { Interruption } from './interruption.js';
import { encodeNumber } from './protocol.js';

/** Sends between two looks at the clock and the signals when there is no pause between numbers. */
const burst = 64;

interface Flags {
  readonly to: HostPort;
  readonly count: number;
  readonly intervalMs: number;
}

/** `trireme udp-client`: lab A's client sends 0, 1, 2, ... */
export function buildCommand(): Command {
  return new Command('udp-client')
    .description('send the numbers 0, 1, 2, ... by UDP')
    .requiredOption('--to <host:port>', 'where to', hostPort(50001))
    .option('--count <n>', 'how many numbers; 0 for no end', integer(0, 2 ** 32), 0)
    .option('--interval-ms <ms>', 'time between two numbers; 0 for none', decimal(0, 3_600_000), 1000)
    .action(send);
}

async function send({ to, count, intervalMs }: Flags): Promise<void> {
  const interruption = new Interruption();
  const socket = createSocket('udp4');
  const sendOne = (number: number): Promise<void> =>
    new Promise((resolve, reject) =>
      socket.send(encodeNumber(number), to.port, to.host, (error) => {
        if (error === null) resolve();
        else reject(new TriremeError('UNREACHABLE', `--to ${formatHostPort(to)}: ${error.message}`, { cause: error }));
      }),
    );
  const startMs = performance.now();
  let sent = 0;
  try {
    while ((count === 0 || sent < count) && !interruption.happened) {
      await sendOne(sent);
      sent++;
      // By the plan and not by the last send, so that pauses do not add up.
      const waitMs = startMs + sent * intervalMs - performance.now();
      if (waitMs > 0 && sent !== count) await interruption.sleep(waitMs);
      else if (sent % burst === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    socket.close();
    interruption.end();
  }
  process.stdout.write(`sent ${sent} numbers to ${formatHostPort(to)}\n`);
}

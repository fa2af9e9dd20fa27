import { createSocket } from 'node:dgram';
import { Command, Option } from 'commander';
import { TriremeError } from '../common/errors.js';
import { formatHostPort, listenAddress, integer, type HostPort } from '../common/options.js';
import { attach } from './attach.js';
import { undoAttachment } from './detach.js';
import { Interruption } from './interruption.js';
import { findAttachment } from './lookup.js';
import { decodeNumber } from './protocol.js';
import { requireRoot } from './tools.js';

/** Asked of the kernel, which caps it at net.core.rmem_max: numbers sent without a pause wait here while we print. */
const receiveBufferBytes = 8 * 1024 * 1024;

interface Flags {
  readonly listen: HostPort;
  readonly xdp?: string;
  readonly mode: 'native' | 'generic';
  readonly count?: number;
}

/** `trireme udp-server`: lab A's server prints each number that arrives, with the filter in front of it or without. */
export function buildCommand(): Command {
  return new Command('udp-server')
    .description('print the numbers that arrive by UDP; with --xdp behind the parity filter')
    .addOption(
      new Option('--listen <host:port>', 'address to receive on; it only receives, so every address is the default')
        .argParser(listenAddress(50001))
        .default({ host: '0.0.0.0', port: 50001 }, '0.0.0.0:50001'),
    )
    .option('--xdp <interface>', 'attach the parity filter to this interface while the server runs (needs root)')
    .addOption(new Option('--mode <mode>', 'mode of the filter').choices(['native', 'generic']).default('native'))
    .option('--count <n>', 'end after so many numbers', integer(1, 2 ** 32))
    .action(serve);
}

async function serve(flags: Flags): Promise<void> {
  const interruption = new Interruption();
  if (flags.xdp !== undefined) {
    requireRoot('udp-server --xdp');
    const timings = {
      silentMs: 1000,
      graceMs: 1000,
      reapMs: 100,
      triesMax: 5,
      servers: { address: '0.0.0.0', bits: 0 },
    };
    const filter = {
      program: 'parity',
      ifname: flags.xdp,
      mode: flags.mode,
      port: flags.listen.port,
      trace: false,
    } as const;
    await attach({ ...timings, ...filter }, interruption);
    process.stderr.write(`parity filter on ${flags.xdp}, ${flags.mode}: even numbers end there\n`);
  }
  try {
    await receive(flags, interruption);
  } finally {
    if (flags.xdp !== undefined) {
      const { folder, attachment } = findAttachment(flags.xdp);
      await undoAttachment(folder, attachment);
    }
    interruption.end();
  }
}

function receive({ listen, count }: Flags, interruption: Interruption): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({ type: 'udp4', recvBufferSize: receiveBufferBytes });
    let [even, odd] = [0, 0];
    let lines: string[] = [];
    // One write for all that arrived in a turn of the event loop: a write each would let the socket's buffer overflow.
    const flush = (): void => {
      if (lines.length > 0) process.stdout.write(lines.join(''));
      lines = [];
    };
    const end = (): void => {
      flush();
      // Standard output holds what was received and nothing else.
      process.stderr.write(`${even + odd} numbers: ${odd} odd, ${even} even\n`);
      socket.close(() => resolve());
    };
    socket.on('message', (datagram, { address, port }) => {
      if (even + odd === count) return;
      const number = decodeNumber(datagram);
      if (lines.length === 0) setImmediate(flush);
      if (number === undefined) {
        lines.push(`no number (${datagram.length} bytes) from ${address}:${port}\n`);
        return;
      }
      if (number % 2 === 0) even++;
      else odd++;
      lines.push(`${number} from ${address}:${port}\n`);
      if (even + odd === count) end();
    });
    socket.on('error', (error) => {
      reject(new TriremeError('JOB_FAILED', `--listen ${formatHostPort(listen)}: ${error.message}`, { cause: error }));
    });
    socket.on('listening', () =>
      process.stderr.write(
        `listening on UDP ${formatHostPort({ host: socket.address().address, port: socket.address().port })}\n`,
      ),
    );
    interruption.onHappen(() => {
      if (even + odd !== count) end();
    });
    socket.bind(listen.port, listen.host);
  });
}

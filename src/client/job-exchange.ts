import type { Socket } from 'node:net';
import { TriremeError } from '../common/errors.js';
import { formatHostPort, type HostPort } from '../common/options.js';
import { openDialler, type DiallerTrust } from '../common/trust/dialler-trust.js';
import { plainWords } from '../common/trust/tls-material.js';
import { dialJobs, isTlsAlert, refusedBy, tlsWanted } from './dial.js';

export interface JobExchangeOptions {
  readonly lb: HostPort;
  /** What the load balancer is shown, and whom this side trusts. */
  readonly trust?: DiallerTrust;
  readonly jobs: readonly number[];
  /** false: records framing, as the exercise's original client has it. */
  readonly lines: boolean;
  /** Time without any answer. */
  readonly timeoutMs: number;
  /** Called with each answer, in the order asked, without padding or newline. */
  readonly onAnswer: (answer: string) => void;
}

/** Jobs in one chunk of lines framing: a few kilobytes. */
const jobsPerWrite = 1024;

/**
 * Sends jobs over one connection and hears their answers.
 * @returns when every answer came; rejects with UNREACHABLE or DEADLINE_PASSED, and the number that came in the message
 */
export function exchangeJobs(options: JobExchangeOptions): Promise<void> {
  const { lb, trust = openDialler, jobs, lines, timeoutMs, onAnswer } = options;
  const where = formatHostPort(lb);
  let answered = 0;
  let unread: Buffer = Buffer.alloc(0);
  return new Promise<void>((resolve, reject) => {
    const socket = dialJobs(lb, trust, () => {
      if (lines) {
        // A first number such as 12 could be two jobs of records framing; a newline before it says that it is none.
        socket.write('\n');
        writeLines(socket, jobs, 0);
      } else writeDigits(socket, jobs, 0);
    });
    const fail = (code: 'UNREACHABLE' | 'DEADLINE_PASSED', what: string, cause?: unknown): void => {
      socket.destroy();
      reject(new TriremeError(code, `--lb ${where}: ${what}`, { cause }));
    };
    const unheard = (reset: boolean): string => (answered === 0 && (reset || trust.tls !== null) ? trust.hint() : '');
    const soFar = (): string => `${answered} of ${jobs.length} answers came`;
    socket.setTimeout(timeoutMs, () => fail('DEADLINE_PASSED', `no answer for ${timeoutMs} ms; ${soFar()}`));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') fail('UNREACHABLE', 'connection refused: is a load balancer running there?');
      else
        fail('UNREACHABLE', `${plainWords(error.message)}${unheard(error.code === 'ECONNRESET')}; ${soFar()}`, error);
    });
    socket.on('end', () => fail('UNREACHABLE', `the connection was closed early${unheard(false)}; ${soFar()}`));
    socket.on('data', (chunk: Buffer) => {
      if (answered === 0 && unread.length === 0 && isTlsAlert(chunk[0])) return fail('UNREACHABLE', tlsWanted);
      unread = unread.length === 0 ? chunk : Buffer.concat([unread, chunk]);
      let from = 0;
      while (answered < jobs.length) {
        // A record ends in a newline too, and over a link of small segments it is shorter than 1,024 bytes.
        const end = unread.indexOf(0x0a, from) + 1;
        if (end === 0) break;
        const answer = unread.toString('utf8', from, end).trimEnd();
        const refused = answered === 0 ? refusedBy(lb, answer) : undefined;
        if (refused !== undefined) {
          socket.destroy();
          return reject(refused);
        }
        answered++;
        onAnswer(answer);
        from = end;
      }
      unread = unread.subarray(from);
      if (answered < jobs.length) return;
      socket.removeAllListeners('end');
      socket.end();
      resolve();
    });
  });
}

/** All jobs, some thousand at a time, as fast as the lb takes them. */
function writeLines(socket: Socket, jobs: readonly number[], from: number): void {
  for (let at = from; at < jobs.length; at += jobsPerWrite) {
    const more = socket.write(jobs.slice(at, at + jobsPerWrite).join('\n') + '\n');
    if (!more && at + jobsPerWrite < jobs.length) {
      socket.once('drain', () => writeLines(socket, jobs, at + jobsPerWrite));
      return;
    }
  }
}

/** One digit per send and nothing between them, as the exercise's original client does. */
function writeDigits(socket: Socket, jobs: readonly number[], from: number): void {
  for (let at = from; at < jobs.length; at++) {
    if (!socket.write(String(jobs[at])) && at + 1 < jobs.length) {
      socket.once('drain', () => writeDigits(socket, jobs, at + 1));
      return;
    }
  }
}

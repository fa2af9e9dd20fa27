import { createReadStream, createWriteStream, truncateSync } from 'node:fs';
import { TriremeError } from '../common/errors.js';
import { byteLines } from './byte-lines.js';
import type { EndedJob } from './run-jobs.js';

/** The first line of a job log, with the columns of GNU parallel's --joblog. */
export const joblogHead = 'Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n';

/** What a job is called in the log: its kind and what it is given. */
export function commandOf(kind: string, label: string): string {
  return `${kind} ${label.replaceAll(/[\t\r\n]/g, ' ')}`.trimEnd();
}

/** The line of a job that has ended: Host is the worker, Exitval 1 where it failed, Send and Receive count bytes. */
export function joblogLine({ task, startedMs, tookMs, result }: EndedJob, kind: string): string {
  const { worker, error, result: text, resultBytes } = result;
  const received = resultBytes?.length ?? Buffer.byteLength(text);
  const fields = [
    task.seq,
    worker === '' ? '-' : worker,
    (startedMs / 1000).toFixed(3),
    (tookMs / 1000).toFixed(3).padStart(10),
    task.payload.length,
    received,
    error === '' ? 0 : 1,
    0,
    commandOf(kind, task.label),
  ];
  return `${fields.join('\t')}\n`;
}

/** What a job log says of earlier runs. */
export interface LoggedJobs {
  /** Commands of the jobs whose last line says that they succeeded, by Seq. */
  readonly done: ReadonlyMap<number, string>;
  /** Bytes of its whole lines: behind them may be a line that was cut short when its writer ended. */
  readonly wholeBytes: number;
}

/**
 * Reads the text of a job log, whatever its pieces.
 * @throws TriremeError USAGE with the line that is none of a job log
 */
export async function readJoblog(pieces: AsyncIterable<Buffer> | Iterable<Buffer>, path: string): Promise<LoggedJobs> {
  const done = new Map<number, string>();
  let wholeBytes = 0;
  let number = 0;
  for await (const { bytes, length, whole } of byteLines(pieces, lineBytesMax)) {
    number++;
    if (length > lineBytesMax)
      throw new TriremeError('USAGE', `--joblog ${path}: line ${number} is over ${lineBytesMax} bytes: no job log`);
    if (!whole) break;
    takeLine(bytes.toString('utf8'), number, path, done);
    wholeBytes += length + 1;
  }
  return { done, wholeBytes };
}

/** Bytes of a line of a log, far above those of ours. */
const lineBytesMax = 64 * 1024;

function takeLine(line: string, number: number, path: string, done: Map<number, string>): void {
  if (number === 1 && `${line}\n` === joblogHead) return;
  const fields = line.split('\t');
  const [seq, , , , , , exit, signal, command] = fields;
  if (number === 1 || fields.length !== 9 || !/^\d{1,15}$/.test(seq) || !/^-?\d+$/.test(exit))
    throw new TriremeError('USAGE', `--joblog ${path}: line ${number} is none of a job log: '${line.slice(0, 80)}'`);
  if (exit === '0' && signal === '0') done.set(Number(seq), command);
  else done.delete(Number(seq));
}

/** A job log that is written, and what it says of earlier runs. */
export interface OpenJoblog {
  readonly done: ReadonlyMap<number, string>;
  /** Resolves when the file has taken the line. Rejects with a TriremeError FILE_UNWRITABLE. */
  write(line: string): Promise<void>;
  /** Rejects as `write` does. */
  close(): Promise<void>;
}

/**
 * Begins a job log anew, or goes on with one that is there.
 * @throws TriremeError FILE_UNWRITABLE, or USAGE where the file is no job log
 */
export async function openJoblog(path: string, resume: boolean): Promise<OpenJoblog> {
  const before = resume ? await logged(path) : null;
  if (before !== null) truncateSync(path, before.wholeBytes);
  const anew = before === null || before.wholeBytes === 0;
  const stream = createWriteStream(path, { flags: anew ? 'w' : 'a' });
  const unwritable = (error: Error): TriremeError =>
    new TriremeError('FILE_UNWRITABLE', `--joblog ${path}: ${error.message}`, { cause: error });
  // The write that failed tells; without a listener the process would end here.
  stream.on('error', () => undefined);
  const settled = (begin: (done: (error?: Error | null) => void) => void): Promise<void> =>
    new Promise((resolve, reject) => begin((error) => (error == null ? resolve() : reject(unwritable(error)))));
  const write = (line: string): Promise<void> => settled((done) => stream.write(line, done));
  await write(anew ? joblogHead : '');
  return { done: before?.done ?? new Map(), write, close: () => settled((done) => stream.end(done)) };
}

/** Null: there is no such file, so nothing has succeeded. */
async function logged(path: string): Promise<LoggedJobs | null> {
  try {
    return await readJoblog(createReadStream(path) as AsyncIterable<Buffer>, path);
  } catch (error) {
    if (error instanceof TriremeError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new TriremeError('FILE_UNREADABLE', `--joblog ${path}: ${(error as Error).message}`, { cause: error });
  }
}

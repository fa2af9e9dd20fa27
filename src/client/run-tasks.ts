import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { TriremeError } from '../common/errors.js';
import { readChecked } from '../common/small-file.js';
import { payloadBytesBound } from '../kinds/folder-kind.js';
import type { ByteLine } from './byte-lines.js';
import type { Task } from './run-jobs.js';

/** Whether a job is left out, by its place in what was asked and what people call it. */
export type Skip = (seq: number, label: string) => boolean;

/** Characters of a payload that stand for it in a log. */
const labelLengthMax = 200;
/** Bytes of one in UTF-8. */
const codePointBytesMax = 4;

/** The first characters of a payload: code points, for half of one would read otherwise in the log. */
function labelOf(payload: Buffer): string {
  const text = payload.toString('utf8', 0, labelLengthMax * codePointBytesMax);
  return Array.from(text).slice(0, labelLengthMax).join('');
}

/** The one job of the command line. */
export function* taskOf(text: string, skip: Skip): Generator<Task> {
  const payload = Buffer.from(text);
  const label = labelOf(payload);
  if (!skip(1, label)) yield { seq: 1, label, payload, fault: null };
}

/** A job for each line, whose bytes are its payload. One that is longer than any payload fails its own job. */
export async function* tasksOfLines(lines: AsyncIterable<ByteLine>, skip: Skip): AsyncGenerator<Task> {
  let seq = 0;
  for await (const { bytes, length } of lines) {
    seq++;
    const label = labelOf(bytes);
    if (skip(seq, label)) continue;
    if (length <= payloadBytesBound) yield { seq, label, payload: bytes, fault: null };
    else yield { seq, label, payload: Buffer.alloc(0), fault: `USAGE: ${tooLong(length)}` };
  }
}

const tooLong = (bytes: number): string => `${bytes} bytes are over ${payloadBytesBound}, the most that any kind takes`;

/** A job for each file, which is read when its turn comes. One that cannot be read fails its own job. */
export function* tasksOfFiles(files: readonly string[], skip: Skip): Generator<Task> {
  for (const [at, label] of files.entries()) {
    const seq = at + 1;
    if (!skip(seq, label)) yield { seq, label, ...payloadOf(label) };
  }
}

function payloadOf(file: string): Pick<Task, 'payload' | 'fault'> {
  try {
    const payload = readChecked(file, (stat) => {
      if (!stat.isFile()) throw new Error('not a regular file');
      if (stat.size > payloadBytesBound) throw new Error(tooLong(stat.size));
    });
    return { payload, fault: null };
  } catch (error) {
    return { payload: Buffer.alloc(0), fault: `FILE_UNREADABLE: ${file}: ${(error as Error).message}` };
  }
}

/**
 * What the answers to the jobs of these files are called in a folder, in their order.
 * @throws TriremeError USAGE where two have one name, or an answer would replace one of these files, whatever
 * leads to it
 */
export function resultNames(files: readonly string[], folder: string): string[] {
  const taken = new Map<string, string>();
  const sources = new Map<string, string>();
  for (const file of files) {
    const identity = identityOf(file);
    if (identity !== null) sources.set(identity, file);
  }
  return files.map((file) => {
    const name = basename(file);
    const other = taken.get(name);
    if (other !== undefined)
      throw new TriremeError('USAGE', `${other} and ${file} would both be ${name} in --out ${folder}: run them apart`);
    const replaced = sources.get(identityOf(join(folder, name)) ?? '');
    if (replaced !== undefined)
      throw new TriremeError(
        'USAGE',
        `the answer to ${file} would replace ${replaced}: name another folder with --out`,
      );
    taken.set(name, file);
    return name;
  });
}

/** The file that a path leads to, through whatever links; null: there is none. */
function identityOf(path: string): string | null {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return null;
  }
}

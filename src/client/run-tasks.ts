import { basename, resolve } from 'node:path';
import type { Interface } from 'node:readline';
import { TriremeError } from '../common/errors.js';
import { readChecked } from '../common/small-file.js';
import { payloadBytesBound } from '../kinds/folder-kind.js';
import type { Task } from './run-jobs.js';

/** Whether a job is left out, by its place in what was asked and what people call it. */
export type Skip = (seq: number, label: string) => boolean;

/** Characters of a payload that stand for it in a log. */
const labelLengthMax = 200;

/** A job for each of these payloads: the one of the command line, or the lines of standard input. */
export async function* tasksOf(texts: Iterable<string> | Interface, skip: Skip): AsyncGenerator<Task> {
  let seq = 0;
  for await (const text of texts) {
    seq++;
    const label = text.slice(0, labelLengthMax);
    if (!skip(seq, label)) yield { seq, label, payload: Buffer.from(text), fault: null };
  }
}

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
      if (stat.size > payloadBytesBound)
        throw new Error(`${stat.size} bytes are over ${payloadBytesBound}, the most that any kind takes`);
    });
    return { payload, fault: null };
  } catch (error) {
    return { payload: Buffer.alloc(0), fault: `FILE_UNREADABLE: ${file}: ${(error as Error).message}` };
  }
}

/**
 * What the answers to the jobs of these files are called in a folder, in their order.
 * @throws TriremeError USAGE where two have one name, or an answer would replace the file that it is made of
 */
export function resultNames(files: readonly string[], folder: string): string[] {
  const taken = new Map<string, string>();
  return files.map((file) => {
    const name = basename(file);
    const other = taken.get(name);
    if (other !== undefined)
      throw new TriremeError('USAGE', `${other} and ${file} would both be ${name} in --out ${folder}: run them apart`);
    if (resolve(folder, name) === resolve(file))
      throw new TriremeError('USAGE', `the answer to ${file} would replace it: name another folder with --out`);
    taken.set(name, file);
    return name;
  });
}

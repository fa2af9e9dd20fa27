import {
  closeSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  type Stats,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { TriremeError } from '../../common/errors.js';

/** Why a place cannot be written to, as Node says it: EACCES, ENOSPC... */
const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error);

const unwritable = (option: string, name: string, error: unknown): TriremeError =>
  new TriremeError('FILE_UNWRITABLE', `${option} ${name}: cannot be written: ${codeOf(error)}`, { cause: error });

/** Makes a folder where it is missing. @throws TriremeError FILE_UNWRITABLE */
export function ensureFolder(option: string, name: string): void {
  try {
    mkdirSync(name, { recursive: true });
  } catch (error) {
    throw unwritable(option, name, error);
  }
}

/**
 * Refuses before hours of work what would fail after them: a folder that is missing, and a file there that is something
 * else, because `--html *.pcap` names the first capture. @throws TriremeError
 */
export function checkHtmlName(name: string): void {
  const folder = dirname(name);
  const found = statOf(folder);
  if (found === undefined)
    throw new TriremeError('USAGE', `--html ${name}: there is no folder ${folder}: make it first`);
  if (!found.isDirectory()) throw new TriremeError('USAGE', `--html ${name}: ${folder} is no folder`);
  const there = statOf(name);
  if (there === undefined || !there.isFile() || there.size === 0 || beginsLikeHtml(name)) return;
  throw new TriremeError('USAGE', `--html ${name} is a file that is no HTML: name another, or remove it first`);
}

/** Undefined where there is nothing, or nothing that we may look at: writing says why. */
function statOf(name: string): Stats | undefined {
  try {
    return statSync(name);
  } catch {
    return undefined;
  }
}

function beginsLikeHtml(name: string): boolean {
  const bytes = Buffer.alloc(64);
  const fd = openSync(name, 'r');
  try {
    return /^\s*<(!doctype|html)/i.test(bytes.toString('latin1', 0, readSync(fd, bytes)));
  } finally {
    closeSync(fd);
  }
}

/** Writes a file whole or not at all: whoever reads it meanwhile sees the one before. Returns its bytes. */
export function writeWhole(option: string, name: string, pieces: Iterable<string>): number {
  const text = [...pieces].join('');
  const there = statOf(name);
  try {
    // A device or a pipe cannot be replaced.
    if (there !== undefined && !there.isFile()) writeFileSync(name, text);
    else replaceFile(name, text);
  } catch (error) {
    throw unwritable(option, name, error);
  }
  return Buffer.byteLength(text);
}

function replaceFile(name: string, text: string): void {
  const partial = join(dirname(name), `.trireme-${process.pid}.part`);
  try {
    writeFileSync(partial, text);
    renameSync(partial, name);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}

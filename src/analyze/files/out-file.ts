import {
  closeSync,
  fstatSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  writeSync,
  type Stats,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { statOf } from '../../captures/file/regular-file.js';
import { indexName } from '../../captures/indexed/index-beside.js';
import { makeFolders } from '../../common/make-folders.js';
import { TriremeError } from '../../common/errors.js';
import { unwritable } from '../../common/unwritable.js';

/** Makes a folder where it is missing. @throws TriremeError FILE_UNWRITABLE */
export function ensureFolder(option: string, name: string): void {
  try {
    makeFolders(name);
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

/** What a file of this name is to replace: the one behind symbolic links, which stay. */
export function behindLinks(name: string): string {
  try {
    return realpathSync(name);
  } catch {
    return name;
  }
}

/** Standard output, or that for errors, goes to this very file, as where /dev/stdout is written to with `> FILE`. */
export function isOutputHere({ dev, ino }: Stats): boolean {
  return [1, 2].some((fd) => {
    try {
      const open = fstatSync(fd);
      return open.dev === dev && open.ino === ino;
    } catch {
      return false;
    }
  });
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
export function writeWhole(option: string, name: string, pieces: Iterable<string | Uint8Array>): number {
  const there = statOf(name);
  try {
    // A device or a pipe cannot be replaced, and what the shell has opened is not to be.
    if (there !== undefined && (!there.isFile() || isOutputHere(there))) return writePieces(name, pieces);
    return replaceFile(behindLinks(name), pieces);
  } catch (error) {
    throw unwritable(option, name, error);
  }
}

/** Removes a file where there is one; anything else stays. @throws TriremeError FILE_UNWRITABLE */
export function removeFile(option: string, name: string): void {
  if (statOf(name)?.isFile() !== true) return;
  try {
    rmSync(name, { force: true });
  } catch (error) {
    throw unwritable(option, name, error);
  }
}

function replaceFile(name: string, pieces: Iterable<string | Uint8Array>): number {
  const partial = join(dirname(name), `.trireme-${process.pid}.part`);
  try {
    const bytes = writePieces(partial, pieces);
    renameSync(partial, name);
    return bytes;
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}

/** Characters gathered before a write. */
const heldMax = 1 << 20;

function writePieces(name: string, pieces: Iterable<string | Uint8Array>): number {
  const fd = openSync(name, 'w');
  let bytes = 0;
  const write = (piece: Uint8Array): void => {
    for (let at = 0; at < piece.length;) at += writeSync(fd, piece, at);
    bytes += piece.length;
  };
  try {
    let held = '';
    for (const piece of pieces) {
      if (typeof piece === 'string') held += piece;
      if (typeof piece === 'string' && held.length < heldMax) continue;
      write(Buffer.from(held));
      held = '';
      if (typeof piece !== 'string') write(piece);
    }
    write(Buffer.from(held));
  } finally {
    closeSync(fd);
  }
  return bytes;
}

/**
 * Writes the index of a capture beside it, whole or not at all. Returns its name. @throws TriremeError FILE_UNWRITABLE
 */
export function writeIndex(capture: string, bytes: Uint8Array): string {
  const name = indexName(capture);
  writeWhole('index', name, [bytes]);
  return name;
}

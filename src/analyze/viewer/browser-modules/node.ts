// What the engine takes of Node, as a browser has it: in place of node:fs, node:path, node:net and the global Buffer.
import type { EngineParts } from '../../../web/viewer/messages.js';

/** The package of this name is bundled: users of Trireme need not install it. */
export { Buffer } from 'buffer/';

let parts: EngineParts = {};

/** Says what the files of the engine hold, before any is read. */
export function provideParts(provided: EngineParts): void {
  parts = provided;
}

/** The only files that the engine reads by itself are its own parts, by their paths. Captures come as Blobs. */
export function readFileSync(path: string): Uint8Array<ArrayBuffer> {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (!Object.hasOwn(parts, name)) throw new Error(`${name} is no part of the viewer`);
  return parts[name];
}

/** Of FilePour, which nothing in a browser makes. */
export function readSync(): never {
  throw new Error('a browser has no file descriptors');
}

export const join = (...places: readonly string[]): string => places.join('/');

/** The parser of URLs knows the same forms of addresses (RFC 4291). */
export function isIPv6(text: string): boolean {
  try {
    return new URL(`http://[${text}]`).hostname !== '';
  } catch {
    return false;
  }
}

import { readFileSync } from 'node:fs';
import { threadsAsked } from './thread-plan.js';

/** Address space of one memory of WebAssembly, whatever its size: V8 guards 8 GiB of it, and 2 GiB before. */
const memoryAddressBytes = 10 * 2 ** 30;
/** Memories of a thread at most: of its scanner, of one that merges or scans beside it, and of what unpacks. */
const memoriesOfThread = 3;
/** Address space of a thread's heap, code and stack; without it V8 ends the process. */
const heapAddressBytes = 1e9;

/** Address space that a thread may take. */
export const threadAddressBytes = memoriesOfThread * memoryAddressBytes + heapAddressBytes;

/** Bytes of address space that a process may have (`ulimit -v`), as the kernel tells; null: as many as there are. */
export function addressBound(limits: string): number | null {
  const bytes = /^Max address space\s+(\d+)/m.exec(limits)?.[1];
  return bytes === undefined ? null : Number(bytes);
}

/** Of so many threads those for which there is address space; one is always used. */
export function threadsThatFit(asked: number, boundBytes: number | null): number {
  if (boundBytes === null) return asked;
  return Math.max(1, Math.min(asked, Math.floor(boundBytes / threadAddressBytes)));
}

/**
 * Threads that a command uses on this machine: those that were asked for, as far as there is address space. To be asked
 * once, since it notes where these are fewer.
 */
export function threadsToUse(choice: Parameters<typeof threadsAsked>[0], onNote: (text: string) => void): number {
  const asked = threadsAsked(choice);
  const bound = asked > 1 ? ownBound() : null;
  const threads = threadsThatFit(asked, bound);
  if (threads < asked)
    onNote(
      `${threads} of ${asked} cores are used: a bound of ${bound} bytes on address space (ulimit -v) has no room for more ` +
        `threads, which may take ${threadAddressBytes} each`,
    );
  return threads;
}

function ownBound(): number | null {
  try {
    return addressBound(readFileSync('/proc/self/limits', 'latin1'));
  } catch {
    return null;
  }
}

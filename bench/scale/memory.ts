import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

// The garbage collector by name, in a process that was not started with the flag for it.
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes of JavaScript objects and buffers that are in use. */
export function heapBytes(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Bytes of the process, native parts too: sockets, HTTP/2 sessions. */
export function residentBytes(): number {
  collect();
  return process.memoryUsage.rss();
}

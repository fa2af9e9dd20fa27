import { TriremeError } from '../common/errors.js';
import type { Kernel } from './kernel.js';

// How the state of TCP conversations is put together from chunks, in the order of the file
// (assembly/tcp-log.ts). A chunk that begins in the middle tells the first packets of each conversation;
// where the state does not settle behind them, the chunk is scanned again from the states that are known by
// then.

/** Conversations whose states travel with a plan at most: 280 bytes each, in base64, in a message of a job. */
const statesMax = 2_048;

/** A head of 8 bytes tells how many bytes of paths of tunnels come before the rows, which name them. */
const pathsHead = 8;

/** Adds the state of TCP of a chunk to that of all before it. @throws what refuse() does where it is none */
export function addTcp(kernel: Kernel, bytes: Uint8Array, refuse: (what: string) => never): void {
  put(kernel, bytes);
  if (!kernel.call((exports) => exports.importTcp(bytes.length))) refuse('a state of its TCP conversations is none');
  kernel.exports.tcpDone();
}

/**
 * What is missing of a chunk whose conversations do not all settle: their states before it, or they are too
 * many for a plan.
 */
export type Unsettled = { readonly tcpStates: string } | 'too many';

/** Looks at a chunk's state of TCP before it is added: null where all of it settles. */
export function unsettledStates(kernel: Kernel, bytes: Uint8Array, refuse: (what: string) => never): Unsettled | null {
  const room = put(kernel, bytes);
  const count = kernel.call((exports) => exports.checkTcp(bytes.length));
  if (count < 0) refuse('a state of its TCP conversations is none');
  const states = count === 0 || count > statesMax ? null : statesIn(kernel, room);
  kernel.exports.tcpDone();
  if (count > statesMax) return 'too many';
  return states === null ? null : { tcpStates: states.toString('base64') };
}

/** The states that checkTcp() has left in the room, behind the paths that they name. */
function statesIn(kernel: Kernel, room: number): Buffer {
  const { exports } = kernel;
  const paths = kernel.bytes(exports.pathsAt(), exports.pathsBytes());
  const rows = kernel.bytes(room, exports.unsettledBytes.value);
  const states = Buffer.alloc(pathsHead + paths.length + rows.length);
  states.writeUInt32LE(paths.length);
  states.set(paths, pathsHead);
  states.set(rows, pathsHead + paths.length);
  return states;
}

/** Takes states of conversations before a chunk over, before its packets come. */
export function installStates(kernel: Kernel, text: string): void {
  const states = Buffer.from(text, 'base64');
  const pathsBytes = states.length < pathsHead ? Infinity : states.readUInt32LE();
  if (!kernel.watchesTcp || pathsHead + pathsBytes > states.length) refuseStates();
  if (pathsBytes > 0) {
    const room = kernel.call((exports) => exports.importRoom(pathsBytes));
    kernel.bytes(room, pathsBytes).set(states.subarray(pathsHead, pathsHead + pathsBytes));
    if (!kernel.call((exports) => exports.importPaths())) refuseStates();
  }
  const rows = states.subarray(pathsHead + pathsBytes);
  put(kernel, rows);
  if (!kernel.call((exports) => exports.seedTcp(rows.length))) refuseStates();
  kernel.exports.tcpDone();
  kernel.exports.endImport();
}

/** @returns where they lie until tcpDone() */
function put(kernel: Kernel, bytes: Uint8Array): number {
  const room = kernel.call((exports) => exports.tcpRoom(bytes.length));
  kernel.bytes(room, bytes.length).set(bytes);
  return room;
}

function refuseStates(): never {
  throw new TriremeError('JOB_FAILED', 'the states of TCP conversations before this chunk are none');
}

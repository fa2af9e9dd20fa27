import { parentPort, workerData } from 'node:worker_threads';
import { readInto } from '../../file/regular-file.js';
import { MemberRunner, type MemberRun } from './member-run.js';

/** Data that a thread starts with. Descriptors belong to the process. */
export interface MemberThreadData {
  readonly fd: number;
  /** Nothing behind it is read. */
  readonly sizeBytes: number;
  /** Bytes that a member may reach behind its range. */
  readonly memberBytesMax: number;
}

/** A range of the packed file, and where its bytes go. */
export interface MemberPlan {
  readonly number: number;
  readonly from: number;
  readonly to: number;
  readonly out: ArrayBuffer;
}

export interface MemberResult {
  readonly number: number;
  readonly out: ArrayBuffer;
  /** Places in the file. Null: no member was found. */
  readonly run: MemberRun | null;
}

if (parentPort !== null) {
  const port = parentPort;
  const { fd, sizeBytes, memberBytesMax } = workerData as MemberThreadData;
  const runner = new MemberRunner();
  let buffer = Buffer.alloc(0);
  port.on('message', ({ number, from, to, out }: MemberPlan) => {
    const length = Math.min(sizeBytes, to + memberBytesMax) - from;
    if (buffer.length < length) buffer = Buffer.allocUnsafeSlow(length);
    // Fewer bytes where the file has become shorter: who reads in order finds that too.
    const bytes = readInto(fd, from, buffer.subarray(0, length));
    const run = runner.run(bytes, to - from, new Uint8Array(out));
    const placed = run === null ? null : { ...run, start: from + run.start, end: from + run.end };
    port.postMessage({ number, out, run: placed } satisfies MemberResult, [out]);
  });
}

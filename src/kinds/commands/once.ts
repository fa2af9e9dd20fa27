import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import type { KindTerms } from '../../gen/trireme/v1/worker.js';
import {
  Child,
  endedBy,
  payloadPlace,
  traceVariable,
  type ProcessesPort,
  type ProcessGroupsPort,
  type Program,
  type Running,
} from './child.js';
import type { Outcome, Oversee } from './overseer.js';
import type { Starter } from './starter.js';

let files = 0;

/** What is run. */
export interface OnceJob {
  readonly payload: Uint8Array;
  /** Empty: its client does not trace. */
  readonly traceparent: string;
}

/**
 * Runs a job in a process of its own: the payload on standard input or in a file, the answer on standard output.
 * @param starter of the kind, for one job at a time; null: this process forks itself
 */
export async function runOnce(
  command: Program,
  terms: KindTerms,
  { groups, scratch }: ProcessesPort,
  starter: Starter | null,
  { payload, traceparent }: OnceJob,
  oversee: Oversee,
): Promise<Outcome> {
  const asFile = command.argv.some((word) => word.includes(payloadPlace));
  if (starter !== null) return runBy((heard) => starter.run(payload, !asFile, traceparent, heard), terms, oversee);
  const environment =
    traceparent === '' ? command.environment : { ...command.environment, [traceVariable]: traceparent };
  if (!asFile) return runBy((heard) => forked({ ...command, environment }, payload, groups, heard), terms, oversee);
  const file = join(scratch, `payload-${threadId}-${files++}`);
  try {
    writeFileSync(file, payload, { flag: 'wx', mode: 0o600 });
    const argv = command.argv.map((word) => word.replaceAll(payloadPlace, file));
    return await runBy((heard) => forked({ ...command, argv, environment }, null, groups, heard), terms, oversee);
  } finally {
    rmSync(file, { force: true });
  }
}

/** Hears each piece of standard output. */
type Heard = (bytes: Buffer) => void;

/** @param input null: none */
function forked(command: Program, input: Uint8Array | null, groups: ProcessGroupsPort, heard: Heard): Running {
  const child = new Child(command, input !== null, groups, heard);
  if (input !== null) child.end(input);
  return child;
}

async function runBy(
  begin: (heard: Heard) => Running | Promise<Running>,
  { resultBytesMax, text }: KindTerms,
  oversee: Oversee,
): Promise<Outcome> {
  const output: Buffer[] = [];
  let bytes = 0;
  const child = await begin((chunk) => {
    bytes += chunk.length;
    if (bytes <= resultBytesMax) output.push(chunk);
    else void child.kill();
  });
  const overseer = oversee(() => void child.kill());
  const ending = await child.over;
  if (overseer.why !== null) return { type: 'stopped', why: overseer.why, complaint: child.complaint };
  if (bytes > resultBytesMax)
    return { type: 'failed', reason: `its answer is over ${resultBytesMax} bytes (resultBytesMax of its kind)` };
  if (ending.code !== 0) return { type: 'failed', reason: `its process ${endedBy(ending)}${child.complaint}` };
  const answer = Buffer.concat(output, bytes);
  // Programs end text with a newline, which is no part of what they say.
  return { type: 'done', bytes: text && answer[bytes - 1] === 0x0a ? answer.subarray(0, -1) : answer };
}

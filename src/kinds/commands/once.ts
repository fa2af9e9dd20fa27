import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import type { KindTerms } from '../../gen/trireme/v1/worker.js';
import { Child, endedBy, type ProcessesPort, type Program } from './child.js';
import type { Outcome, Oversee } from './overseer.js';

/** What stands in argv for the path of a file with the payload. */
export const payloadPlace = '{payload}';

let files = 0;

/** Runs a job in a process of its own: the payload on standard input or in a file, the answer on standard output. */
export async function runOnce(
  command: Program,
  terms: KindTerms,
  { groups, scratch }: ProcessesPort,
  payload: Uint8Array,
  oversee: Oversee,
): Promise<Outcome> {
  const asFile = command.argv.some((word) => word.includes(payloadPlace));
  if (!asFile) return runWith(command, terms, groups, payload, oversee);
  const file = join(scratch, `payload-${threadId}-${files++}`);
  try {
    writeFileSync(file, payload, { flag: 'wx', mode: 0o600 });
    const argv = command.argv.map((word) => word.replaceAll(payloadPlace, file));
    return await runWith({ ...command, argv }, terms, groups, null, oversee);
  } finally {
    rmSync(file, { force: true });
  }
}

/** @param input null: none */
async function runWith(
  command: Program,
  { resultBytesMax, text }: KindTerms,
  groups: ProcessesPort['groups'],
  input: Uint8Array | null,
  oversee: Oversee,
): Promise<Outcome> {
  const output: Buffer[] = [];
  let bytes = 0;
  const child = new Child(command, input !== null, groups, (chunk) => {
    bytes += chunk.length;
    if (bytes <= resultBytesMax) output.push(chunk);
    else void child.kill();
  });
  const overseer = oversee(() => void child.kill());
  if (input !== null) child.end(input);
  const ending = await child.over;
  if (overseer.why !== null) return { type: 'stopped', why: overseer.why, complaint: child.complaint };
  if (bytes > resultBytesMax)
    return { type: 'failed', reason: `its answer is over ${resultBytesMax} bytes (resultBytesMax of its kind)` };
  if (ending.code !== 0) return { type: 'failed', reason: `its process ${endedBy(ending)}${child.complaint}` };
  const answer = Buffer.concat(output, bytes);
  // Programs end text with a newline, which is no part of what they say.
  return { type: 'done', bytes: text && answer[bytes - 1] === 0x0a ? answer.subarray(0, -1) : answer };
}

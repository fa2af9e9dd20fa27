import { compileFields, type CompiledFields, type KindFields } from '../folder-kind.js';
import type { Kind, KindBatch } from '../kind.js';
import type { KindRegistry } from '../registry.js';
import type { ProcessesPort, Program } from './child.js';
import type { Framing } from './framing.js';
import { runOnce } from './once.js';
import { Overseer, type Outcome, type Oversee } from './overseer.js';
import { ServedProcess } from './served-process.js';
import { Starter } from './starter.js';

/** A kind whose jobs are run by a program, as a file of commands says it; plain data, for threads get it too. */
export interface CommandEntry extends Program {
  /** Where it was written, for errors. */
  readonly where: string;
  readonly fields: KindFields & { readonly name: string };
  /** `once`: a process for each job. The others keep a process alive for many. */
  readonly serve: 'once' | Framing;
  /** Whether a small process can start its processes. */
  readonly starter: boolean;
}

/** Runs one job. `stopped` of the overseer is to be heard by whoever has the process. */
type Run = (payload: Uint8Array, oversee: Oversee, traceparent: string) => Promise<Outcome>;

/**
 * Registers the kinds of files of commands.
 * @param port of the thread that runs them; null: jobs are run elsewhere
 * @throws TriremeError USAGE with the entry and what is wrong with it
 */
export function addCommands(
  registry: KindRegistry,
  entries: readonly CommandEntry[],
  port: ProcessesPort | null,
): void {
  for (const entry of entries) registry.add(commandKind(entry, port ?? noProcesses), entry.where, 'USAGE');
}

const noProcesses: ProcessesPort = { groups: { began: () => undefined, gone: () => undefined }, scratch: '' };

function commandKind(entry: CommandEntry, port: ProcessesPort): Kind {
  const { fields, where, serve } = entry;
  const compiled = compileFields(fields, fields.name, where);
  if (serve !== 'once') return servedKind(compiled, entry, serve, port);
  const starter = entry.starter ? new Starter(entry, port) : null;
  return processKind(compiled, (payload, oversee, traceparent) =>
    runOnce(entry, compiled.terms, port, starter, { payload, traceparent }, oversee),
  );
}

/** A kind whose jobs go one after the other to a process of their thread. */
export function servedKind(
  compiled: CompiledFields,
  program: Program,
  framing: Framing,
  { groups }: ProcessesPort,
): Kind {
  const { resultBytesMax } = compiled.terms;
  let served: ServedProcess | null = null;
  return processKind(compiled, (payload, oversee) =>
    (served ??= new ServedProcess(program, framing, resultBytesMax, groups)).ask(payload, oversee),
  );
}

function processKind(compiled: CompiledFields, run: Run): Kind {
  return { ...compiled, processes: true, run: (batch) => runAll(batch, compiled, run) };
}

async function runAll(batch: KindBatch, { name, terms }: CompiledFields, run: Run): Promise<void> {
  const { timeoutSeconds, mayCopy } = terms;
  for (let index = 0; index < batch.count; index++) {
    if (batch.cancelled(index)) {
      batch.notRun('CANCELLED: before it began');
      continue;
    }
    let overseer: Overseer | null = null;
    const outcome = await run(
      batch.payload(index),
      (stopped) => (overseer = new Overseer(batch, index, timeoutSeconds, stopped)),
      batch.traceparent ?? '',
    )
      // A full disk, say: it fails this job and no other of the batch.
      .catch((error: Error): Outcome => ({ type: 'failed', reason: `could not be run: ${error.message}` }))
      .finally(() => overseer?.end());
    if (outcome.type === 'done') batch.answer(outcome.bytes);
    else if (outcome.type === 'failed') batch.fail(outcome.reason);
    else if (outcome.type === 'not-begun') batch.notRun('CANCELLED: before it began');
    else if (outcome.why === 'TIMED_OUT')
      batch.fail(
        `a job of ${name} gave no answer within ${timeoutSeconds} s (timeoutSeconds of its kind), ` +
          `and its process was ended${outcome.complaint}`,
      );
    else if (mayCopy) batch.notRun('CANCELLED: its process was ended');
    else batch.fail(`its process was ended; it may have run, and jobs of ${name} are not run twice (mayCopy)`);
  }
}

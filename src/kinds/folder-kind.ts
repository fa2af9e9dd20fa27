import { TriremeError } from '../common/errors.js';
import { answerBytesBound, jobAttemptsMax } from '../common/limits.js';
import type { KindTerms } from '../gen/trireme/v1/worker.js';
import {
  kindNumberMax,
  kindTimeoutSecondsDefault,
  nameFault,
  resultBytesDefault,
  resultBytesMin,
  slotsMax,
  timeoutFault,
  type Kind,
  type KindBatch,
} from './kind.js';
import { unitsOfPayload, unitsRule, unitsWords, type UnitsWord } from './units.js';

/** Bytes of the longest payload that a kind may take: with it, a job fits a message of gRPC with as much to spare. */
export const payloadBytesBound = 4 * 1024 * 1024;
/** And of one that says nothing. */
export const payloadBytesDefault = 1024 * 1024;

/** Numbers below are those of Trireme's own kinds. */
export const folderNumberMin = 128;

const versionLengthMax = 64;

/** What keeps something from being the version of a kind, as words behind it; null: nothing. */
export function versionFault(version: unknown): string | null {
  if (typeof version === 'string' && version.length <= versionLengthMax && /^[\x20-\x7e]*$/.test(version)) return null;
  return `is not at most ${versionLengthMax} printable characters`;
}

/** One job, as its kind sees it. */
export interface Job {
  /** What the client sent; empty where it sent nothing. The kind's to keep. */
  readonly payload: Uint8Array;
  /** The payload as UTF-8. */
  readonly text: string;
  /**
   * The trace context of this job, `00-TRACE-SPAN-FLAGS` of W3C Trace Context, for spans and calls of the
   * kind's own. Empty where its client does not trace, and with isolate: process.
   */
  readonly traceparent: string;
  /**
   * Whether nobody waits for this job any more: its client has cancelled it or has gone, or its deadline has
   * passed. A job that takes longer than half a second looks from time to time and then throws; the thread of
   * one that does not is ended.
   */
  cancelled(): boolean;
  /** A sign of life: the kind's timeoutSeconds begin anew. */
  alive(): void;
}

/** What a kind answers: text is sent as UTF-8, nothing is an empty answer. */
export type Answer = string | Uint8Array | undefined;

/**
 * A kind of job of one's own: the object `kind` that a file NAME.kind.js, NAME.kind.mjs or NAME.kind.cjs
 * exports in a folder of `trireme worker --kinds`.
 */
export interface FolderKind {
  /** Capitals, digits and underscores, at most 40. Default: the NAME of its file in capitals, dashes as underscores. */
  readonly name?: string;
  /** 128 to 1023, the same on all workers. Default: a number made from the name. */
  readonly number?: number;
  /** For people who list the kinds. */
  readonly version?: string;
  /** What answers are: text goes to clients as text, bytes as bytes. Default `text`. */
  readonly answers?: 'text' | 'bytes';
  /** Bytes of the longest payload that a client may send, 0 to 4,194,304; default 1,048,576. */
  readonly payloadBytesMax?: number;
  /** Bytes of the longest answer, 64 to 67,108,864; default 1,048,576. A longer one is a failure of the job. */
  readonly resultBytesMax?: number;
  /** Seconds for which a job may run without a sign of life, 0.001 to 86,400; default 30. Then its thread is ended. */
  readonly timeoutSeconds?: number;
  /**
   * Whether a job may run twice: again after its worker was lost, and on a second worker when the first takes too long.
   * Default false: a job that may have begun is never begun again, and its client is told that it may have run.
   */
  readonly mayCopy?: boolean;
  /** Times that a job with mayCopy is given to a worker that then dies, 1 to 3; default 3. */
  readonly attempts?: number;
  /** Jobs of this kind at once on one worker, 1 to 1,024; default: as many as the worker has slots. */
  readonly slots?: number;
  /**
   * `process`: jobs run in a process of their own, one for each slot, which is ended with all that it started
   * when a job is cancelled or takes too long. Default `thread`.
   */
  readonly isolate?: 'thread' | 'process';
  /**
   * What the size of a job is counted in, which decides what it is expected to cost: bytes of the payload,
   * its lines, the first decimal number in it (such as a count of rounds), or `jobs`: all cost the same.
   * Default `bytes`.
   */
  readonly units?: UnitsWord;
  /**
   * Runs one job, on a thread of its own. What it throws (or rejects with) is the failure of the job, in its message.
   */
  run(job: Job): Answer | Promise<Answer>;
}

/** What a kind says of itself, beside how it runs. */
export type KindFields = Omit<FolderKind, 'run'>;

/** The number of a kind that names none: the same for the same name on every machine (FNV-1a). */
export function numberOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193) >>> 0;
  return folderNumberMin + (hash % (kindNumberMax + 1 - folderNumberMin));
}

/** The name of a kind whose file says none. @param stem the file's name before `.kind.` */
export function nameOf(stem: string): string {
  return stem.toUpperCase().replaceAll('-', '_');
}

/**
 * A kind of a folder as the threads run it.
 * @throws TriremeError USAGE with the file, what is wrong with it, the value and the bound
 */
export function compileFolderKind(exported: unknown, stem: string, file: string): CompiledFields & Kind {
  const wrong = (what: string): TriremeError => new TriremeError('USAGE', `kind ${file}: ${what}`);
  if (typeof exported !== 'object' || exported === null) throw wrong("it must export an object named 'kind'");
  const kind = exported as FolderKind;
  if (typeof kind.run !== 'function') throw wrong('run must be a function');
  const fields = compileFields(kind, nameOf(stem), `kind ${file}`);
  return { ...fields, run: (batch) => runFrom(batch, 0, kind, fields.terms) };
}

/** A kind of a user without what runs it. */
export type CompiledFields = Omit<Kind, 'run'> & { readonly terms: KindTerms };

/**
 * All of a kind but how it runs.
 * @param named what it is called unless it says so
 * @param where it was written, for errors
 * @throws TriremeError USAGE with the field that is wrong, its value and the bound
 */
export function compileFields(kind: KindFields, named: string, where: string): CompiledFields {
  const wrong = (what: string): TriremeError => new TriremeError('USAGE', `${where}: ${what}`);
  const { name = named, version = '', answers = 'text', mayCopy = false } = kind;
  const unnamed = nameFault(name);
  if (unnamed !== null) throw wrong(`name '${String(name)}' ${unnamed}`);
  const unversioned = versionFault(version);
  if (unversioned !== null) throw wrong(`version '${String(version)}' ${unversioned}`);
  if (answers !== 'text' && answers !== 'bytes') throw wrong(`answers '${String(answers)}' is neither text nor bytes`);
  const { units = 'bytes' } = kind;
  if (!unitsWords.includes(units)) throw wrong(`units '${String(units)}' is none of ${unitsWords.join(', ')}`);
  if (typeof mayCopy !== 'boolean') throw wrong(`mayCopy ${String(mayCopy)} is neither true nor false`);
  const whole = (field: string, value: number, least: number, most: number): number => {
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw wrong(`${field} ${String(value)} is not a whole number from ${least} to ${most}`);
  };
  const { slots, isolate = 'thread' } = kind;
  if (isolate !== 'thread' && isolate !== 'process')
    throw wrong(`isolate '${String(isolate)}' is neither thread nor process`);
  const { timeoutSeconds = kindTimeoutSecondsDefault, attempts = jobAttemptsMax } = kind;
  const untimed = timeoutFault(timeoutSeconds);
  if (untimed !== null) throw wrong(`timeoutSeconds ${String(timeoutSeconds)} ${untimed}`);
  if (!mayCopy && kind.attempts !== undefined && attempts !== 1)
    throw wrong(`attempts ${String(attempts)} needs mayCopy: a job that may not run twice is given to one worker`);
  const terms: KindTerms = {
    version,
    payloadBytesMax: whole('payloadBytesMax', kind.payloadBytesMax ?? payloadBytesDefault, 0, payloadBytesBound),
    resultBytesMax: whole(
      'resultBytesMax',
      kind.resultBytesMax ?? resultBytesDefault,
      resultBytesMin,
      answerBytesBound,
    ),
    timeoutSeconds,
    attempts: mayCopy ? whole('attempts', attempts, 1, jobAttemptsMax) : 1,
    mayCopy,
    text: answers === 'text',
    units: unitsRule(units),
  };
  return {
    number: whole('number', kind.number ?? numberOf(name), folderNumberMin, kindNumberMax),
    name,
    clientMay: true,
    resultBytesMax: terms.resultBytesMax,
    timeoutSeconds,
    processes: isolate === 'process',
    slots: slots === undefined ? undefined : whole('slots', slots, 1, slotsMax),
    terms,
    unitsOf: (payload) => unitsOfPayload(terms.units, payload),
    // What a job takes follows from its payload: the first ones show it.
    calibrate: () => 0,
  };
}

/**
 * Runs the jobs of a batch one after the other. Without a promise of the kind there is none here: awaiting
 * costs a turn.
 */
function runFrom(batch: KindBatch, first: number, kind: FolderKind, terms: KindTerms): void | Promise<void> {
  for (let index = first; index < batch.count; index++) {
    if (batch.cancelled(index)) {
      batch.notRun('CANCELLED: before it began');
      continue;
    }
    let answer: Answer | Promise<Answer>;
    try {
      answer = kind.run(new BatchedJob(batch, index));
    } catch (error) {
      batch.fail(reasonOf(error));
      continue;
    }
    if (!isPromise(answer)) {
      give(batch, answer, terms);
      continue;
    }
    return answer
      .then(
        (later) => give(batch, later, terms),
        (error: unknown) => batch.fail(reasonOf(error)),
      )
      .then(() => runFrom(batch, index + 1, kind, terms));
  }
}

function give(batch: KindBatch, answer: Answer, { resultBytesMax }: KindTerms): void {
  if (answer !== undefined && typeof answer !== 'string' && !ArrayBuffer.isView(answer))
    return batch.fail(`its answer is neither text nor bytes but ${answer === null ? 'null' : typeof answer}`);
  const bytes = answer === undefined ? noBytes : typeof answer === 'string' ? Buffer.from(answer) : answer;
  if (bytes.byteLength > resultBytesMax)
    return batch.fail(`its answer of ${bytes.byteLength} bytes is over ${resultBytesMax} (resultBytesMax of its kind)`);
  batch.answer(bytes);
}

const noBytes = new Uint8Array(0);

function isPromise(answer: unknown): answer is Promise<Answer> {
  return typeof (answer as { then?: unknown } | null | undefined)?.then === 'function';
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}

class BatchedJob implements Job {
  readonly payload: Uint8Array;
  readonly traceparent: string;

  constructor(
    private readonly batch: KindBatch,
    private readonly index: number,
  ) {
    this.payload = batch.payload(index);
    this.traceparent = batch.traceparent ?? '';
  }

  get text(): string {
    const { buffer, byteOffset, byteLength } = this.payload;
    return Buffer.from(buffer, byteOffset, byteLength).toString('utf8');
  }

  cancelled(): boolean {
    return this.batch.cancelled(this.index);
  }

  alive(): void {
    this.batch.progress(0);
  }
}

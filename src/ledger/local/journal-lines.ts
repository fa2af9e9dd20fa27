import { crc32 } from 'node:zlib';
import type { Values, Writes } from './content-sum.js';

/** Version of the form of a journal. */
const journalForm = 2;

/**
 * The form of a journal: lines of JSON, each after its CRC-32 in hex and a blank. The first one says how many values
 * there are at the start and after which write; a line for each of them follows, and then a line for each later write,
 * numbered without a gap. So a line that is changed or missing shows, wherever it is; only missing last ones do not.
 */
export interface JournalContents {
  readonly values: Values;
  /** Number of the last write that is in the values. */
  readonly seq: number;
  /** When it was made: ms since 1970. */
  readonly atMs: number;
  /** Bytes up to the end of that write. */
  readonly soundBytes: number;
  /** What is wrong behind them; null: nothing but perhaps a last line that was cut off as it was written. */
  readonly damage: string | null;
}

interface Head {
  readonly form: number;
  readonly seq: number;
  readonly at: number;
  readonly count: number;
}

interface WriteLine {
  readonly seq: number;
  readonly at: number;
  readonly writes: readonly (readonly [string, string | null])[];
}

function line(facts: unknown): string {
  const json = JSON.stringify(facts);
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;
}

export function headLines(values: Values, seq: number, atMs: number): string {
  const head: Head = { form: journalForm, seq, at: atMs, count: values.size };
  return [head, ...values].map(line).join('');
}

export function writeLine(writes: Writes, seq: number, atMs: number): string {
  return line({ seq, at: atMs, writes: [...writes] } satisfies WriteLine);
}

/** The facts of a line without its end; undefined: it is damaged. */
export function factsOf(text: string): unknown {
  const json = text.slice(9);
  if (text[8] !== ' ' || text.slice(0, 8) !== crc32(json).toString(16).padStart(8, '0')) return undefined;
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
}

/** One line for a file of a single one. */
export const lineOf = line;

/** Reads a journal as far as it is sound. Null: not even its start is. */
export function readJournal(bytes: Buffer): JournalContents | null {
  const lines = linesOf(bytes);
  const first = lines.next();
  const head = first.done === true ? undefined : (factsOf(first.value.text) as Head | undefined);
  if (head?.form !== journalForm || first.done === true || !first.value.whole) return null;
  const values = new Map<string, string>();
  for (let i = 0; i < head.count; i++) {
    const next = lines.next();
    const entry =
      next.done === true || !next.value.whole ? undefined : (factsOf(next.value.text) as [string, string] | undefined);
    if (!Array.isArray(entry)) return null;
    values.set(entry[0], entry[1]);
  }
  let { seq, at: atMs } = head;
  let soundBytes = lines.end();
  for (const { text, whole } of lines) {
    const write = factsOf(text) as WriteLine | undefined;
    const damage = (words: string): JournalContents => ({ values, seq, atMs, soundBytes, damage: words });
    if (!whole) break;
    if (write === undefined || Array.isArray(write)) return damage(`the line after write ${seq} cannot be read`);
    if (write.seq !== seq + 1) return damage(`write ${write.seq} follows write ${seq}`);
    for (const [key, value] of write.writes) {
      if (value === null) values.delete(key);
      else values.set(key, value);
    }
    ({ seq, at: atMs } = write);
    soundBytes = lines.end();
  }
  return { values, seq, atMs, soundBytes, damage: null };
}

interface Lines extends IterableIterator<{ readonly text: string; readonly whole: boolean }> {
  /** Bytes up to the end of the line that was given last. */
  end(): number;
}

/** Lines of a file; the last one is not whole when no line feed ends it. */
function linesOf(bytes: Buffer): Lines {
  let at = 0;
  const lines: Lines = {
    end: () => at,
    [Symbol.iterator]: () => lines,
    next: () => {
      if (at >= bytes.length) return { done: true, value: undefined };
      const feed = bytes.indexOf(10, at);
      const end = feed === -1 ? bytes.length : feed;
      const text = bytes.toString('utf8', at, end);
      at = feed === -1 ? end : feed + 1;
      return { done: false, value: { text, whole: feed !== -1 } };
    },
  };
  return lines;
}

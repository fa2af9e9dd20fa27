import { TriremeError } from '../common/errors.js';
import { FormWriter, type CaptureForm } from '../pcap/records/capture-form.js';
import { InvalidArgumentError } from 'commander';
import { standardInput } from '../captures/file/capture-file.js';
import { byteSize, durationNs } from '../common/options.js';
import type { PacketsOut } from '../captures/extract/packets-out.js';
import type { SplitBy } from '../pcap/records/split-key.js';
import { openCaptureOut, type CaptureOut } from './files/capture-out.js';

/** The options that say how a capture is written. */
export interface FormOptions {
  readonly slice?: number;
  readonly pcap?: boolean;
  readonly pcapng?: boolean;
  readonly nano?: boolean;
}

/** The form that is asked for; null: as the capture came. @throws TriremeError USAGE */
export function formOf({ slice, pcap, pcapng, nano }: FormOptions): CaptureForm | null {
  if (pcap === true && pcapng === true)
    throw new TriremeError('USAGE', '--pcap and --pcapng are two formats: choose one');
  const format = pcapng === true ? 'pcapng' : pcap === true || nano === true ? 'pcap' : 'same';
  if (format === 'same' && slice === undefined) return null;
  return { format, nano: nano === true, sliceBytes: slice ?? null };
}

const durationOf = durationNs(1_000_000_000n, 31_536_000_000_000_000n);
const sizeOf = byteSize(1024, 2 ** 50);

/** `conversation`, `host`, a duration of whole seconds such as `10m` (or `10min`), or a size such as `100MB`. */
export function splitBy(value: string): SplitBy {
  if (value === 'conversation' || value === 'host') return { by: value };
  if (/^[\d.]+(s|m|min|h|d)$/.test(value)) {
    const ns = durationOf(value.replace(/min$/, 'm'));
    if (ns % 1_000_000_000n !== 0n) throw new InvalidArgumentError(`'${value}' is not a number of whole seconds`);
    return { by: 'time', seconds: Number(ns / 1_000_000_000n) };
  }
  if (/^[\d.]+ *[kKMGT]/.test(value)) return { by: 'size', bytes: sizeOf(value) };
  throw new InvalidArgumentError(
    `'${value}' is none of conversation, host, a time such as 10m, or a size such as 100MB`,
  );
}

/** Where the packets go: one file, many, or standard output. @param inputFd null: the capture is read elsewhere */
export function openOut(
  { file, write, splitBy }: { readonly file: string; readonly write: string; readonly splitBy?: SplitBy },
  inputFd: number | null,
): CaptureOut {
  if (splitBy === undefined) return openCaptureOut(write, inputFd, file);
  if (write === standardInput)
    throw new TriremeError('USAGE', '--split-by writes files: name them with -w, as in -w out.pcap');
  // Loaded only here: most extractions write one file.
  const { SplitOut } = require('./files/split-out.js') as typeof import('./files/split-out.js');
  return new SplitOut(write, splitBy);
}

/** What packets are written to on their way to a file or to standard output. */
interface Target extends PacketsOut {
  complete(): Promise<void>;
}

/** An output that is given its bytes in another form. */
export function formed(form: CaptureForm | null, out: CaptureOut): Target {
  const writer = form === null ? null : new FormWriter(form, (bytes) => out.write(bytes));
  return {
    placed: writer === null ? out.placed : undefined,
    write: (bytes) => (writer === null ? out.write(bytes) : writer.push(bytes)),
    complete: async () => {
      await writer?.end();
      out.complete();
    },
  };
}

import { soundOutcome } from '../packed/inflated.js';
import { TriremeError } from '../../common/errors.js';
import type { FilesBefore, JoinScanner } from '../../pcap/join-scanner.js';
import type { FileOutcome } from './scan-run.js';

/** Counts that were made elsewhere: of a run of files; of one file as a whole; or none. */
export type Sums =
  | {
      readonly outcomes: readonly FileOutcome[];
      readonly partial: Uint8Array;
      /** It was scanned once more, with this. */
      readonly again?: FilesBefore;
    }
  | { readonly whole: Parameters<JoinScanner['addFile']> }
  | { readonly failed: FileOutcome };

/** Adds up what comes in any order in the order of the files. */
export class OrderedSums {
  /** By the position of the first file. */
  private readonly waiting = new Map<number, Sums>();
  /** Of the files that are added, in order. */
  readonly outcomes: FileOutcome[] = [];

  constructor(
    readonly scanner: JoinScanner,
    /** A run is to be scanned once more, with what is known of the files before it. */
    private readonly rescan: (from: number, before: FilesBefore) => void,
  ) {}

  add(from: number, sums: Sums): void {
    this.waiting.set(from, sums);
    for (let next = this.take(); next !== undefined; next = this.take()) {
      if ('failed' in next) this.outcomes.push(next.failed);
      else if ('whole' in next) {
        const facts = this.scanner.addFile(...next.whole);
        this.outcomes.push({ facts, inflated: soundOutcome });
      } else {
        const missing = this.scanner.missing(next.partial);
        if (missing !== null) {
          if (next.again !== undefined)
            throw new TriremeError('JOB_FAILED', 'files were not scanned from the TCP states that were given for them');
          return this.rescan(this.outcomes.length, missing === 'too many' ? { tcpLogged: true } : missing);
        }
        this.scanner.add(next.partial);
        this.outcomes.push(...next.outcomes);
      }
    }
  }

  private take(): Sums | undefined {
    const at = this.outcomes.length;
    const next = this.waiting.get(at);
    this.waiting.delete(at);
    return next;
  }
}

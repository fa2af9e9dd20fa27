import { fstatSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { TriremeError } from '../../common/errors.js';
import { JoinScanner } from '../../pcap/join-scanner.js';
import type { JoinedFailure } from '../../pcap/report-types.js';
import { inflate } from '../packed/inflate-bound.js';
import { soundOutcome, type InflateOutcome } from '../packed/inflated.js';
import { joinEntry, type JoinEntry } from '../join/join-entry.js';
import { sortOut, type ScannedFile } from '../join/join-rows.js';
import { joinFilesMax } from '../join/list-files.js';
import { FilePour, pourStream } from '../file/pour.js';
import { readInOrder } from '../file/capture-file.js';
import { unreadable } from '../file/regular-file.js';
import { loadScanModule } from '../scan/scan-module.js';
import type { InputSettings, ScanSettings } from '../scan/scan-settings.js';
import { familyIn, familyOf } from './ring-family.js';
import { RingWatch, type RingFile } from './ring-watch.js';

/** Milliseconds between two looks at a ring that is followed: a file that is there for less than that is missed. */
export const followPollMs = 100;
/** Files that are held open until they are read; the oldest of more is not waited for, and its loss is told. */
export const followOpenMax = 256;

/** Portions between which others run, signals among them: some 10 ms. */
const portionsPerTurn = 64;

export interface FollowInput extends Omit<InputSettings, 'onSoFar'> {
  readonly onSoFar: (entry: JoinEntry) => void;
  /** Hears what a user must know and no result tells. */
  readonly say: (message: string) => void;
}

/**
 * Counts a file and all that its ring writes after it, as tail -F reads on, until the input is ended. Of a
 * folder, which holds one ring, all files.
 */
export async function followRing(name: string, settings: ScanSettings, input: FollowInput): Promise<JoinEntry> {
  const follow = new Follow(name, settings, input);
  try {
    return await follow.run();
  } finally {
    follow.close();
  }
}

/** The file that is read now. */
interface Current {
  readonly file: RingFile;
  readonly pour: FilePour;
}

class Follow {
  private readonly scanner: JoinScanner;
  private readonly watch: RingWatch;
  private readonly start: string | null;
  private readonly scanned: ScannedFile[] = [];
  private readonly failures: JoinedFailure[] = [];
  private readonly pending: RingFile[] = [];
  private current: Current | null = null;
  /** Names that were told of: once is enough. */
  private readonly late = new Set<string>();
  private first = true;
  private bytes = 0;
  private toldBytes = 0;

  constructor(
    private readonly name: string,
    private readonly settings: ScanSettings,
    private readonly input: FollowInput,
  ) {
    let folder: boolean;
    try {
      folder = statSync(name).isDirectory();
    } catch (error) {
      throw unreadable(name, error);
    }
    this.start = folder ? null : name;
    const within = folder ? name : dirname(name);
    this.watch = new RingWatch(within, folder ? familyIn(name) : familyOf(basename(name)));
    this.scanner = new JoinScanner(loadScanModule(), settings.scan);
  }

  async run(): Promise<JoinEntry> {
    const { ended, everyMs, onSoFar } = this.input;
    let nextTell = performance.now() + (everyMs ?? Infinity);
    for (;;) {
      // What was written before the end is read: the look comes after it.
      const last = ended.aborted;
      await this.look();
      while (await this.step()) if (this.scanned.length >= joinFilesMax) return this.tooMany();
      if (last) break;
      if (performance.now() >= nextTell) {
        nextTell = performance.now() + everyMs!;
        const entry = await this.soFar();
        if (entry !== null) onSoFar(entry);
      }
      await sleep(followPollMs, undefined, { signal: ended }).catch(() => undefined);
    }
    return this.end();
  }

  close(): void {
    this.watch.close();
    this.scanner.cancel();
  }

  /** Takes in what is new. */
  private async look(): Promise<void> {
    const { files, rewritten, late } = await this.watch.look();
    for (const name of late) {
      if (this.late.has(name)) continue;
      this.late.add(name);
      this.input.say(`${name}: was written to after the next file had begun: that is not counted`);
    }
    for (const file of [...this.pending])
      if (rewritten.has(file.key)) this.lose(file, 'was written anew before it was read');
    if (this.current !== null && rewritten.has(this.current.file.key)) await this.leave();
    const from = this.first && this.start !== null ? startOf(files, this.start) : 0;
    this.first = false;
    // Older than the one that was named.
    for (const file of files.slice(0, from)) this.watch.left(file, (await this.watch.headOf(file)).firstNs);
    this.pending.push(...files.slice(from));
    for (const file of this.pending.slice(0, Math.max(0, this.pending.length - followOpenMax)))
      this.lose(file, `waited behind ${followOpenMax} others (followOpenMax)`);
  }

  /** Reads on; true: there may be more at once. */
  private async step(): Promise<boolean> {
    if (this.current === null) {
      const file = this.pending.shift();
      if (file === undefined) return false;
      const head = await this.watch.headOf(file);
      if (head.compression !== null) {
        await this.takePacked(file);
        return true;
      }
      this.scanner.begin();
      this.current = { file, pour: new FilePour(file.fd, this.scanner, 0) };
    }
    // The writer has ended this file before it began the next one: what is read now is all of it.
    const over = this.pending.length > 0;
    await this.pour(this.current.pour);
    if (!over) return false;
    await this.leave();
    return true;
  }

  private async pour(pour: FilePour): Promise<void> {
    for (let portion = 1, bytes = pour.step(); bytes > 0; bytes = pour.step(), portion++) {
      this.count(bytes);
      if (portion % portionsPerTurn === 0) await setImmediate();
    }
  }

  private async takePacked(file: RingFile): Promise<void> {
    const { compression, sizeBytes } = await this.watch.headOf(file);
    const inflated = inflate(readInOrder(file.fd, sizeBytes), compression);
    this.scanner.begin();
    await pourStream(inflated.bytes, this.scanner);
    this.count(sizeBytes);
    await this.left(file, inflated.outcome(), false);
  }

  /** The current file is at its end. */
  private async leave(): Promise<void> {
    const { file, pour } = this.current!;
    this.current = null;
    const unread = fstatSync(file.fd).size < pour.position;
    await this.left(file, soundOutcome, unread);
  }

  private async left(file: RingFile, inflated: InflateOutcome, grew: boolean): Promise<void> {
    const head = await this.watch.headOf(file);
    const facts = this.scanner.endPart();
    // The head is that of what was read, also where the file has begun anew.
    const own = { ...head, firstNs: facts.firstNs, state: facts.sections <= 1 ? facts.endState : head.state };
    this.scanned.push({ head: own, outcome: { facts, inflated, ...(grew ? { grew } : {}) } });
    this.watch.left(file, facts.firstNs);
  }

  private lose(file: RingFile, why: string): void {
    this.pending.splice(this.pending.indexOf(file), 1);
    this.failures.push({ file: file.name, error: 'changed', error_detail: `${file.name}: ${why}` });
    this.watch.left(file, null);
  }

  private async end(): Promise<JoinEntry> {
    if (this.current !== null) {
      const { file } = this.current;
      this.current = null;
      // A record that its writer had not completed is no cut.
      await this.left(file, soundOutcome, true);
    }
    return this.entry(this.scanned, this.scanner);
  }

  private tooMany(): JoinEntry {
    this.input.say(`${this.name}: ${joinFilesMax} files were read (joinFilesMax), and no more are followed`);
    return this.entry(this.scanned, this.scanner);
  }

  private async soFar(): Promise<JoinEntry | null> {
    if (this.bytes === this.toldBytes) return null;
    this.toldBytes = this.bytes;
    const { partial, facts } = this.scanner.soFar();
    const files = [...this.scanned];
    if (facts !== null && this.current !== null)
      files.push({
        head: await this.watch.headOf(this.current.file),
        outcome: { facts, inflated: soundOutcome, grew: true },
      });
    const scanner = new JoinScanner(loadScanModule(), this.settings.scan);
    try {
      scanner.add(partial);
      return this.entry(files, scanner);
    } finally {
      scanner.cancel();
    }
  }

  private entry(files: readonly ScannedFile[], scanner: JoinScanner): JoinEntry {
    const { top, sort, packedRows } = this.settings;
    return joinEntry(this.name, sortOut(files, this.failures), () =>
      scanner.report({ top, sort, packedRows, compression: 'none' }),
    );
  }

  private count(bytes: number): void {
    this.bytes += bytes;
    this.settings.onProgress?.(this.bytes, null);
  }
}

/** Where the named file stands among those that are there at the start. */
function startOf(files: readonly RingFile[], name: string): number {
  const at = files.findIndex((file) => join(file.name) === join(name));
  if (at >= 0) return at;
  throw new TriremeError('FILE_UNREADABLE', `${name}: is no regular file of a ring`);
}

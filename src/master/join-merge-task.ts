import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { failedFile } from '../captures/scan/capture-entry.js';
import { openCapture } from '../captures/file/capture-file.js';
import { checkOutcomes } from '../captures/join/check-outcomes.js';
import { joinEntry } from '../captures/join/join-entry.js';
import { sortOut } from '../captures/join/join-rows.js';
import { inOrder } from '../captures/join/order-files.js';
import { OrderedSums } from '../captures/join/ordered-sums.js';
import { cutRuns, type FileRun } from '../captures/join/plan-runs.js';
import type { FileOutcome } from '../captures/join/scan-run.js';
import { bytesOf, readHead, type FileHead, type Head } from '../captures/join/read-heads.js';
import { HeadReader } from '../pcap/head-reader.js';
import { JoinScanner, type FilesBefore } from '../pcap/join-scanner.js';
import type { JoinedFailure } from '../pcap/report-types.js';
import { isOpen, knowingFirst } from '../pcap/first-time.js';
import { toCanonicalJson } from '../pcap/rows/json-pieces.js';
import type { ChunkPlan, ScanOptions } from '../pcap/types.js';
import { countsOf, type MergeData, type MergeEvent, type MergeOffer, type PlannedFile } from './merge-messages.js';
import type { CaptureBytes } from './open-capture.js';
import { positionsOf, type JoinedPart } from './open-join.js';

type JoinBytes = Extract<CaptureBytes, { at: 'join' }>;

interface Part extends FileHead {
  /** Position in the list. */
  readonly part: number;
}

function digestOf(files: readonly Part[]): string {
  const listed = files.map(({ name, sizeBytes }) => [name, sizeBytes]);
  return createHash('sha256').update(JSON.stringify(listed)).digest('hex');
}

/**
 * The merge of one joined capture: puts the files into order, cuts them into runs, and adds up what workers
 * give. A chunk is a run; its plan's positions are those of the files one after the other in their order.
 */
export class JoinMergeTask {
  private files: readonly Part[] = [];
  private runs: readonly (FileRun & { readonly plan: ChunkPlan })[] = [];
  private readonly failed: JoinedFailure[];
  private scan: ScanOptions;
  private sums: OrderedSums | null = null;
  /** By the number of a run: what its result is to be made with, where it is scanned once more. */
  private readonly again = new Map<number, FilesBefore>();
  private readonly answered = new Set<number>();
  private finished = false;

  constructor(
    private readonly data: MergeData,
    private readonly bytes: JoinBytes,
    private readonly say: (event: MergeEvent) => void,
  ) {
    this.failed = [...bytes.joined.failed];
    this.scan = data.scan;
  }

  /** Looks at the start of every file, and tells the chunks. */
  async start(): Promise<void> {
    this.files = inOrder(await this.heads());
    this.scan = knowingFirst(this.data.scan, this.files[0]?.firstNs ?? null);
    const sums = new OrderedSums(new JoinScanner(this.data.module, this.scan), (from, before) =>
      this.rescan(from, before),
    );
    this.sums = sums;
    let at = 0;
    // Where no file begins with a packet that has a time, only one scan of all finds the first one that has.
    const [costMax, filesMax] = isOpen(this.scan.span) ? [Infinity, Infinity] : [this.data.chunkBytes, undefined];
    this.runs = cutRuns(this.files, costMax, filesMax).map((run) => {
      const start = at;
      at += positionsOf(this.files.slice(run.from, run.to));
      const files = digestOf(this.files.slice(run.from, run.to));
      return { ...run, plan: { start, end: at, startCertain: true, state: null, files } };
    });
    this.say({
      type: 'planned',
      plans: this.runs.map(({ plan }) => plan),
      compression: null,
      scan: this.scan,
      files: this.runs.map((run) => this.filesOf(run)),
    });
    if (this.runs.length === 0) this.complete(sums);
  }

  offer({ result }: MergeOffer): void {
    const { plan, partial } = result;
    const number = this.runs.findIndex((run) => run.plan.start === plan.start && run.plan.end === plan.end);
    const { sums } = this;
    if (this.finished || number === -1 || this.answered.has(number) || sums === null) return;
    const again = this.again.get(number);
    if (plan.tcpStates !== again?.tcpStates || plan.tcpLogged !== again?.tcpLogged) return;
    this.answered.add(number);
    const { from, to } = this.runs[number];
    const outcomes = checkOutcomes((result as { outcomes?: unknown }).outcomes, to - from);
    sums.add(from, { outcomes, partial, again });
    if (sums.outcomes.length === this.files.length) return this.complete(sums);
    this.say({
      type: 'merged',
      provenBytes: positionsOf(this.files.slice(0, sums.outcomes.length)),
      unwanted: [],
    });
  }

  /** The proof stands still at this run: it is scanned from what is known by now. */
  private rescan(from: number, before: FilesBefore): void {
    const number = this.runs.findIndex((run) => run.from === from);
    const run = this.runs[number];
    this.again.set(number, before);
    this.answered.delete(number);
    this.say({ type: 'rescan', plan: { ...run.plan, ...before }, files: this.filesOf(run) });
  }

  private filesOf({ from, to }: FileRun): PlannedFile[] {
    return this.files.slice(from, to).map(({ part, compression }) => ({ part, compression }));
  }

  private async heads(): Promise<Part[]> {
    const heads: Part[] = [];
    const reader = new HeadReader(this.data.module);
    try {
      for (const [part, { name, found, ...where }] of this.bytes.joined.parts.entries()) {
        try {
          heads.push({ part, name, found, ...(await this.head(where, reader)) });
        } catch (error) {
          this.failed.push({ file: name, ...failedFile(name, error) });
        }
      }
    } finally {
      reader.close();
    }
    return heads;
  }

  private async head(
    { path, offset, sizeBytes }: Pick<JoinedPart, 'path' | 'offset' | 'sizeBytes'>,
    reader: HeadReader,
  ): Promise<Head> {
    if (path === '') return readHead({ fd: this.bytes.fd, at: offset, sizeBytes }, reader);
    const file = openCapture(path, 'look');
    try {
      const found = bytesOf(file);
      return { ...(await readHead({ ...found, sizeBytes: Math.min(sizeBytes, found.sizeBytes) }, reader)), sizeBytes };
    } finally {
      file.close();
    }
  }

  /** A worker that was sent the bytes of a file does not know that it has more by now. */
  private withGrowth(part: number, outcome: FileOutcome): FileOutcome {
    const { path, sizeBytes } = this.bytes.joined.parts[part];
    if ('error' in outcome || outcome.grew === true || path === '') return outcome;
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    return size > sizeBytes ? { ...outcome, grew: true } : outcome;
  }

  private complete(sums: OrderedSums): void {
    this.finished = true;
    const { top, sort } = this.data;
    const { scanner, outcomes } = sums;
    const files = this.files.map((head, i) => ({ head, outcome: this.withGrowth(head.part, outcomes[i]) }));
    const sorted = sortOut(files, this.failed);
    const entry = joinEntry(this.bytes.joined.name, sorted, () => scanner.report({ top, sort, compression: 'none' }));
    scanner.cancel();
    const failed = [...sorted.failures.map(({ file }) => file), ...sorted.skipped];
    this.say({ type: 'complete', reportJson: toCanonicalJson(entry), counts: countsOf(entry), failed });
  }
}

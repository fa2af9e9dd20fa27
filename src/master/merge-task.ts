import { fstatSync } from 'node:fs';
import { capturedIn, stillWritten } from '../captures/scan/capture-entry.js';
import { compressionOf, firstBytesMax, type Compression } from '../captures/packed/compression.js';
import { soundOutcome, type InflateOutcome } from '../captures/packed/inflated.js';
import { FilePour, pourStream } from '../captures/file/pour.js';
import { planChunks, wholeFilePlan } from '../pcap/chunk-plans.js';
import { MergeDriver, type MergePorts } from '../pcap/merge-driver.js';
import { Merger } from '../pcap/merger.js';
import { readHeader } from '../pcap/read-header.js';
import type { RecordWalk } from '../pcap/record-walk.js';
import type { CaptureReport } from '../pcap/report-types.js';
import { toCanonicalJson } from '../pcap/rows/json-pieces.js';
import type { ChunkPlan, ScanOptions } from '../pcap/types.js';
import { countsOf, type MergeData, type MergeEvent, type MergeOffer } from './merge-messages.js';
import { knowingFirstOf } from './first-time-of.js';

/** The merge of one analysis: plans the chunks, proves their seams, adds them up, walks when it must. */
export class MergeTask implements MergePorts {
  private readonly compression: Compression | null;
  private readonly driver: MergeDriver;
  private unwanted: readonly ChunkPlan[] = [];
  /** Results that were on their way when the report was made change nothing. */
  private finished = false;
  private outcome: InflateOutcome = soundOutcome;
  private readonly scan: ScanOptions;

  constructor(
    private readonly data: MergeData,
    private readonly say: (event: MergeEvent) => void,
    note = '',
  ) {
    const { module, sizeBytes, chunkBytes, scan } = data;
    this.compression = compressionOf(data.bytes.first.subarray(0, firstBytesMax));
    const parts =
      this.compression !== null
        ? [wholeFilePlan]
        : planChunks(readHeader(module, data.bytes.first, sizeBytes), { chunkBytes });
    const known = parts.length === 1 ? null : knowingFirstOf(module, data.bytes, scan);
    const plans = known === null ? [wholeFilePlan] : parts;
    this.scan = known ?? scan;
    this.driver = new MergeDriver(module, new Merger(module, plans, this.scan), plans, this);
    say({ type: 'planned', plans, compression: this.compression, scan: this.scan, note });
  }

  async offer({ result, outcome }: MergeOffer): Promise<void> {
    if (this.finished) return;
    if (this.compression !== null) this.outcome = outcome;
    if ((await this.driver.take([result])) === 'complete') return this.complete();
    const { unwanted } = this;
    this.unwanted = [];
    this.say({ type: 'merged', provenBytes: this.driver.merger.provenBytes, unwanted });
  }

  rescan(plan: ChunkPlan): void {
    this.say({ type: 'rescan', plan });
  }

  drop(plans: readonly ChunkPlan[]): void {
    this.unwanted = plans;
  }

  async pour(walk: RecordWalk, start: number): Promise<void> {
    this.say({ type: 'walking' });
    const { bytes, sizeBytes } = this.data;
    if (bytes.at !== 'url') return new FilePour(bytes.fd, walk, start, sizeBytes).all();
    // Loaded only here: it brings the HTTP client.
    const { streamUrl } = require('../captures/url/url-stream.js') as typeof import('../captures/url/url-stream.js');
    return pourStream(streamUrl(bytes.source, start, null), walk);
  }

  private complete(): void {
    this.finished = true;
    const { top, sort } = this.data;
    const { compression, outcome } = this;
    const report = this.driver.merger.finish({
      top,
      sort,
      compression: compression ?? 'none',
      inputCut: outcome.truncated,
    });
    tellComplete(this.data, report, compression, outcome, this.say);
  }
}

/** Tells the result of a capture. */
export function tellComplete(
  { bytes, sizeBytes }: MergeData,
  report: CaptureReport,
  compression: Compression | null,
  outcome: InflateOutcome,
  say: (event: MergeEvent) => void,
): void {
  const captured = capturedIn(report, compression, outcome, () => bytes.first);
  // It has more bytes than those that are counted: whether these are still the same is for the master to check.
  const grew = bytes.at === 'file' && fstatSync(bytes.fd).size > sizeBytes;
  const entry = grew ? stillWritten(captured) : captured;
  say({ type: 'complete', reportJson: toCanonicalJson(entry), counts: countsOf(entry) });
}

import { fstatSync } from 'node:fs';
import { capturedIn, stillWritten } from '../captures/scan/capture-entry.js';
import { compressionOf, firstBytesMax, type Compression } from '../captures/packed/compression.js';
import { soundOutcome, type InflateOutcome } from '../captures/packed/inflated.js';
import { FilePour, pourStream } from '../captures/file/pour.js';
import { planChunks, wholeFilePlan } from '../pcap/chunk-plans.js';
import { Merger } from '../pcap/merger.js';
import { readHeader } from '../pcap/read-header.js';
import { RecordWalk } from '../pcap/record-walk.js';
import type { CaptureReport } from '../pcap/report-types.js';
import { toCanonicalJson } from '../pcap/rows/json-pieces.js';
import type { ChunkPlan, ScanOptions } from '../pcap/types.js';
import { countsOf, type MergeData, type MergeEvent, type MergeOffer } from './merge-messages.js';
import { knowingFirstOf } from './first-time-of.js';

/** The merge of one analysis: plans the chunks, proves their seams, adds them up, walks when it must. */
export class MergeTask {
  private readonly compression: Compression | null;
  private readonly merger: Merger;
  private wanted: ChunkPlan[];
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
    this.merger = new Merger(module, plans, this.scan);
    this.wanted = [...plans];
    say({ type: 'planned', plans, compression: this.compression, scan: this.scan, note });
  }

  async offer({ result, outcome }: MergeOffer): Promise<void> {
    if (this.finished) return;
    if (this.compression !== null) this.outcome = outcome;
    this.merger.offer(result);
    const unwanted = this.wanted.filter((plan) => !this.merger.wanted(plan));
    this.wanted = this.wanted.filter((plan) => this.merger.wanted(plan));
    for (;;) {
      const step = this.merger.next();
      if (step === 'complete') return this.complete();
      if (step === 'waiting') {
        return this.say({ type: 'merged', provenBytes: this.merger.provenBytes, unwanted });
      }
      if (step === 'walk') await this.walk();
      else this.say({ type: 'rescan', plan: step.rescan });
    }
  }

  private async walk(): Promise<void> {
    this.say({ type: 'walking' });
    const { module, bytes } = this.data;
    const plan = this.merger.walkPlan();
    const walk = new RecordWalk(module, plan);
    if (bytes.at !== 'url') new FilePour(bytes.fd, walk, plan.start, this.data.sizeBytes).all();
    else {
      // Loaded only here: it brings the HTTP client.
      const { streamUrl } = require('../captures/url/url-stream.js') as typeof import('../captures/url/url-stream.js');
      await pourStream(streamUrl(bytes.source, plan.start, null), walk);
    }
    this.merger.walked(walk.end());
  }

  private complete(): void {
    this.finished = true;
    const { top, sort } = this.data;
    const { compression, outcome } = this;
    const report = this.merger.finish({
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

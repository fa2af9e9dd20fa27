import { readAhead } from '../captures/file/read-ahead.js';
import { readRange } from '../captures/file/regular-file.js';
import type { Compression } from '../captures/packed/compression.js';
import { planRanges, type RangePlans } from '../captures/packed/ranges/plan-ranges.js';
import { RangeMerge } from '../captures/packed/ranges/range-merge.js';
import type { ChunkPlan } from '../pcap/types.js';
import type { MergeData, MergeEvent, MergeOffer } from './merge-messages.js';
import { tellComplete } from './merge-task.js';

/** Plans the ranges of a packed file that the master has open. Null: it is one chunk. */
export function rangesOf(
  { module, bytes, sizeBytes, chunkBytes, scan }: MergeData,
  compression: Compression,
): Promise<RangePlans | null> {
  // A place of a URL is a request, and the search of members and frames looks at many.
  if (bytes.at !== 'file') return Promise.resolve(null);
  const { fd } = bytes;
  const file = {
    sizeBytes,
    read: (at: number, length: number) => readRange(fd, at, Math.min(length, sizeBytes - at)),
    stream: (from: number) => readAhead(fd, sizeBytes - from, from),
  };
  return planRanges(module, file, compression, chunkBytes, scan);
}

/** The merge of a packed file of several chunks. */
export class PackedMergeTask {
  private readonly merge: RangeMerge;
  private unwanted: readonly ChunkPlan[] = [];
  private finished = false;

  constructor(
    private readonly data: MergeData,
    private readonly compression: Compression,
    { plans, scan }: RangePlans,
    private readonly say: (event: MergeEvent) => void,
  ) {
    this.merge = new RangeMerge(data.module, plans, scan, {
      rescan: (plan) => say({ type: 'rescan', plan }),
      drop: (unwanted) => (this.unwanted = [...this.unwanted, ...unwanted]),
    });
    say({ type: 'planned', plans, compression, scan });
  }

  async offer(one: MergeOffer): Promise<void> {
    if (this.finished) return;
    if ((await this.merge.take([one])) === 'complete') return this.complete();
    const { unwanted } = this;
    this.unwanted = [];
    this.say({ type: 'merged', provenBytes: this.merge.provenBytes, unwanted });
  }

  private complete(): void {
    this.finished = true;
    const { data, compression } = this;
    const { report, outcome } = this.merge.finish({ top: data.top, sort: data.sort, compression });
    tellComplete(data, report, compression, outcome, this.say);
  }
}

import { shownName } from '../captures/file/capture-name.js';
import { soundOutcome } from '../captures/packed/inflated.js';
import { planOf, SelectedMerger } from '../pcap/pieces/selected-merger.js';
import type { Selection } from '../pcap/pieces/select-pieces.js';
import type { ScanOptions } from '../pcap/types.js';
import type { MergeData, MergeEvent, MergeOffer } from './merge-messages.js';
import { tellComplete } from './merge-task.js';

/** The merge of a capture of which an index says where packets can match: a chunk is a run of pieces. */
export class SelectedMergeTask {
  private readonly merger: SelectedMerger;
  private ended = false;

  constructor(
    private readonly data: MergeData,
    scan: ScanOptions,
    private readonly selection: Selection,
    note: string,
    private readonly say: (event: MergeEvent) => void,
    /** The capture is not as it was indexed: all of it is to be read. */
    private readonly onUnfit: (why: string) => void,
  ) {
    this.merger = new SelectedMerger(data.module, scan, selection);
    say({ type: 'planned', plans: selection.runs.map(planOf), compression: null, scan, note });
  }

  offer({ result }: MergeOffer): void {
    if (this.ended) return;
    const { merger, data } = this;
    if (!merger.offer(result)) {
      this.ended = true;
      merger.cancel();
      const name = shownName(data.path);
      return this.onUnfit(
        `the index of ${name} does not fit it, so all of it is read; make it anew with trireme index`,
      );
    }
    if (!merger.complete) {
      // Chunks are handed out up to some way behind it, and the next one may lie far behind the last.
      const provenBytes = this.selection.runs[merger.merged].start;
      return this.say({ type: 'merged', provenBytes, unwanted: [] });
    }
    this.ended = true;
    const report = merger.report({ top: data.top, sort: data.sort, compression: 'none' });
    tellComplete(data, report, null, soundOutcome, this.say);
  }
}

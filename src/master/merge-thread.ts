import { parentPort } from 'node:worker_threads';
import { compressionOf, firstBytesMax } from '../captures/packed/compression.js';
import { TriremeError } from '../common/errors.js';
import { knowingFirstOf } from './first-time-of.js';
import { selectedBy } from './indexed-selection.js';
import { JoinMergeTask } from './join-merge-task.js';
import { MergeTask } from './merge-task.js';
import { PackedMergeTask, rangesOf } from './packed-merge-task.js';
import type { MergeData, MergeEvent, MergeRequest } from './merge-messages.js';
import { SelectedMergeTask } from './selected-merge-task.js';

type Task = MergeTask | JoinMergeTask | SelectedMergeTask | PackedMergeTask;

/** Thread that plans, proves and adds up: one analysis at a time, then the next. */
if (parentPort !== null) {
  const port = parentPort;
  const say = (event: MergeEvent): void => port.postMessage(event);
  let task: Task | null = null;
  let turn = Promise.resolve();
  const begun = async (data: MergeData): Promise<Task> => {
    const { bytes, module, scan, byIndex } = data;
    if (bytes.at === 'join') return new JoinMergeTask(data, bytes, say);
    const compression = compressionOf(bytes.first.subarray(0, firstBytesMax));
    if (compression !== null) {
      const ranges = await rangesOf(data, compression);
      return ranges === null ? new MergeTask(data, say) : new PackedMergeTask(data, compression, ranges, say);
    }
    const known = byIndex ? knowingFirstOf(module, bytes, scan) : null;
    if (known === null) return new MergeTask(data, say);
    const { selection, note } = await selectedBy({ ...data, scan: known, others: false });
    if (selection === null) return new MergeTask(data, say, note);
    return new SelectedMergeTask(data, known, selection, note, say, (why) => (task = new MergeTask(data, say, why)));
  };
  const take = async (request: MergeRequest): Promise<void> => {
    try {
      if (request.request !== 'start') return await task?.offer(request.offer);
      task = null;
      task = await begun(request.data);
      if (task instanceof JoinMergeTask) await task.start();
    } catch (error) {
      const { code, message } = TriremeError.from(error);
      say({ type: 'failed', code, message });
    }
  };
  // In order: an offer that comes while another one walks through a capture waits for it.
  port.on('message', (request: MergeRequest) => (turn = turn.then(() => take(request))));
}

import { parentPort } from 'node:worker_threads';
import { TriremeError } from '../common/errors.js';
import { JoinMergeTask } from './join-merge-task.js';
import { MergeTask } from './merge-task.js';
import type { MergeEvent, MergeRequest } from './merge-messages.js';

/** Thread that plans, proves and adds up: one analysis at a time, then the next. */
if (parentPort !== null) {
  const port = parentPort;
  const say = (event: MergeEvent): void => port.postMessage(event);
  let task: MergeTask | JoinMergeTask | null = null;
  let turn = Promise.resolve();
  const take = async (request: MergeRequest): Promise<void> => {
    try {
      if (request.request !== 'start') return await task?.offer(request.offer);
      const { data } = request;
      task = null;
      if (data.bytes.at === 'join') await (task = new JoinMergeTask(data, data.bytes, say)).start();
      else task = new MergeTask(data, say);
    } catch (error) {
      const { code, message } = TriremeError.from(error);
      say({ type: 'failed', code, message });
    }
  };
  // In order: an offer that comes while another one walks through a capture waits for it.
  port.on('message', (request: MergeRequest) => (turn = turn.then(() => take(request))));
}

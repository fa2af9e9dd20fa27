import { parentPort } from 'node:worker_threads';
import { TriremeError } from '../common/errors.js';
import { MergeTask } from './merge-task.js';
import type { MergeNews, MergeRequest } from './merge-messages.js';

/** Thread that plans, proves and adds up: one analysis at a time, then the next. */
if (parentPort !== null) {
  const port = parentPort;
  const say = (news: MergeNews): void => port.postMessage(news);
  let task: MergeTask | null = null;
  let turn = Promise.resolve();
  const take = async (request: MergeRequest): Promise<void> => {
    try {
      if (request.request === 'start') task = new MergeTask(request.data, say);
      else await task?.offer(request.offer);
    } catch (error) {
      const { code, message } = TriremeError.from(error);
      say({ news: 'failed', code, message });
    }
  };
  // In order: an offer that comes while another one walks through a capture waits for it.
  port.on('message', (request: MergeRequest) => (turn = turn.then(() => take(request))));
}

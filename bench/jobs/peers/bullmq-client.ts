import { Queue, QueueEvents } from 'bullmq';
import { checkTime, clientArguments, closedLoop, echoPayload, say } from '../closed-loop.js';

/** Time after which an answer counts as lost. */
const answerMsMax = 3_000;

void (async () => {
  const { at, inFlight, durationMs, payloadBytes } = clientArguments();
  const connection = { path: at, maxRetriesPerRequest: null };
  const queue = new Queue('jobs', { connection });
  const events = new QueueEvents('jobs', { connection });
  await Promise.all([queue.waitUntilReady(), events.waitUntilReady()]);
  // Each job that is waited for listens to its queue's end.
  queue.setMaxListeners(0);
  events.setMaxListeners(0);
  const payload = payloadBytes === 0 ? 1 : echoPayload(payloadBytes);
  const ask = async (): Promise<boolean> => {
    const job = await queue.add('time', payload);
    // Now and then an event does not come on a busy machine, and the request would wait for ever.
    const answer = (await job.waitUntilFinished(events, answerMsMax).catch(() => undefined)) as string | undefined;
    if (answer === undefined) return false;
    if (payload === 1) return checkTime(answer);
    if (answer !== payload) throw new Error('the answer is not what was sent');
    return true;
  };
  say(await closedLoop(inFlight, durationMs, ask));
  await events.close();
  await queue.close();
})();

// One of the workers of a BullMQ queue: a payload that is not 1 is echoed.
import { Worker } from 'bullmq';
import { say, time } from '../closed-loop.js';

const worker = new Worker('jobs', ({ data }) => Promise.resolve(data === 1 ? time() : (data as string)), {
  connection: { path: process.argv[2], maxRetriesPerRequest: null },
  concurrency: 64,
});
void worker.waitUntilReady().then(() => say({ ready: true }));

// One of the workers of a BullMQ queue.
import { Worker } from 'bullmq';
import { say, time } from '../closed-loop.js';

const worker = new Worker('jobs', () => Promise.resolve(time()), {
  connection: { path: process.argv[2], maxRetriesPerRequest: null },
  concurrency: 64,
});
void worker.waitUntilReady().then(() => say({ ready: true }));

import { parentPort } from 'node:worker_threads';

// One thread of a job server's pool: it sleeps as long as a job asks, blocked like a thread at work.
const never = new Int32Array(new SharedArrayBuffer(4));

parentPort?.on('message', (sleepMs: number) => {
  Atomics.wait(never, 0, 0, sleepMs);
  parentPort?.postMessage(undefined);
});

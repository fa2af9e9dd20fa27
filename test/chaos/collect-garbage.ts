/**
 * Loaded before a role (`node --require`): SIGUSR2 has its garbage collected. What memory tells of a leak is
 * what is left then; when V8 collects by itself is chance. Job threads hear no signal: they collect theirs
 * when they have nothing to do, every few seconds.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

const threadIntervalMs = 5_000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

if (isMainThread) {
  process.on('SIGUSR2', () => {
    // What finalizers of the first round let go is collected by the second.
    collect();
    setImmediate(collect);
  });
} else {
  const { wait } = Atomics;
  let collectedMs = 0;
  Atomics.wait = ((...args: Parameters<typeof wait>) => {
    if (performance.now() - collectedMs > threadIntervalMs) {
      collect();
      collectedMs = performance.now();
    }
    return wait(...args);
  }) as typeof wait;
}

/**
 * Loaded before a role (`node --require`): SIGUSR2 has its garbage collected. What memory tells of a leak is what is left
 * then; when V8 collects by itself is chance.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  process.on('SIGUSR2', () => {
    // What finalizers of the first round let go is collected by the second.
    collect();
    setImmediate(collect);
  });
}

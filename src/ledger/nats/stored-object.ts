import type { ObjectStore } from '@nats-io/obj';
import { atMost } from '../../common/stuck-work.js';
import { objectSilenceMsMax } from './absence.js';

/**
 * The bytes of an object; null: it is not there, is damaged, or is not whole. The client waits for ever for pieces that
 * the servers have lost, so an object of which nothing comes for `silenceMs` is not whole.
 * @throws what NATS says, and an Error when it has gone silent altogether
 */
export async function readObject(
  store: Pick<ObjectStore, 'get'>,
  name: string,
  isAway: () => boolean,
  silenceMs = objectSilenceMsMax,
): Promise<Uint8Array | null> {
  const found = await store.get(name);
  if (found === null) return null;
  // It says the same as a read that fails.
  found.error.catch(() => undefined);
  const reader = found.data.getReader();
  const pieces: Uint8Array[] = [];
  try {
    for (;;) {
      const piece = await atMost(silenceMs, reader.read());
      if (piece === null) break;
      if (piece.done) return Buffer.concat(pieces);
      pieces.push(piece.value);
    }
  } catch (error) {
    // With NATS there it is the object that is at fault.
    if (isAway() || !/digest|corrupt|mismatch/i.test(String(error))) throw error;
    return null;
  }
  await reader.cancel();
  if (isAway()) throw new Error(`nothing more of ${name} within ${silenceMs / 1000} s`);
  return null;
}

import type { LocalStore } from './local-store.js';

/** Nothing outlives the process. Chunks are not kept at all: whoever could resume from them is gone with them. */
export function memoryStore(): LocalStore {
  const results = new Map<string, Uint8Array>();
  const nothing = (): Promise<void> => Promise.resolve();
  return {
    place: 'memory',
    durable: false,
    trouble: null,
    evidence: null,
    load: () => Promise.resolve({ records: [], chunkKeys: new Map(), lastMs: null }),
    checkResult: () => Promise.resolve(null),
    loaded: nothing,
    putRecord: nothing,
    putChunks: nothing,
    readChunk: () => Promise.resolve(null),
    dropChunks: nothing,
    putResult: (id, bytes) => Promise.resolve(void results.set(id, bytes)),
    readResult: (id) => Promise.resolve(results.get(id) ?? null),
    drop: (id) => Promise.resolve(void results.delete(id)),
    close: nothing,
  };
}

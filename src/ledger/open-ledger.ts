import type { Logger } from '../common/logging.js';
import type { NatsSettings } from '../nats/nats-url.js';
import { finishedBytesMax, finishedBytesMaxInMemory, finishedMax } from './retention.js';
import { LocalLedger } from './local/local-ledger.js';
import { memoryStore } from './local/local-store.js';
import type { Ledger } from './types.js';

export interface LedgerOptions {
  /** A folder, or NATS; null: in memory. */
  readonly state: string | NatsSettings | null;
  readonly keepMs: number;
  /** Name of this master, for records. */
  readonly holder: string;
}

/** Opens the ledger that --state names. @throws TriremeError STATE_FAILED */
export async function openLedger({ state, keepMs, holder }: LedgerOptions, log: Logger): Promise<Ledger> {
  const bounds = { keepMs, finishedMax, finishedBytesMax };
  if (state === null) {
    return LocalLedger.open(memoryStore(), holder, { ...bounds, finishedBytesMax: finishedBytesMaxInMemory }, log);
  }

  if (typeof state !== 'string') {
    const { NatsLedger } = require('./nats/nats-ledger.js') as typeof import('./nats/nats-ledger.js');
    return NatsLedger.open(state, holder, bounds, log);
  }
  const { LevelStore } = require('./local/level-store.js') as typeof import('./local/level-store.js');
  return LocalLedger.open(await LevelStore.open(state, log), holder, bounds, log);
}

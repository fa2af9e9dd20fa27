import { seededRandom } from '../../../src/hub/picking/seeded-random.js';

export type Part = 'nats' | 'master' | 'worker';

/** CUT: off from all others. STOP stands for it where hosts are not apart. ALL-GONE: every nats-server is killed. */
export type Harm = 'kill' | 'cut' | 'stop' | 'all-gone';

export interface MastersFault {
  /** Seconds after the first one. */
  readonly atSeconds: number;
  readonly lastsSeconds: number;
  readonly harm: Harm;
  readonly part: Part;
  readonly number: number;
}

export interface MastersScheduleOptions {
  readonly seed: number;
  readonly counts: Readonly<Record<Part, number>>;
  /** From one fault to the next, and how long each of them lasts: what is harmed is whole again before the next one. */
  readonly everySeconds: number;
  readonly lastsSeconds: number;
  /** What may be done. */
  readonly harms: readonly Harm[];
}

/** The faults of a run, one after the other and without end: a pure function of the options. Any process may be met. */
export function* scheduleOf(options: MastersScheduleOptions): Generator<MastersFault, never> {
  const { seed, counts, everySeconds, lastsSeconds, harms } = options;
  const random = seededRandom(seed);
  const below = (count: number): number => Math.floor(random() * count);
  const all = (Object.keys(counts) as Part[]).flatMap((part) =>
    Array.from({ length: counts[part] }, (_, number) => ({ part, number })),
  );
  for (let atSeconds = 0; ; atSeconds += everySeconds) {
    const victim = all[below(all.length)];
    yield { atSeconds, lastsSeconds, harm: harms[below(harms.length)], ...victim };
  }
}

/** Every nats-server at once, for so long, and nothing else. */
export function* natsGone(seconds: number): Generator<MastersFault, undefined> {
  yield { atSeconds: 0, lastsSeconds: seconds, harm: 'all-gone', part: 'nats', number: 0 };
}

/**
 * UNSYNCED: so many servers are cut from power at once and have lost what they had not synced. ROLLED BACK:
 * all have the store of an earlier day. EMPTIED: all have none. STREAM REMOVED: by somebody with the rights
 * to do so. MASTER KILLED: of what only he knew nobody knows.
 */
export type StoreHarm = 'unsynced' | 'rolled back' | 'emptied' | 'stream removed' | 'master killed';

export interface StoreFault {
  readonly harm: StoreHarm;
  /** UNSYNCED: how many servers. STREAM REMOVED, MASTER KILLED: which one. */
  readonly number: number;
  /** Time without the servers, or the master, in seconds. */
  readonly goneSeconds: number;
}

/** Streams of the ledger at NATS. */
export const ledgerStreams = ['trireme_queue', 'KV_trireme_analyses', 'OBJ_trireme_chunks', 'OBJ_trireme_results'];

/** Faults of stores without end: a pure function of the seed. Each comes once before any comes again. */
export function* storeFaults(seed: number, counts: Readonly<Record<Part, number>>): Generator<StoreFault, never> {
  const random = seededRandom(seed);
  const numbered = (harm: StoreHarm, from: number, to: number): Omit<StoreFault, 'goneSeconds'>[] =>
    Array.from({ length: to - from }, (_, i) => ({ harm, number: from + i }));
  const all = [
    ...numbered('unsynced', 1, counts.nats + 1),
    ...numbered('rolled back', counts.nats, counts.nats + 1),
    ...numbered('emptied', counts.nats, counts.nats + 1),
    ...numbered('stream removed', 0, ledgerStreams.length),
    ...numbered('master killed', 0, counts.master),
  ];
  for (;;) {
    const left = [...all];
    while (left.length > 0) {
      const [fault] = left.splice(Math.floor(random() * left.length), 1);
      yield { ...fault, goneSeconds: 0.2 + 2 * random() };
    }
  }
}

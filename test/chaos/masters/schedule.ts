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

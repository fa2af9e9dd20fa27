import { seededRandom } from '../../src/hub/picking/seeded-random.js';

/** What can be done to whom. `lasts` is how long it is held, in seconds; a fault without it is over at once. */
export const faultKinds = {
  'worker-kill': { whom: 'worker', lasts: [0.5, 2], how: 'kill -9, started again' },
  'worker-drain': { whom: 'worker', lasts: [0.5, 2], how: 'SIGTERM, started again' },
  'worker-stall': { whom: 'worker', lasts: [0.3, 1.2], how: 'SIGSTOP shorter than a missed heartbeat' },
  'worker-stop': { whom: 'worker', lasts: [4, 6], how: 'SIGSTOP until it is lost, then SIGCONT' },
  'worker-reset': { whom: 'worker', how: 'TCP reset of all its connections' },
  'worker-delay': { whom: 'worker', lasts: [1, 4], how: '50 to 300 ms more, each way' },
  'worker-hold': { whom: 'worker', lasts: [1, 6], how: 'half-open: bytes are taken and go nowhere' },
  'worker-cut': { whom: 'worker', lasts: [1, 8], how: 'half-open: nftables drops its packets both ways' },
  'worker-files': { whom: 'worker', lasts: [1, 3], how: 'no file descriptor left, and its connections reset' },
  'worker-clock': { whom: 'worker', lasts: [1, 4], how: 'clock an hour ahead, then back' },
  'client-kill': { whom: 'client', lasts: [0.2, 1], how: 'kill -9, others come' },
  'client-stop': { whom: 'client', lasts: [0.5, 4], how: 'SIGSTOP: nobody reads' },
  'client-reset': { whom: 'client', how: 'TCP reset of all its connections' },
  'lb-stop': { whom: 'lb', lasts: [0.3, 3], how: 'SIGSTOP' },
  'lb-kill': { whom: 'lb', lasts: [0.2, 1], how: 'kill -9, started again' },
  'lb-files': { whom: 'lb', lasts: [1, 3], how: 'no file descriptor left while clients dial' },
  'lb-clock': { whom: 'lb', lasts: [1, 4], how: 'clock an hour ahead, then back' },
  'master-kill': { whom: 'master', lasts: [0.2, 1], how: 'kill -9, started again' },
  'master-disk': { whom: 'master', lasts: [1, 4], how: 'the disk of its spool is full' },
} as const satisfies Readonly<
  Record<string, { whom: 'worker' | 'client' | 'lb' | 'master'; lasts?: readonly [number, number]; how: string }>
>;

export type FaultName = keyof typeof faultKinds;

export interface Fault {
  readonly name: FaultName;
  /** Seconds of the run at which it begins. */
  readonly atSeconds: number;
  readonly lastsSeconds: number;
  /** Which worker or machine of clients; 0 for the others. */
  readonly victim: number;
  /** For what has a strength: from 0 to 1. */
  readonly strength: number;
}

export interface ScheduleOptions {
  readonly seed: number;
  readonly seconds: number;
  /** Number 0 is never harmed, so that there always is one. */
  readonly workers: number;
  readonly clientHosts: number;
  readonly faults: readonly FaultName[];
}

/** Time without faults at the start and at the end, as shares of the run, and at least so many seconds. */
export const warmUp = { share: 0.15, leastSeconds: 3 };
export const settling = { share: 0.1, leastSeconds: 3 };

export const warmUpSeconds = (seconds: number): number => Math.max(warmUp.leastSeconds, seconds * warmUp.share);
export const settlingSeconds = (seconds: number): number => Math.max(settling.leastSeconds, seconds * settling.share);

/** Seconds between the end of one fault and the start of the next; less in a run that is shorter than a minute. */
const gapSeconds = [0.7, 4] as const;
const gapSecondsShort = [0.3, 1] as const;

/** Two workers are harmed at once so often. */
const pairShare = 0.25;

/**
 * What is done when: a pure function of the options, so that a seed repeats it. Faults come from a shuffled
 * deck, so all kinds come before one comes twice, and one after the other, so that what follows one is its
 * own.
 */
export function scheduleOf({ seed, seconds, workers, clientHosts, faults }: ScheduleOptions): Fault[] {
  const random = seededRandom(seed);
  const between = ([least, most]: readonly [number, number]): number => least + random() * (most - least);
  const schedule: Fault[] = [];
  const endSeconds = seconds - settlingSeconds(seconds);
  let deck: FaultName[] = [];
  const draw = (): FaultName => {
    if (deck.length === 0) {
      deck = [...faults];
      for (let i = deck.length - 1; i > 0; i--) {
        const other = Math.floor(random() * (i + 1));
        [deck[i], deck[other]] = [deck[other], deck[i]];
      }
    }
    return deck.pop() as FaultName;
  };
  const make = (name: FaultName, atSeconds: number, victims: readonly number[]): Fault => {
    const kind: { whom: string; lasts?: readonly [number, number] } = faultKinds[name];
    const lastsSeconds = kind.lasts === undefined ? 0 : between(kind.lasts);
    const victim = victims[Math.floor(random() * victims.length)] ?? 0;
    return { name, atSeconds, lastsSeconds, victim, strength: random() };
  };
  const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
  let atSeconds = warmUpSeconds(seconds);
  for (;;) {
    const name = draw();
    const { whom } = faultKinds[name];
    const victims = whom === 'worker' ? numbers(workers).slice(1) : whom === 'client' ? numbers(clientHosts) : [0];
    if (victims.length === 0) return schedule;
    const fault = make(name, atSeconds, victims);
    const all = [fault];
    const others = victims.filter((victim) => victim !== fault.victim);
    if (whom === 'worker' && others.length > 1 && random() < pairShare) {
      const second = draw();
      if (faultKinds[second].whom === 'worker') all.push(make(second, atSeconds, others));
      else deck.push(second);
    }
    const lasts = Math.max(...all.map(({ lastsSeconds }) => lastsSeconds));
    if (atSeconds + lasts > endSeconds) return schedule;
    schedule.push(...all);
    atSeconds += lasts + between(seconds < 60 ? gapSecondsShort : gapSeconds);
  }
}

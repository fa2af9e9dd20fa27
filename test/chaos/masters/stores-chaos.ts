import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NatsProgram } from '../../support/nats-server.js';
import { RunClock } from '../run-clock.js';
import { emptyFolder, makeStage } from '../stage.js';
import { Clients } from './clients.js';
import { hostsOf, MastersCluster } from './cluster.js';
import { chunksOfCapture, onClients, tally } from './masters-chaos.js';
import { storeFaults, type Part } from './schedule.js';
import { StoreHarms } from './store-harms.js';

export interface StoresChaosOptions {
  readonly seed: number;
  /** Analyses are submitted, and stores harmed, throughout this time. */
  readonly seconds: number;
  readonly analyses: number;
  /** Bytes of each capture. */
  readonly bytes: number;
  readonly counts: Readonly<Record<Part, number>>;
  readonly everySeconds: number;
  readonly workerCores: number | null;
  readonly program: NatsProgram;
  readonly say: (line: string) => void;
  /** Ends the run early and cleans up: it then rejects with its reason. */
  readonly signal?: AbortSignal;
}

export interface StoresChaosReport {
  readonly seed: number;
  readonly nats: string;
  readonly seconds: number;
  readonly faults: Readonly<Record<string, number>>;
  /**
   * Ids that clients were given, those whose result they got and is exact, and those of which they were told
   * that they are lost.
   */
  readonly accepted: number;
  readonly exact: number;
  readonly told: Readonly<Record<string, number>>;
  readonly refusals: Readonly<Record<string, number>>;
  /** What masters did about it. */
  readonly mended: Readonly<Record<string, number>>;
  readonly violations: readonly string[];
}

/** Disks are synced this often. */
const syncSeconds = 2;
const warmUpSeconds = 2;
/** When all is over, every master takes an analysis within this time, without having been restarted. */
const backSecondsMax = 60;

/** NATS loses writes that it has acknowledged, again and again, under masters that share it. */
export async function runStoresChaos(options: StoresChaosOptions): Promise<StoresChaosReport> {
  const { seed, seconds, counts, say, signal, program } = options;
  const aborted = new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  aborted.catch(() => undefined);
  const { stage, skipped } = await makeStage(hostsOf(counts));
  if (skipped !== undefined) say(`SKIP: hosts are not apart: ${skipped}`);
  const folder = mkdtempSync(join(tmpdir(), 'trireme-chaos-stores-'));
  const captures = emptyFolder(folder, 'captures');
  const clients = new Clients(stage, captures, options.bytes, seed, true);
  let cluster: MastersCluster | undefined;
  let clock: RunClock | undefined;
  try {
    await clients.prepare();
    const chunkBytes = Math.ceil(options.bytes / chunksOfCapture);
    cluster = await MastersCluster.start({ ...options, stage, folder, captures, chunkBytes }, async () => undefined);
    const { masters, natsUrls } = cluster;
    clock = new RunClock();
    const harms = new StoreHarms(cluster, folder, (stream) => onClients(stage, 'remove', natsUrls, stream));
    const played = play(options, harms, clock);
    const asked = Array.from({ length: options.analyses }, async (_, number) => {
      await clock?.reach((seconds * number) / options.analyses);
      await clients.analyze(number, masters);
    });
    const faults = await Promise.race([played, aborted]);
    await Promise.race([Promise.all(asked), aborted]);
    say(`${clock.seconds.toFixed(1).padStart(6)} s  all analyses have ended`);
    const violations: string[] = [];
    for (const master of masters) {
      const words = await Promise.race([submittedAtLast(clients, master, clock), aborted]);
      if (words !== '') violations.push(`${master}: takes nothing ${backSecondsMax} s after all was over: ${words}`);
    }
    await Promise.race([clients.askOnceMore(masters), aborted]);
    for (const { id, expected, answers } of clients.results)
      if (answers.some((answer) => answer !== expected)) violations.push(`analysis ${id}: a result is not exact`);
    const exact = clients.results.filter(({ answers }) => answers.length > 0).length;
    const told = clients.losses.filter(
      ({ id }) => !clients.results.some((result) => result.id === id && result.answers.length > 0),
    );
    const accepted = exact + told.length;
    if (accepted < options.analyses)
      violations.push(`${accepted} of ${options.analyses} analyses have an outcome, or an error`);
    violations.push(...clients.failures, ...cluster.crashes.map((words) => `ended by itself: ${words}`));
    return {
      ...{ seed, nats: program.version, seconds: clock.seconds, faults: tally(faults), accepted, exact },
      told: tally(clients.losses.map(({ words }) => words)),
      refusals: tally(clients.refusals.map(({ words }) => words)),
      mended: cluster.messages(
        'NATS has lost what it had acknowledged',
        'a record that NATS had lost is written again',
        'an analysis that has not ended was not in the queue',
        'lease lost',
        'chunk given',
      ),
      violations,
    };
  } finally {
    clients.end();
    clock?.end();
    await cluster?.end();
    await stage.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Harms one store after the other until the time is over; resolves with what was done. */
async function play(
  { seed, seconds, counts, everySeconds, say }: StoresChaosOptions,
  harms: StoreHarms,
  clock: RunClock,
): Promise<string[]> {
  const done: string[] = [];
  let nextSync = warmUpSeconds;
  let nextFault = warmUpSeconds + everySeconds;
  const faults = storeFaults(seed, counts);
  while (clock.seconds < seconds) {
    await clock.reach(Math.min(nextSync, nextFault));
    if (nextSync <= nextFault) {
      harms.sync();
      nextSync += syncSeconds;
      continue;
    }
    const fault = faults.next().value;
    const words = `${fault.harm} ${fault.number}`;
    say(`${clock.seconds.toFixed(1).padStart(6)} s  ${words}, gone for ${fault.goneSeconds.toFixed(1)} s`);
    await harms.begin(fault);
    done.push(words);
    nextFault = clock.seconds + everySeconds;
  }
  return done;
}

/** What a master says at last; empty: it has taken an analysis. */
async function submittedAtLast(clients: Clients, master: string, clock: RunClock): Promise<string> {
  for (const until = clock.seconds + backSecondsMax; ; await clock.reach(clock.seconds + 1)) {
    const words = await clients.tryToSubmit(master);
    if (words === '' || clock.seconds > until) return words;
  }
}

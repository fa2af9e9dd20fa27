import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Analyses, type AnalysesDone } from './analyses.js';
import { check, recoverySeconds, type Checked, type Excuse } from './checker.js';
import { readEvent, type ClientEvent } from './client-log.js';
import { ChaosCluster, residentMiB } from './cluster.js';
import { allFaults, clockStepSeconds, Faults, missingFor } from './faults.js';
import { RunClock } from './run-clock.js';
import { faultKinds, scheduleOf, settlingSeconds, warmUpSeconds, type Fault, type FaultName } from './schedule.js';
import { makeStage } from './stage.js';

export interface ChaosOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly clients: number;
  readonly workers: number;
  /** Jobs a second of each client. */
  readonly rate: number;
  /** Undefined: all that can be made here. */
  readonly faults?: readonly FaultName[];
  readonly say: (line: string) => void;
  /** Ends the run early and cleans up: runChaos then rejects with its reason. */
  readonly signal?: AbortSignal;
}

export interface FaultDone extends Fault {
  /** Milliseconds since 1970. */
  readonly fromMs: number;
  readonly toMs: number;
  /** From its beginning to the last answer that came late for it; 0: none did. */
  readonly recoverySeconds: number;
}

export interface MemoryOf {
  readonly role: string;
  /** MiB after the warm-up and at the end; each the least of some seconds, because garbage comes and goes. */
  readonly beforeMiB: number;
  readonly afterMiB: number;
}

export interface ChaosReport {
  readonly seed: number;
  readonly seconds: number;
  readonly skipped: Readonly<Record<string, string>>;
  readonly faults: readonly FaultDone[];
  readonly jobs: Omit<Checked, 'slow'>;
  /** An answer later than this is late. */
  readonly lateMs: number;
  readonly analyses: AnalysesDone;
  readonly memory: readonly MemoryOf[];
  /** Times during which the whole run stood still, in all. */
  readonly stillSeconds: number;
  /** Everything that must not happen; empty: the run passed. */
  readonly violations: readonly string[];
}

/** An answer later than this is late, and than so many times what 99 of 100 answers took before the first fault. */
const slowMs = 250;
const lateFactor = 3;

/**
 * No analysis runs in the last seconds of the warm-up and of the run, and garbage is collected: memory is seen then.
 */
const quietSeconds = 15;

/** After what explains it, a connection may still break for so long. */
const excuseMs = 3_000;

/** Clients of one process. */
const clientsPerHost = 10;

const memoryIntervalMs = 500;
/** Seconds of which the least is taken; within quietSeconds. */
const memorySpanSeconds = 10;
/** Shorter runs show start-up, not growth. */
export const memoryJudgedSeconds = 120;
const memoryGrowthMax = 0.1;

export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { signal } = options;
  const aborted = new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  aborted.catch(() => undefined);
  const { seed, seconds, workers, clients, rate, say } = options;
  const clientHosts = Math.max(1, Math.round(clients / clientsPerHost));
  const hosts = ['hub', 'clients', ...Array.from({ length: workers }, (_, i) => `w${i}`)];
  const { stage, skipped: apartSkipped } = await makeStage(hosts);
  if (apartSkipped !== undefined) say(`SKIP: hosts are not apart: ${apartSkipped}`);
  const skipped: Record<string, string> = {};
  const wanted = options.faults ?? allFaults;
  for (const name of wanted) {
    const missing = missingFor(name, stage);
    if (missing !== undefined) {
      skipped[name] = missing;
      say(`SKIP: ${name}: ${missing}`);
    }
  }
  const schedule = scheduleOf({
    seed,
    seconds,
    workers,
    clientHosts,
    faults: wanted.filter((name) => !(name in skipped)),
  });
  const folder = mkdtempSync(join(tmpdir(), 'trireme-chaos-'));
  const analyses = new Analyses(stage, folder);
  let cluster: ChaosCluster | undefined;
  let clock: RunClock | undefined;
  try {
    await analyses.prepare();
    cluster = await ChaosCluster.start({
      stage,
      folder,
      captures: analyses.captures,
      clients,
      clientHosts,
      workers,
      rate,
    });
    clock = new RunClock();
    const calm = warmUpSeconds(seconds);
    const judgesMemory = seconds >= memoryJudgedSeconds;
    const quiet = (atSeconds: number): boolean =>
      judgesMemory &&
      ((atSeconds > calm - memorySpanSeconds && atSeconds < calm) || atSeconds > seconds - memorySpanSeconds);
    const memory = watchMemory(cluster, clock, quiet);
    const startMs = RunClock.epochMs();
    analyses.start(cluster.masterAddress);
    if (judgesMemory) {
      await Promise.race([clock.reach(calm - quietSeconds), aborted]);
      await analyses.pause();
      await Promise.race([clock.reach(calm), aborted]);
      analyses.start(cluster.masterAddress);
    }
    await Promise.race([clock.reach(calm), aborted]);
    const calmUntilMs = RunClock.epochMs();
    const playing = play(schedule, new Faults(cluster, stage), clock, cluster, say);
    const done = await Promise.race([playing, aborted]);
    if (judgesMemory) {
      await Promise.race([clock.reach(seconds - quietSeconds), aborted]);
      await analyses.pause();
    }
    await Promise.race([clock.reach(seconds), aborted]);
    const analysed = await analyses.end();
    clearInterval(memory.timer);
    await cluster.endClients();
    const stills = clock.stills;
    const checked = check(await readLogs(cluster.clientLogs), {
      slowMs,
      calm: { fromMs: startMs, toMs: calmUntilMs },
      clockStepsSeconds: schedule.some(({ name }) => name === 'worker-clock') ? [clockStepSeconds] : [],
      excuses: done.flatMap(({ excuses }) => excuses),
    });
    const lateMs = Math.max(slowMs, lateFactor * checked.calmP99Ms);
    const slow = checked.slow.filter(
      ({ askedMs, answeredMs }) =>
        answeredMs - askedMs > lateMs && stills.every(({ fromMs, toMs }) => answeredMs < fromMs || askedMs > toMs),
    );
    const faults = done.map(({ fault, fromMs, toMs, untilMs, clientsHarmed }) => ({
      ...fault,
      fromMs,
      toMs,
      recoverySeconds: recoverySeconds(
        slow,
        fromMs,
        untilMs,
        (client) => !clientsHarmed.some((name) => client.startsWith(name)),
      ),
    }));
    const { slow: _told, ...jobs } = checked;
    const report = {
      ...{ seed, seconds, skipped, faults, jobs, lateMs, analyses: analysed },
      memory: memory.told(seconds),
      stillSeconds: stills.reduce((sum, { fromMs, toMs }) => sum + (toMs - fromMs) / 1000, 0),
    };
    return { ...report, violations: violationsOf(report) };
  } finally {
    clock?.end();
    await cluster?.end();
    await analyses.end();
    await stage.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

function violationsOf({ jobs, analyses, memory, seconds }: Omit<ChaosReport, 'violations'>): string[] {
  const told = [...jobs.violations, ...analyses.wrong.map((words) => `analysis: ${words}`)];
  if (jobs.answers === 0) told.push('no job was answered');
  if (analyses.exact === 0) told.push('no analysis ended');
  if (seconds < memoryJudgedSeconds) return told;
  for (const { role, beforeMiB, afterMiB } of memory) {
    const most = beforeMiB * (1 + memoryGrowthMax);
    if (!(afterMiB <= most))
      told.push(
        `memory: ${role} went from ${beforeMiB.toFixed(0)} to ${afterMiB.toFixed(0)} MiB, over ${most.toFixed(0)}`,
      );
  }
  return told;
}

interface Played {
  readonly fault: Fault;
  readonly fromMs: number;
  readonly toMs: number;
  /** When the next fault began: what is late after that is its. */
  untilMs: number;
  readonly excuses: readonly Excuse[];
  readonly clientsHarmed: readonly string[];
}

/** Does what the schedule says, when it says so. */
async function play(
  schedule: readonly Fault[],
  faults: Faults,
  clock: RunClock,
  cluster: ChaosCluster,
  say: (line: string) => void,
): Promise<Played[]> {
  const played: Played[] = [];
  for (let at = 0; at < schedule.length;) {
    const { atSeconds } = schedule[at];
    const together = schedule.filter((fault) => fault.atSeconds === atSeconds);
    at += together.length;
    await clock.reach(atSeconds);
    const begunMs = RunClock.epochMs();
    for (const before of played) if (before.untilMs === Infinity) before.untilMs = begunMs;
    await Promise.all(
      together.map(async (fault) => {
        const { whom } = faultKinds[fault.name];
        const harmed = whom === 'client' ? [cluster.clients[fault.victim].name] : [];
        const name = `${fault.name}${whom === 'worker' || whom === 'client' ? ` ${fault.victim}` : ''}`;
        say(
          `${atSeconds.toFixed(1).padStart(6)} s  ${name}${fault.lastsSeconds > 0 ? ` for ${fault.lastsSeconds.toFixed(1)} s` : ''}`,
        );
        const fromMs = RunClock.epochMs();
        const end = await faults.begin(fault);
        await clock.reach(atSeconds + fault.lastsSeconds);
        await end();
        const toMs = RunClock.epochMs();
        const span = { fromMs, toMs: toMs + excuseMs };
        const excuses =
          whom === 'client'
            ? harmed.map((clients) => ({ clients, ...span }))
            : fault.name === 'lb-kill' || fault.name === 'lb-files'
              ? [{ clients: '', ...span }]
              : [];
        played.push({ fault, fromMs, toMs, untilMs: Infinity, excuses, clientsHarmed: harmed });
      }),
    );
  }
  for (const before of played) if (before.untilMs === Infinity) before.untilMs = RunClock.epochMs() + 3_600_000;
  return played.sort((a, b) => a.fault.atSeconds - b.fault.atSeconds);
}

interface MemoryWatch {
  readonly timer: NodeJS.Timeout;
  told(seconds: number): MemoryOf[];
}

/** Samples the memory of the lb and of all workers. Roles that are started again go on in the row of those before. */
function watchMemory(cluster: ChaosCluster, clock: RunClock, quiet: (atSeconds: number) => boolean): MemoryWatch {
  const rows = new Map<string, { readonly atSeconds: number; readonly mib: number }[]>();
  const sample = (): void => {
    const atSeconds = clock.seconds;
    if (quiet(atSeconds)) cluster.collectGarbage();
    const roles = [
      ['lb', cluster.lb] as const,
      ...cluster.workers.map(({ role }, i) => [`worker ${i}`, role] as const),
    ];
    for (const [name, role] of roles) {
      const mib = residentMiB(role);
      // A process that has just begun says nothing of growth.
      if (mib > 0) rows.set(name, [...(rows.get(name) ?? []), { atSeconds, mib }]);
    }
  };
  const least = (name: string, from: number, to: number): number =>
    Math.min(
      ...(rows.get(name) ?? []).filter(({ atSeconds }) => atSeconds >= from && atSeconds <= to).map(({ mib }) => mib),
    );
  return {
    timer: setInterval(sample, memoryIntervalMs),
    told: (seconds) =>
      [...rows.keys()].map((role) => {
        const begin = warmUpSeconds(seconds);
        const span = Math.min(memorySpanSeconds, begin / 2, settlingSeconds(seconds) / 2);
        return {
          role,
          beforeMiB: least(role, begin - span, begin),
          afterMiB: least(role, seconds - span, Infinity),
        };
      }),
  };
}

async function readLogs(paths: readonly string[]): Promise<ClientEvent[][]> {
  const logs: ClientEvent[][] = [];
  for (const path of paths) {
    const events: ClientEvent[] = [];
    for await (const line of createInterface({ input: createReadStream(path, 'latin1') })) {
      const event = readEvent(line);
      if (event !== undefined) events.push(event);
    }
    logs.push(events);
  }
  return logs;
}

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { RunClock } from '../run-clock.js';
import { emptyFolder, makeStage, type Stage } from '../stage.js';
import { check, type Checked, type RecordVersion } from './checker.js';
import { Clients } from './clients.js';
import { hostsOf, MastersCluster } from './cluster.js';
import { storyOf } from './story.js';
import { natsGone, scheduleOf, type Harm, type MastersFault, type Part } from './schedule.js';

export interface MastersChaosOptions {
  readonly seed: number;
  /** Analyses are submitted throughout this time; faults go on until all have ended. */
  readonly seconds: number;
  readonly analyses: number;
  /** Bytes of each capture. */
  readonly bytes: number;
  readonly counts: Readonly<Record<Part, number>>;
  readonly everySeconds: number;
  readonly lastsSeconds: number;
  readonly workerCores: number | null;
  /** Instead of all other faults: every nats-server is away for so long. */
  readonly natsGoneSeconds: number | null;
  readonly say: (line: string) => void;
  /** Ends the run early and cleans up: it then rejects with its reason. */
  readonly signal?: AbortSignal;
}

export interface NatsGoneReport {
  /** While there was no NATS: chunks that workers answered, submissions tried, and what was said to them. */
  readonly chunksAnswered: number;
  readonly submissions: number;
  readonly refusals: Readonly<Record<string, number>>;
}

export interface MastersChaosReport {
  readonly seed: number;
  readonly seconds: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly checked: Checked;
  /** Submissions that were refused, by what was said. */
  readonly refusals: Readonly<Record<string, number>>;
  readonly refusedStarts: Readonly<Record<string, number>>;
  readonly errors: Readonly<Record<string, number>>;
  readonly natsGone: NatsGoneReport | null;
  readonly violations: readonly string[];
  /** Of each analysis that a violation names: what became of it. */
  readonly stories: Readonly<Record<string, readonly string[]>>;
}

/** Chunks of a capture: enough that a fault in its midst finds finished ones and others. */
export const chunksOfCapture = 50;
/** Quiet time before the first fault. */
const warmUpSeconds = 2;
/** NATS goes when the first analyses are well under way. */
const underWaySeconds = 6;
const probeMs = 2_000;
/**
 * A command takes its time to start, and NATS to be noticed as gone: what is tried in the first seconds may hang on.
 */
const noticeMs = 3_000;

export async function runMastersChaos(options: MastersChaosOptions): Promise<MastersChaosReport> {
  const { seed, counts, seconds, say, signal } = options;
  const aborted = new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  aborted.catch(() => undefined);
  const { stage, skipped } = await makeStage(hostsOf(counts));
  if (skipped !== undefined)
    say(`SKIP: hosts are not apart, so that they stand still where others are cut off: ${skipped}`);
  const folder = mkdtempSync(join(tmpdir(), 'trireme-chaos-masters-'));
  const captures = emptyFolder(folder, 'captures');
  const clients = new Clients(stage, captures, options.bytes, seed);
  let cluster: MastersCluster | undefined;
  let clock: RunClock | undefined;
  try {
    await clients.prepare();
    cluster = await MastersCluster.start(
      { ...options, stage, folder, captures, chunkBytes: Math.ceil(options.bytes / chunksOfCapture) },
      (urls) => onClients(stage, 'prepare', urls).then(() => undefined),
    );
    clock = new RunClock();
    const playing = new AbortController();
    const harms: Harm[] = stage.apart ? ['kill', 'cut'] : ['kill', 'stop'];
    const schedule =
      options.natsGoneSeconds === null ? scheduleOf({ ...options, harms }) : natsGone(options.natsGoneSeconds);
    const gone = watchNatsGone(options, cluster, clients, clock);
    const played = play(schedule, options, cluster, clock, playing.signal);
    const { masters } = cluster;
    // While NATS is away nothing can be submitted: all that is to run then is there before.
    const submitSeconds = options.natsGoneSeconds === null ? seconds : underWaySeconds / 2;
    const asked = Array.from({ length: options.analyses }, async (_, number) => {
      await clock?.reach((submitSeconds * number) / options.analyses);
      await clients.analyze(number, masters);
    });
    await Promise.race([Promise.all([...asked, gone]), aborted]);
    say(`${clock.seconds.toFixed(1).padStart(6)} s  all analyses have ended`);
    playing.abort();
    const faults = await Promise.race([played, aborted]);
    await Promise.race([clients.askOnceMore(masters), aborted]);
    say(`${clock.seconds.toFixed(1).padStart(6)} s  each result has been had a second time`);
    const versions = JSON.parse(await onClients(stage, 'read', cluster.natsUrls)) as RecordVersion[];
    const events = cluster.chunkEvents();
    const checked = check({ versions, events, results: clients.results });
    const report = {
      ...{ seed, seconds: clock.seconds, faults: tally(faults.map(({ harm, part }) => `${part} ${harm}`)), checked },
      refusals: tally(clients.refusals.map(({ words }) => words)),
      refusedStarts: tally(cluster.refusedStarts),
      errors: cluster.errors(),
      natsGone: await gone,
    };
    const crashed = cluster.crashes.map((words) => `ended by itself: ${words}`);
    const violations = [...violationsOf(report, options), ...clients.failures, ...crashed];
    const ids = new Set(violations.flatMap((words) => /^analysis ([0-9a-f]{16})/.exec(words)?.[1] ?? []));
    const stories = Object.fromEntries([...ids].map((id) => [id, storyOf(id, versions, events)]));
    return { ...report, violations, stories };
  } finally {
    clients.end();
    clock?.end();
    await cluster?.end();
    await stage.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

function violationsOf(
  { checked, natsGone: gone }: Pick<MastersChaosReport, 'checked' | 'natsGone'>,
  { analyses }: MastersChaosOptions,
): string[] {
  const told = [...checked.violations];
  if (checked.exact < analyses) told.push(`${checked.exact} exact results of ${analyses}`);
  if (checked.chunks.given === 0) told.push('masters said nothing of chunks');
  if (gone === null) return told;
  if (gone.chunksAnswered === 0) told.push('no chunk was answered while NATS was away');
  if (gone.submissions === 0) told.push('nothing was submitted while NATS was away');
  for (const words of Object.keys(gone.refusals)) {
    if (!/nats:\/\/\S+ (cannot be reached|does not answer)/.test(words))
      told.push(`while NATS was away a submission was answered with: ${words || 'an id'}`);
  }
  return told;
}

/** Does what the schedule says, when it says so, until told to end; resolves with what was done. */
async function play(
  schedule: Iterable<MastersFault>,
  { natsGoneSeconds, say }: MastersChaosOptions,
  cluster: MastersCluster,
  clock: RunClock,
  signal: AbortSignal,
): Promise<MastersFault[]> {
  const first = natsGoneSeconds === null ? warmUpSeconds : underWaySeconds;
  const done: MastersFault[] = [];
  for (const fault of schedule) {
    const { harm, part, number, lastsSeconds } = fault;
    const at = first + fault.atSeconds;
    while (clock.seconds < at && !signal.aborted) await clock.reach(Math.min(at, clock.seconds + 0.2));
    if (signal.aborted) break;
    say(
      `${at.toFixed(1).padStart(6)} s  ${part} ${harm === 'all-gone' ? '' : `${number} `}${harm} for ${lastsSeconds} s`,
    );
    const end = await cluster.begin(fault);
    done.push(fault);
    await clock.reach(at + lastsSeconds);
    await end();
  }
  return done;
}

/** Tries to submit while NATS is away, and counts the chunks that are answered meanwhile. */
async function watchNatsGone(
  { natsGoneSeconds }: MastersChaosOptions,
  cluster: MastersCluster,
  clients: Clients,
  clock: RunClock,
): Promise<NatsGoneReport | null> {
  if (natsGoneSeconds === null) return null;
  await clock.reach(underWaySeconds);
  const words: string[] = [];
  const goneMs = Date.now() + noticeMs;
  await clock.reach(underWaySeconds + noticeMs / 1000);
  const until = underWaySeconds + natsGoneSeconds - noticeMs / 1000;
  for (let number = 0; clock.seconds < until; number++) {
    words.push(await clients.tryToSubmit(cluster.masters[number % cluster.masters.length]));
    await clock.reach(Math.min(until, clock.seconds + probeMs / 1000));
  }
  const backMs = Date.now();
  const chunksAnswered = cluster
    .chunkEvents()
    .filter(({ what, atMs }) => what === 'answered' && atMs > goneMs && atMs < backMs).length;
  return { chunksAnswered, submissions: words.length, refusals: tally(words) };
}

/** To read every write of every record takes a second or two. */
const recordLogMsMax = 60_000;

/** Runs record-log.js on the clients' host. */
export async function onClients(
  stage: Stage,
  what: 'prepare' | 'read' | 'remove',
  natsUrls: string,
  ...names: readonly string[]
): Promise<string> {
  const [command, ...rest] = [
    ...stage.on('clients'),
    ...[process.execPath, join(__dirname, 'record-log.js'), what, natsUrls, ...names],
  ];
  return (await promisify(execFile)(command, rest, { maxBuffer: 2 ** 30, timeout: recordLogMsMax })).stdout;
}

/** How often each was said, but for addresses and ids. */
export function tally(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const each of words) {
    const sort = each
      .replace(/\{.*"msg":"([^"]*)".*/, '$1')
      .replace(/\b\d+\.\d+\.\d+\.\d+:\d+/g, 'H:P')
      .replace(/\b[0-9a-f]{16}\b/g, 'ID')
      .replace(/\bH:P(,H:P)+/g, 'H:P');
    counts[sort] = (counts[sort] ?? 0) + 1;
  }
  return counts;
}

/**
 * What a run of masters may never show, judged from what the ledger was written, what masters did, and what
 * clients got.
 */

/** One write of an analysis' record, as the ledger kept it. */
export interface RecordVersion {
  readonly id: string;
  readonly state: string;
  /** Times that a master had taken it by then. */
  readonly attempt: number;
  readonly holder: string;
  /** Finished chunks by key, and the objects with their results. */
  readonly chunks: readonly (readonly [key: string, object: string])[];
  /** Object of the result; empty: none. */
  readonly result: string;
  /** Milliseconds since 1970, by the clock of the one machine that all processes run on. */
  readonly atMs: number;
}

/**
 * A line of a master's log about one chunk under one take of its analysis. LEASE LOST and REMOVED are about
 * all of them. DAMAGED: its result was not at NATS, however long it was looked for.
 */
export interface ChunkEvent {
  readonly what: 'given' | 'answered' | 'taken over' | 'damaged' | 'lease lost' | 'removed';
  readonly id: string;
  readonly attempt: number;
  readonly chunk: string;
  /** Process that said it. */
  readonly master: string;
  readonly atMs: number;
}

export interface ClientResult {
  readonly id: string;
  readonly expected: string;
  /** What each client that asked for it was given. */
  readonly answers: readonly string[];
}

export interface ChunkCounts {
  /** Chunks of all analyses, each once; those given to workers, each time. */
  readonly chunks: number;
  readonly given: number;
  /**
   * Given again though finished before: by a master that was cut off and could not know yet; and without that reason.
   */
  readonly besides: number;
  readonly finishedAgain: number;
  /** Given again because NATS had lost the result, and no master had removed it. */
  readonly lostAtNats: number;
  /** Given again because the result was with a master that lost the analysis before it was written. */
  readonly lostWithMaster: number;
  /** Given again with no answer yet: its worker was lost, slow, or the master was. */
  readonly unfinished: number;
  /** Finished by an earlier master and not scanned. */
  readonly takenOver: number;
}

export interface Checked {
  readonly chunks: ChunkCounts;
  /** Analyses recorded, and those that more than one take was needed for. */
  readonly recorded: number;
  readonly resumed: number;
  readonly outcomes: number;
  /** Writes of these: more, where the answer to one was lost. */
  readonly outcomeWrites: number;
  readonly exact: number;
  readonly violations: readonly string[];
}

export interface Evidence {
  /** In the order of writing. */
  readonly versions: readonly RecordVersion[];
  readonly events: readonly ChunkEvent[];
  readonly results: readonly ClientResult[];
}

const noChunks: ChunkCounts = {
  chunks: 0,
  given: 0,
  besides: 0,
  finishedAgain: 0,
  lostAtNats: 0,
  lostWithMaster: 0,
  unfinished: 0,
  takenOver: 0,
};

const finals: readonly string[] = ['done', 'failed', 'cancelled'];

export function check({ versions, events, results }: Evidence): Checked {
  const byId = grouped(versions, ({ id }) => id);
  const eventsById = grouped(events, ({ id }) => id);
  const accepted = new Set(results.map(({ id }) => id));
  const violations = [...byId].flatMap(([id, history]) =>
    badWrites(history, lostKeys(eventsById.get(id) ?? []), accepted.has(id)).map((words) => `analysis ${id}: ${words}`),
  );
  const counts: { -readonly [name in keyof ChunkCounts]: number } = { ...noChunks };
  for (const [id, history] of byId) {
    const judged = judgeChunks(history, eventsById.get(id) ?? []);
    for (const name of Object.keys(counts) as (keyof ChunkCounts)[]) counts[name] += judged.counts[name];
    violations.push(...judged.violations.map((words) => `analysis ${id}: ${words}`));
  }
  let exact = 0;
  for (const { id, expected, answers } of results) {
    const wrong = answers.filter((answer) => answer !== expected).length;
    if (!byId.has(id)) violations.push(`analysis ${id}: was accepted and is not in the ledger`);
    if (answers.length === 0) violations.push(`analysis ${id}: no client got a result`);
    else if (wrong > 0) violations.push(`analysis ${id}: ${wrong} of ${answers.length} results differ from one core's`);
    else exact++;
  }
  const all = [...byId.values()];
  return {
    chunks: counts,
    recorded: byId.size,
    resumed: all.filter((history) => history.some(({ attempt }) => attempt > 1)).length,
    outcomes: all.reduce((sum, history) => sum + outcomesOf(history).length, 0),
    outcomeWrites: versions.filter(({ state }) => finals.includes(state)).length,
    exact,
    violations,
  };
}

/** A write whose answer was lost may come twice; the same end by the same take with the same result is one outcome. */
function outcomesOf(history: readonly RecordVersion[]): RecordVersion[] {
  const ends = history.filter(({ state }) => finals.includes(state));
  return [...new Map(ends.map((end) => [`${end.state} ${end.attempt} ${end.holder} ${end.result}`, end])).values()];
}

/**
 * An analysis ends once (one whose client was told that it was refused need not have ended yet), no take
 * comes after a later one, and what is finished stays so until the end.
 */
function badWrites(history: readonly RecordVersion[], lost: ReadonlySet<string>, accepted: boolean): string[] {
  const bad: string[] = [];
  const outcomes = outcomesOf(history);
  if (outcomes.length > 1 || (accepted && outcomes.length === 0)) bad.push(`${outcomes.length} outcomes were written`);
  if (outcomes.some(({ state }) => state !== 'done')) bad.push(`it ended ${outcomes.map(({ state }) => state).join()}`);
  if (outcomes.length > 0 && !finals.includes(history[history.length - 1].state)) bad.push('written after its end');
  const holders = new Map<number, string>();
  for (const [i, now] of history.entries()) {
    const before = history[i - 1];
    if (before !== undefined && now.attempt < before.attempt)
      bad.push(`take ${now.attempt} wrote after take ${before.attempt}`);
    const holder = holders.get(now.attempt) ?? now.holder;
    if (holder !== now.holder) bad.push(`take ${now.attempt} is of ${holder} and of ${now.holder}`);
    holders.set(now.attempt, holder);
    if (before === undefined || finals.includes(now.state)) continue;
    const kept = new Map(now.chunks);
    const dropped = before.chunks.filter(([key, object]) => {
      return kept.get(key) !== object && !(kept.has(key) && lost.has(`${now.attempt} ${key}`));
    }).length;
    if (dropped > 0) bad.push(`take ${now.attempt} dropped ${dropped} finished chunks`);
  }
  return bad;
}

/** Takes and chunks whose results NATS lost. What was missing after masters had removed it is not among them. */
function lostKeys(unordered: readonly ChunkEvent[]): Set<string> {
  const removedAtMs = Math.min(...unordered.filter(({ what }) => what === 'removed').map(({ atMs }) => atMs));
  const lost = unordered.filter(({ what, atMs }) => what === 'damaged' && atMs < removedAtMs);
  return new Set(lost.map(({ attempt, chunk }) => `${attempt} ${chunk}`));
}

function judgeChunks(
  history: readonly RecordVersion[],
  unordered: readonly ChunkEvent[],
): { counts: ChunkCounts; violations: string[] } {
  const finishedAtMs = new Map<string, number>();
  const takenAtMs = new Map<number, number>();
  for (const { chunks, attempt, atMs } of history) {
    for (const [key] of chunks) if (!finishedAtMs.has(key)) finishedAtMs.set(key, atMs);
    if (!takenAtMs.has(attempt)) takenAtMs.set(attempt, atMs);
  }
  const overtaken = (attempt: number, atMs: number): boolean =>
    [...takenAtMs].some(([other, sinceMs]) => other > attempt && sinceMs <= atMs);
  const counts: { -readonly [name in keyof ChunkCounts]: number } = { ...noChunks };
  const violations: string[] = [];
  const lost = lostKeys(unordered);
  const given = new Set<string>();
  const answered = new Map<string, number[]>();
  const knowsLoss = new Set<string>();
  for (const event of [...unordered].sort((a, b) => a.atMs - b.atMs)) {
    const { what, chunk, attempt, atMs, master } = event;
    const take = `${attempt} ${master}`;
    if (what === 'lease lost') knowsLoss.add(take);
    else if (what === 'taken over') counts.takenOver++;
    else if (what === 'damaged') {
      if (!lost.has(`${attempt} ${chunk}`))
        violations.push(`take ${attempt} could not read the finished chunk ${chunk}, which masters had removed`);
    } else if (what === 'removed') continue;
    else if (what === 'answered') answered.set(chunk, [...(answered.get(chunk) ?? []), attempt]);
    else {
      counts.given++;
      const again = given.has(chunk);
      given.add(chunk);
      if (atMs > (finishedAtMs.get(chunk) ?? Infinity)) {
        if (lost.has(`${attempt} ${chunk}`)) counts.lostAtNats++;
        else if (overtaken(attempt, atMs) && !knowsLoss.has(take)) counts.besides++;
        else {
          counts.finishedAgain++;
          violations.push(`take ${attempt} at ${master} gave out chunk ${chunk}, which was finished`);
        }
      } else if (answered.has(chunk)) {
        counts.lostWithMaster++;
        if (answered.get(chunk)?.includes(attempt))
          violations.push(`take ${attempt} at ${master} gave out chunk ${chunk}, which it had the answer of`);
      } else if (again) counts.unfinished++;
    }
  }
  counts.chunks = given.size;
  return { counts, violations };
}

function grouped<T>(list: readonly T[], keyOf: (entry: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const entry of list) groups.set(keyOf(entry), [...(groups.get(keyOf(entry)) ?? []), entry]);
  return groups;
}

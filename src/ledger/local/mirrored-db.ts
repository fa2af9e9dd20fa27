import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TriremeError } from '../../common/errors.js';
import { sumAfter, sumOf, type ContentSum, type Values, type Writes } from './content-sum.js';
import { judge, type FoundLevel, type Judged, type LevelHead } from './copies.js';
import { Journal } from './journal.js';
import { factsOf, lineOf, readJournal } from './journal-lines.js';
import { LevelDamage, LevelDb } from './level-db.js';
import { Witness } from './witness.js';

/** Time between two attempts to open a store again that could not be written (its disk was full, say). */
export const reopenIntervalMs = 2_000;

/** A store is tried this often: whether it can be written again, or still (its disk may fill up while nobody asks). */
const stateProbeMs = 5_000;

/** The witness of a folder's writes is written at least this often, so that it tells when the clock was read last. */
const witnessIntervalMs = 60_000;

/** A journal longer than this, and than four times what it has to tell, is written anew. */
const journalBytesMax = 4 * 2 ** 20;

/** The key under which LevelDB says what it holds. */
const headKey = 'head';

/** What was found as it was opened. */
export interface OpenedDb {
  readonly db: MirroredDb;
  /** When it was written last: ms since 1970; null: never. */
  readonly lastMs: number | null;
  /** Nothing was ever written here. */
  readonly fresh: boolean;
  readonly repaired: readonly string[];
  readonly lost: readonly string[];
  /** The machine stopped while a master had it open. */
  readonly machineStopped: boolean;
}

/**
 * Keys and values that are kept twice, in LevelDB and in a journal beside it, and numbered: LevelDB alone leaves out
 * what it cannot read, and says nothing of it. Either copy suffices, and each shows when the other one lost something.
 *
 * After an append that failed (a full disk), LevelDB goes on accepting writes, and loses them: its log is not where it
 * thinks that it is. So after any failure nothing is written before LevelDB was opened anew and was made to hold what
 * it should.
 */
export class MirroredDb {
  private readonly values: Map<string, string>;
  private sum: ContentSum;
  private seq: number;
  /** Writes that failed, for the next one to take along. Bounded by the records that exist. */
  private readonly failed = new Map<string, string | null>();
  private brokenAtMs = 0;
  private broken: string | null = null;
  private probeTrouble: string | null = null;
  private probesUnderWay = 0;
  private witnessedAtMs = 0;
  private rewriteBytes: number;
  private last: Promise<unknown> = Promise.resolve();
  private readonly timer: NodeJS.Timeout;

  private constructor(
    private readonly place: string,
    private readonly level: LevelDb,
    private readonly journal: Journal,
    private readonly witness: Witness,
    values: Values,
    seq: number,
  ) {
    this.values = new Map(values);
    this.sum = sumOf(this.values);
    this.seq = seq;
    this.rewriteBytes = Math.max(journalBytesMax, 4 * journal.length);
    this.timer = setInterval(() => void this.look(), stateProbeMs);
    this.timer.unref();
  }

  /**
   * @param imported makes values of what an older version left; null: it is not of an older version
   * @param damaged is called when a copy is damaged, before it is made anew
   * @throws TriremeError STATE_FAILED; what lies in the folder is to be put back then
   */
  static async open(
    place: string,
    imported: (found: ReadonlyMap<string, Buffer>) => Values | null,
    damaged: () => Promise<void>,
  ): Promise<OpenedDb> {
    const level = new LevelDb(join(place, 'db'), place);
    const journal = new Journal(join(place, 'journal'));
    const witness = new Witness(place);
    try {
      const bytes = await journal.read();
      const seen = await witness.read();
      let found: FoundLevel | null;
      let old: Values | null = null;
      try {
        const raw = await level.open();
        if (bytes === null && seen === null) old = imported(raw);
        found = raw.size === 0 ? null : foundLevel(raw);
      } catch (error) {
        if (!(error instanceof LevelDamage)) throw error;
        found = { values: new Map(), head: null, damage: error.reason };
      }
      const facts = seen === 'damaged' ? null : seen;
      const judged =
        old === null
          ? judge({
              level: found,
              journal: bytes === null ? null : (readJournal(bytes) ?? 'damaged'),
              witnessSeq: facts?.seq ?? null,
            })
          : upgraded(old);
      if (typeof judged === 'string') throw bothDamaged(place, judged);
      const { values, seq, atMs, rebuild } = judged;
      const noWitness =
        seq === 0 || facts !== null || old !== null
          ? []
          : [seen === null ? 'witness is missing' : 'witness cannot be read'];
      const repaired = [...judged.repaired, ...noWitness];
      if (repaired.length + judged.lost.length > 0) await damaged();
      const nowMs = Date.now();
      if (rebuild.journal) await journal.rewrite(values, seq, nowMs);
      else await journal.goOn(judged.journalBytes);
      if (rebuild.level) await makeAnew(level, values, seq, nowMs);
      await witness.begin(seq);
      const db = new MirroredDb(place, level, journal, witness, values, seq);
      return {
        db,
        lastMs: seq === 0 ? null : Math.max(atMs, facts?.atMs ?? 0),
        fresh: seq === 0,
        repaired,
        lost: judged.lost,
        machineStopped: facts !== null && facts.open && facts.boot !== witness.boot,
      };
    } catch (error) {
      await witness.close();
      await journal.close();
      await level.close();
      throw error instanceof TriremeError ? error : diskFailure(place, error);
    }
  }

  /** Why it cannot be written now; null: it can. */
  get trouble(): string | null {
    return this.broken ?? this.probeTrouble;
  }

  /** What it holds below a prefix of keys. */
  *entries(prefix: string): Generator<[string, string]> {
    for (const entry of this.values) if (entry[0].startsWith(prefix)) yield entry;
  }

  /** Null: there is none. */
  entry(key: string): string | null {
    return this.values.get(key) ?? null;
  }

  /**
   * All or nothing, one after another.
   * @param sync resolves only once it would survive the machine, not only the process
   * @param kept writes that fail are tried again with the next ones, whatever the caller does
   */
  write(writes: Writes, sync: boolean, kept = false): Promise<void> {
    const turn = this.last.then(() => this.writeNow(writes, sync, kept));
    this.last = turn.catch(() => undefined);
    return turn;
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.last;
    await this.testify(false);
    await this.witness.close();
    await this.journal.close();
    await this.level.close();
  }

  private async writeNow(writes: Writes, sync: boolean, kept: boolean): Promise<void> {
    const all = new Map([...this.failed, ...writes]);
    const seq = this.seq + 1;
    const atMs = Date.now();
    const sum = sumAfter(this.sum, this.values, all);
    try {
      if (this.broken !== null) await this.openAgain();
      await this.journal.append(all, seq, atMs, sync);
      try {
        await this.level.write(new Map([...all, [headKey, headOf(sum, seq, atMs)]]), sync);
      } catch (error) {
        await this.journal.undo();
        throw error;
      }
    } catch (error) {
      if (kept) for (const [key, value] of writes) this.failed.set(key, value);
      if (this.broken === null) this.brokenAtMs = performance.now();
      const ours = error instanceof TriremeError ? error : diskFailure(this.place, error);
      this.broken = ours.message;
      throw ours;
    }
    for (const [key, value] of all) {
      if (value === null) this.values.delete(key);
      else this.values.set(key, value);
    }
    this.failed.clear();
    this.broken = null;
    this.seq = seq;
    this.sum = sum;
    await this.testify(true);
    if (this.journal.length > this.rewriteBytes) await this.shorten(atMs);
  }

  private async shorten(atMs: number): Promise<void> {
    try {
      await this.journal.rewrite(this.values, this.seq, atMs);
      this.rewriteBytes = Math.max(journalBytesMax, 4 * this.journal.length);
    } catch {
      // There is no room for a second one; it goes on as it is.
      this.rewriteBytes = this.journal.length + journalBytesMax;
    }
  }

  /** After a failure: makes sure that both copies hold what was acknowledged, and nothing else. */
  private async openAgain(): Promise<void> {
    if (performance.now() - this.brokenAtMs < reopenIntervalMs) {
      throw new TriremeError('STATE_FAILED', this.broken as string);
    }
    this.brokenAtMs = performance.now();
    const { values, seq } = this;
    if (!this.journal.usable) await this.journal.rewrite(values, seq, Date.now());
    await this.level.close();
    try {
      const found = foundLevel(await this.level.open());
      const surplus = [...found.values.keys()].filter((key) => !values.has(key));
      const lacking = [...values].filter(([key, value]) => found.values.get(key) !== value);
      const mended = new Map<string, string | null>([...surplus.map((key) => [key, null] as const), ...lacking]);
      await this.level.write(mended.set(headKey, headOf(this.sum, seq, Date.now())), true);
    } catch (error) {
      if (!(error instanceof LevelDamage)) throw error;
      await makeAnew(this.level, values, seq, Date.now());
    }
  }

  /** Looks whether it can be written while nobody writes. */
  private async look(): Promise<void> {
    if (this.probesUnderWay > 0) {
      // Two times in a row: the disk does not answer.
      if (++this.probesUnderWay > 2)
        this.probeTrouble = `--state ${this.place} cannot be written: no answer of its disk`;
      return;
    }
    this.probesUnderWay = 1;
    try {
      await this.witness.probe();
      if (performance.now() - this.witnessedAtMs > witnessIntervalMs) await this.testify(true);
      this.probeTrouble = null;
      if (this.broken !== null) await this.write(new Map(), true).catch(() => undefined);
    } catch (error) {
      this.probeTrouble = diskFailure(this.place, error).message;
    }
    this.probesUnderWay = 0;
  }

  /** A witness that cannot be written says less than it could, and nothing wrong. */
  private async testify(open: boolean): Promise<void> {
    this.witnessedAtMs = performance.now();
    await this.witness.write(this.seq, open).catch(() => undefined);
  }
}

function headOf(sum: ContentSum, seq: number, atMs: number): string {
  return lineOf({ ...sum, seq, atMs } satisfies LevelHead).trimEnd();
}

function foundLevel(raw: ReadonlyMap<string, Buffer>): FoundLevel {
  const values = new Map([...raw].map(([key, value]) => [key, value.toString()]));
  const head = (factsOf(values.get(headKey) ?? '') as LevelHead | undefined) ?? null;
  values.delete(headKey);
  return { values, head, damage: null };
}

async function makeAnew(level: LevelDb, values: Values, seq: number, atMs: number): Promise<void> {
  await level.close();
  await rm(level.folder, { recursive: true, force: true });
  await level.open();
  await level.write(new Map([...values, [headKey, headOf(sumOf(values), seq, atMs)]]), true);
}

/** What an older version left is believed: it could not tell of its loss. */
function upgraded(values: Values): Judged {
  return {
    values,
    seq: 1,
    atMs: Date.now(),
    rebuild: { level: true, journal: true },
    journalBytes: 0,
    repaired: [],
    lost: [],
  };
}

function bothDamaged(place: string, reason: string): TriremeError {
  return new TriremeError(
    'STATE_FAILED',
    `--state ${place} is damaged: ${reason}. Nothing was changed. Put back a copy of the folder, or move ${join(place, 'db')}, ` +
      `${join(place, 'journal')} and ${join(place, 'witness')} away: what they knew is lost then, and results go to ` +
      `${join(place, 'set-aside')}`,
  );
}

/** An error of a disk, as a caller is told of it. */
export function diskFailure(place: string, error: unknown): TriremeError {
  if (error instanceof TriremeError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = code === 'ENOSPC' ? 'no space left on the device' : message;
  return new TriremeError('STATE_FAILED', `--state ${place} cannot be written: ${reason}`, { cause: error });
}

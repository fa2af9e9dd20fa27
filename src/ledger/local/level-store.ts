import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { TriremeError } from '../../common/errors.js';
import type { Logger } from '../../common/logging.js';
import { openPrivateFolder } from '../../common/private-folder.js';
import { decodeRecord, recordOf, recordText } from '../record-codec.js';
import { isFinal, type AnalysisRecord, type FinishedChunk } from '../types.js';
import type { Values } from './content-sum.js';
import { diskFailure, MirroredDb, type OpenedDb } from './mirrored-db.js';
import { syncFolder } from './journal.js';
import type { LocalStore, StoredLedger } from './local-store.js';
import { SetAside } from './set-aside.js';

/** Version of what lies in the folder. */
const folderForm = '2';
/** The version before: it had no journal. */
const folderFormBefore = '1';
const formKey = 'form';
const recordKey = (id: string): string => `analysis:${id}`;
const chunkKey = (id: string, key: string): string => `chunk:${id}:${key}`;
/** There while the files of an analysis that is kept no longer are removed: they are no evidence. */
const droppingKey = (id: string): string => `dropping:${id}`;

interface ChunkFacts {
  readonly bytes: number;
  readonly crc32: number;
}

/**
 * A ledger in a folder: small facts, and the bytes of chunks and results as files beside them, so that they are written
 * once and their space is free again at once. A file counts only when the facts name it, with its length and checksum.
 *
 *   db/, journal      the facts, twice (see MirroredDb); db is LevelDB, locked by the one process that has it open
 *   witness           what the last write was, and how the last master ended
 *   chunks/ID/KEY     results of finished chunks of analyses that have not ended
 *   results/ID        results
 *   set-aside/TIME/   evidence of damage: files as they were found, and results that no record names
 */
export class LevelStore implements LocalStore {
  readonly durable = true;
  private readonly db: MirroredDb;
  private readonly chunks = new Map<string, Map<string, ChunkFacts>>();
  private constructor(
    readonly place: string,
    private readonly opened: OpenedDb,
    private readonly aside: SetAside,
    private readonly log: Logger,
  ) {
    this.db = opened.db;
  }

  /**
   * @throws TriremeError STATE_FAILED when the folder is locked, damaged or cannot be written; USAGE when others can
   * read it
   */
  static async open(folder: string, log: Logger): Promise<LevelStore> {
    // LevelDB makes its files with the rights that this leaves.
    process.umask(0o077);
    openPrivateFolder(folder, '--state', 'STATE_FAILED');
    const aside = new SetAside(
      folder,
      `${new Date().toISOString().replaceAll(':', '-')}-${randomBytes(2).toString('hex')}`,
    );
    try {
      for (const name of ['chunks', 'results']) await mkdir(join(folder, name), { recursive: true, mode: 0o700 });
      await aside.hold();
    } catch (error) {
      await aside.letGo().catch(() => undefined);
      throw diskFailure(folder, error);
    }
    let store: LevelStore | undefined;
    try {
      const opened = await MirroredDb.open(
        folder,
        (found) => valuesOfBefore(folder, found),
        () => aside.keep(),
      );
      store = new LevelStore(folder, opened, aside, log);
      store.tellWhatWasFound();
      return store;
    } catch (error) {
      await store?.db.close();
      // Held by another master: nothing was touched, and what is held there is in use.
      if ((error as TriremeError).message.includes('held by another master')) await aside.letGo();
      else await aside.restore();
      throw error;
    }
  }

  get trouble(): string | null {
    return this.db.trouble;
  }

  get evidence(): string | null {
    return this.aside.folder;
  }

  async load(): Promise<StoredLedger> {
    const form = this.db.entry(formKey);
    if (form !== null && form !== folderForm) throw otherForm(this.place, form);
    if (form === null) await this.db.write(new Map([[formKey, folderForm]]), true);
    const records = new Map<string, AnalysisRecord>();
    for (const [key, value] of this.db.entries('analysis:')) {
      const record = recordOf(value);
      if (record === null || recordKey(record.id) !== key) {
        throw new TriremeError('STATE_FAILED', `--state ${this.place}: the record ${key.slice(0, 64)} cannot be read`);
      }
      records.set(record.id, record);
    }
    const unfinished = (id: string): boolean => records.has(id) && !isFinal(records.get(id) as AnalysisRecord);
    await this.loadChunks(unfinished);
    await this.finishDropping();
    await this.clear('chunks', records, unfinished);
    await this.clear('results', records, () => true);
    if (this.opened.fresh) await this.doubtUploads();
    return {
      records: [...records.values()],
      chunkKeys: new Map([...this.chunks].map(([id, chunks]) => [id, new Set(chunks.keys())])),
      lastMs: this.opened.lastMs,
    };
  }

  async checkResult({ id, result }: AnalysisRecord): Promise<string | null> {
    if (result === null) return null;
    let bytes: Uint8Array;
    try {
      bytes = await readFile(join(this.place, 'results', id));
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'its file is missing' : (error as Error).message;
    }
    if (bytes.length !== result.bytes) return `its file has ${bytes.length} bytes, and should have ${result.bytes}`;
    return crc32(bytes) === result.crc32 ? null : 'its file was changed';
  }

  async loaded(wrong: boolean): Promise<void> {
    await this.tryFiles(async () => {
      if (wrong) await this.aside.keep();
      await this.aside.settle();
    });
    if (this.evidence !== null) {
      this.log.warn(
        { place: this.place, evidence: this.aside.folder },
        'what was found damaged is kept as it was: nothing of it is deleted',
      );
    }
  }

  async putRecord(record: AnalysisRecord, sync: boolean): Promise<void> {
    await this.db.write(new Map([[recordKey(record.id), recordText(record)]]), sync, true);
  }

  async putChunks(id: string, chunks: readonly FinishedChunk[]): Promise<void> {
    const facts = chunks.map(({ key, bytes }) => ({ key, bytes: bytes.length, crc32: crc32(bytes) }));
    await this.tryFiles(async () => {
      await mkdir(this.chunkFolder(id), { recursive: true, mode: 0o700 });
      await Promise.all(
        chunks.map(({ key, bytes }) => writeFile(join(this.chunkFolder(id), key), bytes, { mode: 0o600 })),
      );
    });
    await this.db.write(new Map(facts.map(({ key, ...fact }) => [chunkKey(id, key), JSON.stringify(fact)])), false);
    const known = this.chunksOf(id);
    for (const { key, ...fact } of facts) known.set(key, fact);
  }

  async readChunk(id: string, key: string): Promise<Uint8Array | null> {
    const facts = this.chunks.get(id)?.get(key);
    if (facts === undefined) return null;
    const bytes = await readIfThere(join(this.chunkFolder(id), key));
    if (bytes === null) return null;
    if (bytes.length === facts.bytes && crc32(bytes) === facts.crc32) return bytes;
    // It may be another file of this folder that came to lie here.
    await this.aside.add(join('chunks', id, key)).catch(() => undefined);
    return null;
  }

  async dropChunks(id: string): Promise<void> {
    const keys = [...(this.chunks.get(id)?.keys() ?? [])];
    this.chunks.delete(id);
    // First, because it gives a full disk room again; a chunk without its file is one that is not finished.
    await this.tryFiles(() => rm(this.chunkFolder(id), { recursive: true, force: true }));
    if (keys.length > 0) await this.db.write(new Map(keys.map((key) => [chunkKey(id, key), null])), false);
  }

  async putResult(id: string, bytes: Uint8Array): Promise<void> {
    await this.tryFiles(async () => {
      const file = await open(join(this.place, 'results', id), 'w', 0o600);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await syncFolder(join(this.place, 'results'));
    });
  }

  readResult(id: string): Promise<Uint8Array | null> {
    return readIfThere(join(this.place, 'results', id));
  }

  async drop(id: string): Promise<void> {
    // On the disk before its files go: a record that came back would miss them.
    const writes = new Map<string, string | null>([[recordKey(id), null]]);
    if (this.db.entry(recordKey(id)) !== null) writes.set(droppingKey(id), '');
    await this.db.write(writes, true, true);
    await this.dropFiles(id);
  }

  async close(): Promise<void> {
    await this.db.close();
    await this.aside.end();
  }

  private async dropFiles(id: string): Promise<void> {
    await this.dropChunks(id);
    await this.tryFiles(() => rm(join(this.place, 'results', id), { force: true }));
    if (this.db.entry(droppingKey(id)) !== null) await this.db.write(new Map([[droppingKey(id), null]]), false, true);
  }

  private tellWhatWasFound(): void {
    const { repaired, lost, machineStopped } = this.opened;
    const { place, log } = this;
    for (const what of repaired)
      log.warn({ place, what }, 'the state was damaged, and is repaired from its other copy');
    for (const what of lost) log.error({ place, what }, 'the state was damaged, and something of it is lost');
    if (machineStopped) {
      log.warn(
        { place },
        'the machine stopped while a master ran: what clients were told is there; its last chunks may be scanned again',
      );
    }
  }

  private chunkFolder(id: string): string {
    return join(this.place, 'chunks', id);
  }

  private chunksOf(id: string): Map<string, ChunkFacts> {
    let chunks = this.chunks.get(id);
    if (chunks === undefined) this.chunks.set(id, (chunks = new Map()));
    return chunks;
  }

  private async loadChunks(unfinished: (id: string) => boolean): Promise<void> {
    const leftovers: [string, null][] = [];
    for (const [name, value] of this.db.entries('chunk:')) {
      const [, id, key] = name.split(':');
      const facts = factsIn(value);
      if (key === undefined || facts === null || !unfinished(id)) leftovers.push([name, null]);
      else this.chunksOf(id).set(key, facts);
    }
    if (leftovers.length > 0) await this.db.write(new Map(leftovers), false);
  }

  private async finishDropping(): Promise<void> {
    for (const [key] of [...this.db.entries('dropping:')]) await this.dropFiles(key.slice(droppingKey('').length));
  }

  /** What a record names and nobody wants any more is removed; what no record names is evidence. */
  private async clear(
    folder: 'chunks' | 'results',
    records: ReadonlyMap<string, AnalysisRecord>,
    wanted: (id: string) => boolean,
  ): Promise<void> {
    const strays: string[] = [];
    await this.tryFiles(async () => {
      for (const id of await readdir(join(this.place, folder))) {
        if (!records.has(id)) strays.push(id);
        else if (!wanted(id)) await rm(join(this.place, folder, id), { recursive: true, force: true });
      }
      for (const id of strays) await this.aside.add(join(folder, id));
    });
    for (const id of strays) {
      this.log.error({ place: this.place, id, folder }, 'files of an analysis that no record names are set aside');
    }
  }

  /** An empty folder has no uploads: its records were taken away, and whoever clears the uploads must know. */
  private async doubtUploads(): Promise<void> {
    const uploads = await readdir(join(this.place, 'spool')).catch(() => []);
    if (uploads.length === 0) return;
    await this.tryFiles(() => this.aside.keep());
    this.log.error({ place: this.place, uploads: uploads.length }, 'uploads that no record names are set aside');
  }

  private async tryFiles(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      throw diskFailure(this.place, error);
    }
  }
}

/** The values of a folder of the form before; null: it is not of that form. */
function valuesOfBefore(place: string, found: ReadonlyMap<string, Buffer>): Values | null {
  const form = found.get(formKey)?.toString() ?? folderForm;
  if (form === folderForm) return null;
  if (form !== folderFormBefore) throw otherForm(place, form);
  const values = new Map<string, string>([[formKey, folderForm]]);
  for (const [key, value] of found) {
    if (key.startsWith('chunk:')) values.set(key, value.toString());
    if (!key.startsWith('analysis:')) continue;
    const record = decodeRecord(value);
    if (record === null || recordKey(record.id) !== key) {
      throw new TriremeError(
        'STATE_FAILED',
        `--state ${place} is damaged: the record ${key.slice(0, 64)} cannot be read`,
      );
    }
    values.set(key, recordText(record));
  }
  return values;
}

function otherForm(place: string, form: string): TriremeError {
  return new TriremeError(
    'STATE_FAILED',
    `--state ${place} was written in form ${form.slice(0, 16)}, and this version reads form ${folderForm}: use the version ` +
      `that wrote it, or another directory`,
  );
}

function factsIn(value: string): ChunkFacts | null {
  try {
    const facts = JSON.parse(value) as ChunkFacts;
    return Number.isSafeInteger(facts.bytes) && Number.isSafeInteger(facts.crc32) ? facts : null;
  } catch {
    return null;
  }
}

async function readIfThere(path: string): Promise<Uint8Array | null> {
  try {
    return await readFile(path);
  } catch {
    // Whatever keeps us from it, the chunk can be scanned again.
    return null;
  }
}

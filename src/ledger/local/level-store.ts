import { mkdirSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { TriremeError } from '../../common/errors.js';
import { decodeRecord, encodeRecord } from '../record-codec.js';
import { isFinal, type AnalysisRecord, type FinishedChunk } from '../types.js';
import { damaged, LevelDb } from './level-db.js';
import type { LocalStore, StoredLedger } from './local-store.js';

/** Version of what lies in the folder. */
const folderForm = '1';
const formKey = 'form';
const recordKey = (id: string): string => `analysis:${id}`;
const chunkKey = (id: string, key: string): string => `chunk:${id}:${key}`;

interface ChunkFacts {
  readonly bytes: number;
  readonly crc32: number;
}

/**
 * A ledger in a folder: small facts in LevelDB, whose log makes them survive a kill at any moment, and the bytes of
 * chunks and results as files beside it, so that they are written once and their space is free again at once. A file
 * counts only when LevelDB names it, with its length and checksum.
 *
 *   db/               LevelDB, locked by the one process that has it open
 *   chunks/ID/KEY     results of finished chunks of analyses that have not ended
 *   results/ID        results
 */
export class LevelStore implements LocalStore {
  readonly durable = true;
  private readonly db: LevelDb;
  private readonly chunks = new Map<string, Map<string, ChunkFacts>>();

  private constructor(readonly place: string) {
    this.db = new LevelDb(join(place, 'db'), place);
  }

  /** @throws TriremeError STATE_FAILED when the folder is locked, damaged or cannot be written */
  static async open(folder: string): Promise<LevelStore> {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw failure(folder, error);
    }
    const store = new LevelStore(folder);
    await store.db.open();
    try {
      for (const name of ['chunks', 'results']) await mkdir(join(folder, name), { recursive: true, mode: 0o700 });
    } catch (error) {
      await store.close();
      throw failure(folder, error);
    }
    return store;
  }

  get trouble(): string | null {
    return this.db.trouble;
  }

  async load(): Promise<StoredLedger> {
    let form: string | null = null;
    for await (const [, value] of this.db.entries(formKey)) form = Buffer.from(value).toString();
    const records = new Map<string, AnalysisRecord>();
    for await (const [key, value] of this.db.entries('analysis:')) {
      const record = decodeRecord(value);
      if (record === null || recordKey(record.id) !== key) {
        throw damaged(this.place, `the record ${key.slice(0, 64)} cannot be read`);
      }
      records.set(record.id, record);
    }
    if (form === null && records.size > 0) throw damaged(this.place, 'the version of its form is missing');
    if (form !== null && form !== folderForm) {
      throw new TriremeError(
        'STATE_FAILED',
        `--state ${this.place} was written in form ${form.slice(0, 16)}, and this version reads form ${folderForm}: use ` +
          `the version that wrote it, or another directory`,
      );
    }
    if (form === null) await this.db.write(new Map([[formKey, Buffer.from(folderForm)]]), true);
    const unfinished = (id: string): boolean => records.has(id) && !isFinal(records.get(id) as AnalysisRecord);
    await this.loadChunks(unfinished);
    await this.removeLeftovers('chunks', unfinished);
    await this.removeLeftovers('results', (id) => records.has(id));
    return {
      records: [...records.values()],
      chunkKeys: new Map([...this.chunks].map(([id, chunks]) => [id, new Set(chunks.keys())])),
    };
  }

  async putRecord(record: AnalysisRecord, sync: boolean): Promise<void> {
    await this.db.write(new Map([[recordKey(record.id), encodeRecord(record)]]), sync, true);
  }

  async putChunks(id: string, chunks: readonly FinishedChunk[]): Promise<void> {
    const facts = chunks.map(({ key, bytes }) => ({ key, bytes: bytes.length, crc32: crc32(bytes) }));
    await this.tryFiles(async () => {
      await mkdir(this.chunkFolder(id), { recursive: true, mode: 0o700 });
      await Promise.all(chunks.map(({ key, bytes }) => writeFile(join(this.chunkFolder(id), key), bytes)));
    });
    const writes = facts.map(({ key, ...fact }) => [chunkKey(id, key), Buffer.from(JSON.stringify(fact))] as const);
    await this.db.write(new Map(writes), false);
    const known = this.chunksOf(id);
    for (const { key, ...fact } of facts) known.set(key, fact);
  }

  async readChunk(id: string, key: string): Promise<Uint8Array | null> {
    const facts = this.chunks.get(id)?.get(key);
    if (facts === undefined) return null;
    const bytes = await readIfThere(join(this.chunkFolder(id), key));
    return bytes !== null && bytes.length === facts.bytes && crc32(bytes) === facts.crc32 ? bytes : null;
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
    });
  }

  readResult(id: string): Promise<Uint8Array | null> {
    return readIfThere(join(this.place, 'results', id));
  }

  async drop(id: string): Promise<void> {
    await this.db.write(new Map([[recordKey(id), null]]), false, true);
    await this.dropChunks(id);
    await this.tryFiles(() => rm(join(this.place, 'results', id), { force: true }));
  }

  close(): Promise<void> {
    return this.db.close();
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
    for await (const [name, value] of this.db.entries('chunk:')) {
      const [, id, key] = name.split(':');
      const facts = factsIn(value);
      if (key === undefined || facts === null || !unfinished(id)) leftovers.push([name, null]);
      else this.chunksOf(id).set(key, facts);
    }
    if (leftovers.length > 0) await this.db.write(new Map(leftovers), false);
  }

  private async removeLeftovers(folder: string, wanted: (id: string) => boolean): Promise<void> {
    await this.tryFiles(async () => {
      for (const id of await readdir(join(this.place, folder))) {
        if (!wanted(id)) await rm(join(this.place, folder, id), { recursive: true, force: true });
      }
    });
  }

  private async tryFiles(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      throw failure(this.place, error);
    }
  }
}

function factsIn(value: Uint8Array): ChunkFacts | null {
  try {
    const facts = JSON.parse(Buffer.from(value).toString()) as ChunkFacts;
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

function failure(place: string, error: unknown): TriremeError {
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = code === 'ENOSPC' ? 'no space left on the device' : message;
  return new TriremeError('STATE_FAILED', `--state ${place} cannot be written: ${reason}`, { cause: error });
}

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';

/** Optional collection of real captures beside the project; tests that want it skip where it is absent. */
const folder = process.env.TRIREME_SHARED_CAPTURES ?? join(projectRoot, '..', 'shared', 'captures');

export interface SharedCapture {
  /** Folder and name below the collection. */
  readonly name: string;
  readonly path: string;
  /** Expected fields of a result, with their values. */
  readonly expected: Readonly<Record<string, unknown>>;
}

/** Every capture of the collection, or none (with the reason printed once) where the collection is absent. */
export function sharedCaptures(): SharedCapture[] {
  const index = join(folder, 'expected.json');
  if (!existsSync(index)) {
    console.log(`SKIP: ${index} is not there; tests on real captures are left out`);
    return [];
  }
  const entries = JSON.parse(readFileSync(index, 'utf8')) as Record<string, { result: Record<string, unknown> }>;
  return Object.entries(entries).map(([name, { result }]) => ({ name, path: join(folder, name), expected: result }));
}

/** Paths of all files of the collection; none, without a word, where it is absent. */
export function sharedCapturePaths(): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(pcap|pcapng|cap)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

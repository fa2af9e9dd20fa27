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

/** Link types that are read since the list was made, and what they change. The oracle judges these fields alone. */
const linkTypesSince = ['104', '105', '109', '117', '127', '192', '239', '258'];
const fieldsOfLinkTypes = /^(ipv[46]|other|conversations|top)/;

function withoutLinkTypesSince(result: Record<string, unknown>): Record<string, unknown> {
  const linkTypes = Object.keys((result.link_types as object | undefined) ?? {});
  if (!linkTypes.some((type) => linkTypesSince.includes(type))) return result;
  return Object.fromEntries(Object.entries(result).filter(([field]) => !fieldsOfLinkTypes.test(field)));
}

/** Every capture of the collection, or none (with the reason printed once) where the collection is absent. */
export function sharedCaptures(): SharedCapture[] {
  const index = join(folder, 'expected.json');
  if (!existsSync(index)) {
    console.log(`SKIP: ${index} is not there; tests on real captures are left out`);
    return [];
  }
  const entries = JSON.parse(readFileSync(index, 'utf8')) as Record<string, { result: Record<string, unknown> }>;
  return Object.entries(entries).map(([name, { result }]) => ({
    name,
    path: join(folder, name),
    expected: withoutLinkTypesSince(result),
  }));
}

/** Paths of all files of the collection; none, without a word, where it is absent. */
export function sharedCapturePaths(): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(pcap|pcapng|cap)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

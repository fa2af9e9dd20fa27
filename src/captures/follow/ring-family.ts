import { readdirSync } from 'node:fs';
import { TriremeError } from '../../common/errors.js';
import { unreadable } from '../file/regular-file.js';

const packing = /\.(gz|zst)$/;

/** The name of a file before it was packed. */
export function unpackedName(name: string): string {
  return name.replace(packing, '');
}

/**
 * What the names of all files of one ring have in common: everything but digits. So ring_00001_20261129.pcap
 * of dumpcap and x.pcap1 of tcpdump stand beside those that were written before and after them, packed or
 * not.
 */
export function familyOf(name: string): string {
  return unpackedName(name).replace(/\d+/g, '');
}

/**
 * The ring whose files are in a folder.
 * @throws TriremeError USAGE where there is none, or more than one
 */
export function familyIn(folder: string): string {
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => !name.startsWith('.'));
  } catch (error) {
    throw unreadable(folder, error);
  }
  const families = new Map(names.map((name) => [familyOf(name), name]));
  if (families.size === 1) return [...families.keys()][0];
  const found = families.size === 0 ? 'holds no file yet' : `holds files of ${families.size} rings, ${shown(families)}`;
  throw new TriremeError('USAGE', `--follow ${folder}: the folder ${found}: name the first file to count`);
}

function shown(families: ReadonlyMap<string, string>): string {
  return [...families.values()].slice(0, 3).join(', ');
}

import { existsSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesBelow } from './state-folder.js';

/** Sorts of damage that a disk, a crash or a hand does to the files of a folder. */
export const damages = ['flip', 'zero', 'truncate', 'tear', 'stale', 'remove', 'swap'] as const;
export type Damage = (typeof damages)[number];

/** Bytes that a torn write is short of at most. */
const tornBytesMax = 200;
const sectorBytes = 512;

/**
 * Does one damage, of a sort and to files that the random numbers choose, and says in words which.
 * @param earlier the same folder some writes before
 */
export function damageFolder(folder: string, earlier: string, random: () => number): string {
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)];
  const damage = pick(damages);
  const all = filesBelow(folder);
  const filled = all.filter((path) => statSync(join(folder, path)).size > 0);
  const path = pick(damage === 'remove' || damage === 'swap' ? all : filled);
  const file = join(folder, path);
  const bytes = readFileSync(file);
  const at = Math.floor(random() * bytes.length);
  switch (damage) {
    case 'flip': {
      const bit = Math.floor(random() * 8);
      bytes[at] ^= 1 << bit;
      writeFileSync(file, bytes);
      return `flip bit ${bit} of byte ${at} of ${path}`;
    }
    case 'zero': {
      const start = at - (at % sectorBytes);
      bytes.fill(0, start, Math.min(bytes.length, start + sectorBytes));
      writeFileSync(file, bytes);
      return `zero ${path} from byte ${start}`;
    }
    case 'truncate':
      truncateSync(file, at);
      return `truncate ${path} to ${at} of ${bytes.length} bytes`;
    case 'tear': {
      const length = Math.max(0, bytes.length - 1 - Math.floor(random() * tornBytesMax));
      truncateSync(file, length);
      return `tear ${path} at byte ${length} of ${bytes.length}`;
    }
    case 'stale':
      if (existsSync(join(earlier, path))) writeFileSync(file, readFileSync(join(earlier, path)));
      else rmSync(file);
      return `put ${path} back as it was earlier`;
    case 'remove':
      rmSync(file);
      return `remove ${path}`;
    case 'swap': {
      const other = pick(all.filter((each) => each !== path));
      renameSync(file, `${file}.swapped`);
      renameSync(join(folder, other), file);
      renameSync(`${file}.swapped`, join(folder, other));
      return `swap ${path} and ${other}`;
    }
  }
}

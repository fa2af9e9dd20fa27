import type { Compression } from '../captures/compression.js';
import { TriremeError } from '../common/errors.js';

/** Every packing that a worker of this version can undo. */
const packings: readonly Compression[] = ['gzip', 'zstd', 'lz4'];

/** How the master says that a file is packed; '' is null: not at all. Throws for what this worker cannot unpack. */
export function packing(text: string): Compression | null {
  if (text === '') return null;
  const known = packings.find((compression) => compression === text);
  if (known !== undefined) return known;
  throw new TriremeError(
    'INTERNAL',
    `this worker cannot unpack '${text}', only ${packings.join(', ')}: start workers of the master's version`,
  );
}

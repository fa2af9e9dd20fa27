import { gunzipSync, constants } from 'node:zlib';

import { decompress } from 'fzstd';
import { unpackLz4 } from './unpack-lz4.js';

/** The capture inside a file, and whether the file was gzip and its stream was cut. */
export interface Unwrapped {
  bytes: Uint8Array;
  gzip: boolean;
  cut: boolean;
}

export function unwrap(file: Uint8Array): Unwrapped {
  if (file[0] === 0x1f && file[1] === 0x8b) return gunzip(file);
  const magic = Buffer.from(file.subarray(0, 4)).toString('hex');
  if (magic === '04224d18') return { bytes: unpackLz4(file), gzip: false, cut: false };
  if (magic === '28b52ffd') return { bytes: decompress(file), gzip: false, cut: false };
  return { bytes: file, gzip: false, cut: false };
}

/** All members, one after the other; of a cut stream, all that it still yields. */
function gunzip(file: Uint8Array): Unwrapped {
  try {
    return { bytes: gunzipSync(file), gzip: true, cut: false };
  } catch (caught) {
    if ((caught as NodeJS.ErrnoException).code !== 'Z_BUF_ERROR') throw caught;
    return { bytes: gunzipSync(file, { finishFlush: constants.Z_SYNC_FLUSH }), gzip: true, cut: true };
  }
}

import { readFileSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';

import { planChunks } from '../../../src/pcap/chunk-plans.js';
import { expectSameBytes } from '../../support/compare.js';
import { headerOf, plansAt, scanOptions, scanSplit, scanWhole } from '../../support/engine.js';
import { sharedCaptures } from '../../support/shared-captures.js';

interface Unpacked {
  readonly bytes: Uint8Array;
  readonly gzip: boolean;
  readonly cut: boolean;
}

function unpack(path: string): Unpacked {
  const bytes = readFileSync(path);
  if (!path.endsWith('.gz')) return { bytes, gzip: false, cut: false };
  try {
    return { bytes: gunzipSync(bytes), gzip: true, cut: false };
  } catch {
    return { bytes: gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }), gzip: true, cut: true };
  }
}

const captures = sharedCaptures();
const told = (file: Unpacked) =>
  ({ top: 10, sort: 'bytes', compression: file.gzip ? 'gzip' : 'none', inputCut: file.cut }) as const;
/** Every offset of a file up to this long is tried as a cut, five of a longer one. */
const everyOffsetBytes = 350;

(captures.length > 0 ? describe : describe.skip)('the shared captures', () => {
  test.each(captures)('$name is counted as expected', ({ path, expected }) => {
    const file = unpack(path);
    const report = scanWhole(file.bytes, scanOptions, undefined, told(file)) as unknown as Record<string, unknown>;
    const { error_detail: detail, ...fields } = expected;
    // What is expected may be of a time when a row had fewer fields: those it names are compared.
    for (const [field, value] of Object.entries(fields)) {
      if (value !== null && typeof value === 'object')
        expect({ [field]: report[field] }).toMatchObject({ [field]: value });
      else expect([field, report[field]]).toEqual([field, value]);
    }
    if (detail !== undefined) expect(typeof report.error_detail).toBe('string');
  });

  test.each(captures.filter(({ path }) => !path.endsWith('.gz')))(
    '$name is the same however it is split',
    ({ path }) => {
      const { bytes } = unpack(path);
      const whole = scanWhole(bytes);
      const header = headerOf(bytes);
      expectSameBytes(scanSplit(bytes, planChunks(header, { chunkCount: 3 })).report, whole);
      const many = planChunks(header, { chunkCount: 64 });
      expectSameBytes(scanSplit(bytes, many, scanOptions, (results) => results.reverse()).report, whole);
      const step = bytes.length <= everyOffsetBytes ? 1 : Math.ceil(bytes.length / 5);
      for (let cut = header.firstRecord + 1; cut < bytes.length && header.state !== null; cut += step)
        expectSameBytes(scanSplit(bytes, plansAt(header, [cut])).report, whole);
    },
  );

  test.each(captures.filter(({ path }) => !path.endsWith('.gz')))(
    '$name is the same however it arrives',
    ({ path }) => {
      const { bytes } = unpack(path);
      const pieces = bytes.length < 5000 ? [1] : [4093, 1, 65_537];
      expectSameBytes(scanWhole(bytes, scanOptions, pieces), scanWhole(bytes));
    },
  );
});

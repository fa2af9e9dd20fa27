import { ScanChunk } from '../../../src/gen/trireme/v1/capture.js';
import { bytesOf, chunkIn } from '../../../src/kinds/chunk-payload.js';
import type { ChunkPlan } from '../../../src/pcap/types.js';

const payloadOf = (plan: Partial<ChunkPlan>, compression = ''): Uint8Array =>
  ScanChunk.encode({
    ...{ path: 'a.pcap', source: '', optionsJson: '{}', compression },
    identity: { sizeBytes: 1000n, endsSha256: Buffer.alloc(32) },
    planJson: JSON.stringify({ startCertain: true, state: null, ...plan }),
  }).finish();

test('a payload is decoded once, whoever asks what it says', () => {
  const decode = jest.spyOn(ScanChunk, 'decode');
  try {
    const payload = payloadOf({ start: 100, end: 300 });
    expect(bytesOf(payload)).toBe(200);
    expect(chunkIn(payload)).toBe(chunkIn(payload));
    expect(chunkIn(payload).plan).toMatchObject({ start: 100, end: 300 });
    expect(decode).toHaveBeenCalledTimes(1);
    // Other bytes are another chunk, equal or not.
    expect(chunkIn(payload.slice())).not.toBe(chunkIn(payload));
  } finally {
    decode.mockRestore();
  }
});

test.each<[string, Uint8Array, number]>([
  ['a chunk to the end of the file', payloadOf({ start: 400, end: null }), 600],
  ['a packed file, which is one chunk', payloadOf({ start: 0, end: null }, 'gzip'), 1000],
  [
    'a range of a packed file',
    payloadOf({ start: 0, end: null, packed: { from: 300, to: 700, position: 0, bytesMax: 9 } }, 'gzip-range'),
    400,
  ],
  ['a chunk behind the end', payloadOf({ start: 2000, end: null }), 1],
])('%s costs its bytes', (_what, payload, bytes) => {
  expect(bytesOf(payload)).toBe(bytes);
});

test.each([
  [{ start: 0, end: null, packed: { from: -1, to: null, position: 0, bytesMax: 9 } }],
  [{ start: 0, end: null, packed: { from: 1, to: null, position: 0 } }],
  [{ start: -1, end: null }],
  [{ start: 1.5, end: 2 }],
  [{ start: 0, end: 'x' }],
  [{}],
])('the plan %j is refused', (plan) => {
  expect(() => chunkIn(payloadOf(plan as never))).toThrow(/is not of a range of a file/);
});

import { ScanChunk, ScanChunkResult } from '../../../src/gen/trireme/v1/capture.js';
import { extractChunk, takenBytesMax } from '../../../src/kinds/chunk-extract.js';
import { kind } from '../../../src/kinds/extract-chunk.kind.js';
import { wholeFilePlan } from '../../../src/pcap/chunk-plans.js';
import { PlainBatch } from '../../support/kind-batch.js';
import { fivePackets, smallCapture } from '../../support/small-capture.js';
import { filled } from '../../support/filled.js';

const capture = smallCapture(fivePackets);

/** What a job answers that takes all packets out of five. */
async function outcomeOf(most?: number): Promise<object> {
  const pieces = [capture];
  const payload = filled(ScanChunk, { planJson: JSON.stringify(wholeFilePlan), optionsJson: '{}' });
  const source = { type: 'stream', read: () => pieces.shift() ?? null } as const;
  const batch = new PlainBatch(1, [ScanChunk.encode(payload).finish()], source);
  await extractChunk(batch, most);
  return (JSON.parse(ScanChunkResult.decode(batch.answers[0].bytes).resultJson) as { outcome: object }).outcome;
}

test('a chunk whose packets are more than a worker sends at once says so, and what to do', async () => {
  expect(await outcomeOf(capture.length)).toMatchObject({ packets: '5' });
  expect(await outcomeOf(capture.length - 1)).toEqual({
    failure: {
      code: 'LIMIT_REACHED',
      message: expect.stringMatching(/^a chunk gives more than \d+ bytes of packets.*without --master$/),
    },
  });
});

test('the most that is sent fits an answer of the kind, with what is told of it', () => {
  expect(takenBytesMax).toBe(255 * 2 ** 20);
  expect(takenBytesMax + 2 ** 19).toBeLessThan(kind.resultBytesMax!);
});

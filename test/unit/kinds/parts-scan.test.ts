import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { failedFile } from '../../../src/captures/scan/capture-entry.js';
import { framed } from '../../../src/captures/join/part-frames.js';
import type { FileOutcome } from '../../../src/captures/join/scan-run.js';
import { TriremeError } from '../../../src/common/errors.js';
import { projectRoot } from '../../../src/common/version.js';
import { ScanChunk, ScanChunkResult } from '../../../src/gen/trireme/v1/capture.js';
import { hasFailedFiles } from '../../../src/kinds/chunk-scan.js';
import { kind } from '../../../src/kinds/scan-chunk.kind.js';
import { wholeFilePlan } from '../../../src/pcap/chunk-plans.js';
import { gzipped } from '../../support/capture-builder.js';
import { cutCapture } from '../../support/cut-capture.js';
import { PlainBatch } from '../../support/kind-batch.js';
import { filled } from '../../support/filled.js';

const sample = readFileSync(join(projectRoot, 'captures', 'sample.pcap'));
const cuts = cutCapture(sample, 300).map((bytes, i) => ({
  name: `ring${i}`,
  bytes: i === 1 ? gzipped(bytes) : bytes,
  compression: i === 1 ? 'gzip' : '',
}));

/** The answer to a job of these files, which are pushed; one fails behind so many bytes, or none. */
async function answerOf(files: typeof cuts, fails: string | null, behind = 0): Promise<Uint8Array> {
  const sized = files.map(({ name, bytes }) => ({ name, sizeBytes: bytes.length }));
  async function* open(i: number): AsyncGenerator<Uint8Array> {
    const { name, bytes } = files[i];
    yield name === fails ? bytes.subarray(0, behind) : bytes;
    if (name === fails) throw new TriremeError('FILE_UNREADABLE', `${name}: no such file`);
  }
  const pieces: Uint8Array[] = [];
  for await (const bytes of framed(sized, open, failedFile)) pieces.push(bytes);
  const parts = files.map(({ name, bytes, compression }) => ({
    ...{ name, compression, path: '', offset: 0n, endsSha256: Buffer.alloc(0) },
    sizeBytes: BigInt(bytes.length),
  }));
  const payload = filled(ScanChunk, {
    planJson: JSON.stringify(wholeFilePlan),
    optionsJson: JSON.stringify({ intervalNs: null, conversationsMax: 1000, connection: null }),
    joined: { parts },
  });
  const source = { type: 'stream', read: () => pieces.shift() ?? null } as const;
  const batch = new PlainBatch(1, [ScanChunk.encode(payload).finish()], source);
  await kind.run(batch);
  return batch.answers[0].bytes;
}

function told(answer: Uint8Array): { outcomes: FileOutcome[]; partial: Buffer } {
  const { resultJson, partial } = ScanChunkResult.decode(answer);
  const { outcomes } = JSON.parse(resultJson) as { outcomes: FileOutcome[] };
  return { outcomes, partial: Buffer.from(partial) };
}

test.each([
  ['is gone before it is read', 'ring2', 0],
  ['fails when some of it was counted', 'ring2', 20_000],
  ['is packed and fails in the midst', 'ring1', 5_000],
])(
  'a pushed file that %s is told of, and the others count as if it had not been named',
  async (_what, name, behind) => {
    const without = told(
      await answerOf(
        cuts.filter((file) => file.name !== name),
        null,
      ),
    );
    const { outcomes, partial } = told(await answerOf(cuts, name, behind));
    const failed = cuts.findIndex((file) => file.name === name);
    expect(outcomes[failed]).toEqual({ error: 'unreadable', error_detail: `${name}: no such file` });
    expect(outcomes.filter((_outcome, i) => i !== failed)).toEqual(without.outcomes);
    expect(partial.equals(without.partial)).toBe(true);
  },
);

test('an answer that tells of a failed file is known as one', async () => {
  expect(hasFailedFiles(await answerOf(cuts, 'ring0'))).toBe(true);
  expect(hasFailedFiles(await answerOf(cuts, null))).toBe(false);
  expect(hasFailedFiles(Buffer.from('no answer'))).toBe(false);
});

import { loadScanModule } from '../captures/scan/scan-module.js';
import { TriremeError } from '../common/errors.js';
import { ScanChunkResult } from '../gen/trireme/v1/capture.js';
import { Extractor, type ExtractOptions } from '../pcap/extractor.js';
import { pourChunk, Stopped } from './chunk-pour.js';
import { knownOptions } from './known-options.js';
import { chunkIn, sizeOf } from './chunk-payload.js';
import type { KindBatch } from './kind.js';

/** ExtractOptions as JSON can carry them. */
export type ExtractOptionsJson = Omit<ExtractOptions, 'packetsMax'> & { readonly packetsMax?: string };

const extractOptionNames: readonly (keyof ExtractOptionsJson)[] = ['filter', 'filterTags', 'span', 'packetsMax'];

/** Bytes of packets of one chunk: those of a plain capture give far less, a packed one is a chunk as a whole. */
export const takenBytesMax = 255 * 2 ** 20;

/** Takes the packets out of the chunk of a batch of one job and answers with them. */
export function extractChunk(batch: KindBatch, takenMax = takenBytesMax): void | Promise<void> {
  const { chunk, plan } = chunkIn(batch.payload(0));
  const { source } = batch;
  if (source === null) throw new TriremeError('INTERNAL', 'a chunk came without the bytes to take packets out of');
  const { packetsMax, ...which } = knownOptions<ExtractOptionsJson>(chunk.optionsJson, extractOptionNames);
  const options = { ...which, packetsMax: packetsMax === undefined ? undefined : BigInt(packetsMax) };
  const taken: Buffer[] = [];
  let takenBytes = 0;
  const take = (bytes: Uint8Array): void => {
    takenBytes += bytes.length;
    if (takenBytes > takenMax)
      throw new TriremeError(
        'LIMIT_REACHED',
        `a chunk gives more than ${takenMax} bytes of packets, the most that a worker sends at once: ` +
          'narrow the filter, or extract without --master',
      );
    taken.push(Buffer.from(bytes));
  };
  const extractor = new Extractor(loadScanModule(), options, take, plan);
  const answer = (facts: object, partial: Buffer, truncated = false, damage: string | null = null): void =>
    batch.answer(
      ScanChunkResult.encode({
        resultJson: JSON.stringify({ plan, ...facts, heeds: Object.keys(which) }),
        partial,
        inputTruncated: truncated,
        inputDamage: damage ?? '',
        inputRestBytes: 0n,
      }).finish(),
    );
  return pourChunk(
    { batch, source, start: plan.start, sizeBytes: sizeOf(chunk), compression: chunk.compression },
    extractor,
    ({ truncated, damage }) => {
      const { packets, ofPackets, ...outcome } = extractor.end();
      const counts = { packets: packets.toString(), ofPackets: ofPackets.toString() };
      answer({ start: outcome.start, outcome: { ...outcome, ...counts } }, Buffer.concat(taken), truncated, damage);
    },
    (error) => {
      if (error instanceof Stopped) return batch.notRun('CANCELLED: while packets were taken out');
      const { code, message } = TriremeError.from(error);
      // What cannot be read may be no record at all, where the chunk began wrong.
      if (code !== 'FILTER_UNFIT' && code !== 'LIMIT_REACHED') throw error;
      answer({ start: extractor.start, outcome: { failure: { code, message } } }, Buffer.alloc(0));
    },
  );
}

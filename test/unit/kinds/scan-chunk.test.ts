import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadScanModule } from '../../../src/captures/scan/scan-module.js';
import { ScanChunk, ScanChunkResult } from '../../../src/gen/trireme/v1/capture.js';
import { kind } from '../../../src/kinds/scan-chunk.kind.js';
import { ChunkScanner } from '../../../src/pcap/chunk-scanner.js';
import { planChunks, wholeFilePlan } from '../../../src/pcap/chunk-plans.js';
import { readHeader } from '../../../src/pcap/read-header.js';
import type { ChunkPlan, ScanOptions } from '../../../src/pcap/types.js';
import { adversarial, gzipped, lz4Packed, zstdStored } from '../../support/capture-builder.js';
import { PlainBatch } from '../../support/kind-batch.js';
import type { JobSource } from '../../../src/worker/threads/types.js';
import { HandStream, ThreadHarness, jobBatch } from '../../support/thread-harness.js';
import { filled } from '../../support/filled.js';

const scanOptions: ScanOptions = { intervalNs: null, conversationsMax: 1000, connection: null };
const capture = adversarial.plain(3000);

function payloadOf(plan: ChunkPlan, compression = '', sizeBytes = capture.length): Uint8Array {
  return ScanChunk.encode(
    filled(ScanChunk, {
      planJson: JSON.stringify(plan),
      optionsJson: JSON.stringify(scanOptions),
      compression,
      identity: { sizeBytes: BigInt(sizeBytes), endsSha256: Buffer.alloc(0) },
    }),
  ).finish();
}

/** What the scanner itself says of the chunk. */
function scanned(plan: ChunkPlan): { facts: unknown; partial: Buffer } {
  const scanner = new ChunkScanner(loadScanModule(), plan, scanOptions);
  for (let at = plan.start; at < capture.length && !scanner.done;) {
    const space = scanner.space();
    const count = Math.min(space.length, capture.length - at);
    space.set(capture.subarray(at, at + count));
    scanner.filled(count);
    at += count;
  }
  const { partial, ...facts } = scanner.end();
  const heeds = ['intervalNs', 'conversationsMax', 'connection'];
  return { facts: { ...(JSON.parse(JSON.stringify(facts)) as object), heeds }, partial: Buffer.from(partial) };
}

function decoded(bytes: Uint8Array): { facts: unknown; partial: Buffer } {
  const { resultJson, partial } = ScanChunkResult.decode(bytes);
  return { facts: JSON.parse(resultJson), partial: Buffer.from(partial) };
}

/** The bytes from `start` on in pieces of `size`, as a thread is pushed them. */
function pieces(bytes: Uint8Array, start: number, size: number): { type: 'stream'; read: () => Uint8Array | null } {
  let at = start;
  return { type: 'stream', read: () => (at >= bytes.length ? null : bytes.subarray(at, (at += size))) };
}

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'trireme-scan-'))));
afterAll(() => rmSync(folder, { recursive: true }));
function file(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const plans = planChunks(readHeader(loadScanModule(), capture, capture.length), { chunkCount: 3 });

describe('SCAN_CHUNK', () => {
  test('answers what the scanner says, from a file and from pushed bytes, for every chunk of a capture', async () => {
    const path = file('plain.pcap', capture);
    expect(plans).toHaveLength(3);
    for (const plan of plans) {
      for (const source of [{ type: 'file', path } as const, pieces(capture, plan.start, 7001)]) {
        const batch = new PlainBatch(1, [payloadOf(plan)], source);
        await kind.run(batch);
        expect(batch.answers[0].status).toBe('DONE');
        expect(decoded(batch.answers[0].bytes)).toEqual(scanned(plan));
        expect(batch.progressed.at(-1)).toBeGreaterThan(0);
      }
    }
  });

  test('stops when it is cancelled, from a file and from pushed bytes', async () => {
    const path = file('cancelled.pcap', capture);
    for (const source of [{ type: 'file', path } as const, pieces(capture, 0, 5003)]) {
      const batch = new PlainBatch(1, [payloadOf(wholeFilePlan)], source);
      batch.stop = true;
      await kind.run(batch);
      expect(batch.answers).toMatchObject([{ status: 'NOT_RUN', text: 'CANCELLED: while it was scanned' }]);
    }
  });

  test('counts its units in bytes of the file as it is stored', () => {
    expect(kind.unitsOf?.(payloadOf({ start: 100, end: 350, startCertain: false, state: null }))).toBe(250);
    expect(kind.unitsOf?.(payloadOf({ start: 100, end: null, startCertain: false, state: null }, '', 1000))).toBe(900);
    expect(kind.unitsOf?.(payloadOf(wholeFilePlan, 'gzip', 1000))).toBe(1000);
    expect(() => kind.unitsOf?.(Buffer.from('no message'))).toThrow();
  });

  test('refuses an option that it does not know, and tells which ones it has heeded', async () => {
    const run = async (options: object): Promise<PlainBatch> => {
      const path = file('options.pcap', capture);
      const payload = ScanChunk.decode(payloadOf(wholeFilePlan));
      const asked = ScanChunk.encode({ ...payload, optionsJson: JSON.stringify({ ...scanOptions, ...options }) });
      const batch = new PlainBatch(1, [asked.finish()], { type: 'file', path });
      await kind.run(batch);
      return batch;
    };
    await expect(async () => run({ backwards: true })).rejects.toThrow("does not know the option 'backwards'");
    const [answer] = (await run({ filter: 'tcp', hashSeed: 7 })).answers;
    expect(JSON.parse(ScanChunkResult.decode(answer.bytes).resultJson)).toMatchObject({
      heeds: ['intervalNs', 'conversationsMax', 'connection', 'filter', 'hashSeed'],
    });
  });

  test('calibrates to a positive number of seconds', () => {
    expect(kind.calibrate()).toBeGreaterThan(0);
  });
});

describe('SCAN_CHUNK on a job thread', () => {
  let harness: ThreadHarness;
  let source: JobSource;
  beforeAll(async () => {
    harness = new ThreadHarness({ kindsFolder: undefined, openSource: async () => source });
    const offered = await harness.threads.start();
    expect(offered.map(({ name }) => name)).toEqual([
      ...['GET_TIME', 'MINE_BITCOIN', 'SCAN_CHUNK', 'MINE_SECONDS', 'EXTRACT_CHUNK'],
    ]);
  });
  afterAll(() => harness.threads.close());

  let job = 0;
  const submit = (payload: Uint8Array): number => {
    const columns = { payloadSize: [payload.length], payloads: Buffer.from(payload) };
    harness.threads.submit(0, { ...jobBatch([++job], kind.number), ...columns });
    return job;
  };
  async function* streamed(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 5003) yield bytes.subarray(at, at + 5003);
  }

  test('answers what the scanner says, from a file and from pushed bytes', async () => {
    const path = file('threads.pcap', capture);
    const pushed: JobSource = { type: 'stream', bytes: streamed(capture.subarray(plans[1].start)) };
    for (source of [{ type: 'file', path } as const, pushed]) {
      const outcome = await harness.outcome(0, submit(payloadOf(plans[1])));
      expect(outcome.status).toBe('DONE');
      expect(decoded(outcome.payload)).toEqual(scanned(plans[1]));
    }
  });

  test.each([
    ['gzip', gzipped(capture)],
    ['zstd', zstdStored(capture)],
    ['lz4', lz4Packed(capture)],
  ])('inflates a %s file, read or pushed', async (compression, packed) => {
    const path = file(`packed.${compression}`, packed);
    const pushed: JobSource = { type: 'stream', bytes: streamed(packed) };
    for (source of [{ type: 'file', path } as const, pushed]) {
      const outcome = await harness.outcome(0, submit(payloadOf(wholeFilePlan, compression, packed.length)));
      expect(outcome.status).toBe('DONE');
      expect(decoded(outcome.payload)).toEqual(scanned(wholeFilePlan));
    }
  });

  test.each([
    ['gzip', gzipped(capture, 5), Math.ceil(capture.length / 5)],
    ['zstd', Buffer.concat([zstdStored(capture.subarray(0, 90_000)), zstdStored(capture.subarray(90_000))]), 90_000],
  ])('answers the same of a range of a %s file, read or pushed', async (compression, packed, before) => {
    const path = file(`range.${compression}`, packed);
    const begin = Buffer.from(packed).indexOf(packed.subarray(0, 4), 100);
    const range = { from: begin, to: null, position: 1e6, bytesMax: 1e6 };
    const plan = { ...plans[1], start: 1e6, end: null, packed: range };
    const pushed: JobSource = { type: 'stream', bytes: streamed(packed.subarray(begin)) };
    const answers: unknown[] = [];
    for (source of [{ type: 'file', path } as const, pushed]) {
      const outcome = await harness.outcome(0, submit(payloadOf(plan, `${compression}-range`, packed.length)));
      expect(outcome.status).toBe('DONE');
      answers.push(decoded(outcome.payload));
    }
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[0]).toMatchObject({ facts: { range: { bytes: capture.length - before, fits: true } } });
  });

  test('a worker that knows no ranges refuses them, in words that help', async () => {
    source = { type: 'stream', bytes: streamed(gzipped(capture)) };
    const outcome = await harness.outcome(0, submit(payloadOf(wholeFilePlan, 'gzip-range')));
    expect(outcome.status).toBe('FAILED');
    expect(outcome.payload.toString()).toContain("cannot unpack 'gzip-range'");
  });

  test('tells that a packed file is cut', async () => {
    const packed = gzipped(capture);
    source = { type: 'stream', bytes: streamed(packed.subarray(0, packed.length - 20)) };
    const outcome = await harness.outcome(0, submit(payloadOf(wholeFilePlan, 'gzip')));
    expect(ScanChunkResult.decode(outcome.payload)).toMatchObject({ inputTruncated: true, inputDamage: '' });
  });

  test.each(['', 'gzip'])('stops while it waits for pushed bytes (packed: "%s")', async (compression) => {
    const stream = new HandStream();
    source = { type: 'stream', bytes: stream };
    const cancelled = submit(payloadOf(wholeFilePlan, compression));
    stream.push((compression === '' ? capture : gzipped(capture)).subarray(0, 1000));
    while (!stream.taken) await new Promise(setImmediate);
    harness.threads.cancel(0, [cancelled]);
    const { status, payload } = await harness.outcome(0, cancelled);
    expect(status).toBe('NOT_RUN');
    expect(payload.toString()).toMatch(/^CANCELLED: /);
  });

  test('a file that cannot be opened any more fails the job with its name', async () => {
    source = { type: 'file', path: join(folder, 'gone.pcap') };
    const { status, payload } = await harness.outcome(0, submit(payloadOf(wholeFilePlan)));
    expect([status, payload.toString()]).toEqual(['FAILED', `${join(folder, 'gone.pcap')}: no such file`]);
  });
});

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { projectRoot } from '../../src/common/version.js';
import {
  adversarial,
  classicCapture,
  cut,
  gzipped,
  linkTypes,
  lz4Packed,
  zstdStored,
} from '../support/capture-builder.js';
import { takeRates } from '../support/compare.js';
import { oracleResult } from '../support/oracle/index.js';
import { sharedCaptures } from '../support/shared-captures.js';

/** The document of `analyze --json`, as far as it is read here. */
interface Document {
  readonly schemaVersion: number;
  readonly results: readonly ({ file: string } & Record<string, unknown>)[];
}

/** Threads for files of any size: cut into as many chunks as two threads take. */
const threads = ['--multi', '--cores', '2', '--thread-bytes', '1'];

function analyze(files: readonly string[], mode: readonly string[]): Promise<{ stdout: string; code: number }> {
  const bytesMax = 64 * 1024 * 1024;
  return new Promise((resolve) =>
    execFile(
      join(projectRoot, 'bin/trireme'),
      ['analyze', '--json', '--quiet', ...mode, ...files],
      { maxBuffer: bytesMax },
      (error, stdout) => resolve({ stdout, code: error === null ? 0 : Number(error.code) }),
    ),
  );
}

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'trireme-agree-'))));
afterAll(() => rmSync(folder, { recursive: true }));

function write(captures: Readonly<Record<string, Uint8Array>>): string[] {
  return Object.entries(captures).map(([name, bytes]) => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  });
}

/** Every result has the expected fields with the expected values; one core and threads print the same bytes. */
async function expectAgreement(files: readonly string[], expected: readonly object[]): Promise<void> {
  const one = await analyze(files, []);
  const { results } = JSON.parse(one.stdout) as Document;
  expect(results.map(({ file }) => file)).toEqual(files);
  results.forEach((result, i) => {
    const found = Object.fromEntries(Object.keys(expected[i]).map((key) => [key, result[key]]));
    takeRates(found);
    expect({ file: files[i], ...found }).toEqual({ file: files[i], ...expected[i] });
  });
  const many = await analyze(files, threads);
  expect(many.code).toBe(one.code);
  expect(many.stdout === one.stdout).toBe(true);
}

test('the sample capture gives the numbers of its folder', async () => {
  const expected = JSON.parse(readFileSync(join(projectRoot, 'captures/sample.expected.json'), 'utf8')) as object;
  await expectAgreement([join(projectRoot, 'captures/sample.pcap')], [expected]);
});

test('built captures of every packing give the numbers of the oracle', async () => {
  const plain = adversarial.plain(3000);
  const captures: Record<string, Uint8Array> = {
    'plain.pcap': plain,
    'big-endian.pcap': classicCapture([{ bytes: adversarial.segment(1, new Uint8Array(9)) }], { order: 'big' }),
    'raw.pcap': classicCapture([{ bytes: adversarial.segment(1, new Uint8Array(9)).subarray(14) }], {
      linkType: linkTypes.raw,
    }),
    'cut.pcap': cut(plain, plain.length - 5),
    'plain.pcap.gz': gzipped(plain),
    'members.pcap.gz': gzipped(plain, 4),
    'cut.pcap.gz': cut(gzipped(plain), gzipped(plain).length - 50),
    'plain.pcap.zst': zstdStored(plain),
    'plain.pcap.lz4': lz4Packed(plain),
    'plain.pcapng': adversarial.plainPcapng(500),
    'plain.pcapng.gz': gzipped(adversarial.plainPcapng(500)),
    'restless.pcapng': adversarial.restlessPcapng(8, 30),
    'inside.pcap': adversarial.capturesInside(10, 200),
    'segments.pcap': adversarial.captureInSegments(3000, 1448),
    'zeros.pcap': adversarial.zeroPayloads(500, 1400),
    'huge.pcap': adversarial.hugePackets(8, 250_000, true),
    'chain.pcap': adversarial.chainAcrossPackets(1500, 1000),
    'damaged.pcap': adversarial.damageInTheMiddle(2000),
    'blocks-inside.pcapng': adversarial.blocksInside(15, 250),
    'not-a-capture.pcap': new TextEncoder().encode('a trireme has three rows of oars'),
    'nothing.pcap': new Uint8Array(0),
  };
  // Fields about the packing have tests of their own: the oracle knows no zstd.
  const expected = Object.values(captures).map((bytes) => oracleResult(bytes));
  await expectAgreement(write(captures), expected);
});

describe('the optional captures', () => {
  const captures = sharedCaptures();
  if (captures.length === 0) test.skip('which are absent', () => undefined);
  else
    test('give the expected fields, exactly', async () => {
      const expected = captures.map(({ expected: { error_detail: _wordsForPeople, ...fields } }) => fields);
      await expectAgreement(
        captures.map(({ path }) => path),
        expected,
      );
    });
});

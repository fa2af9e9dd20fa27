import { appendFileSync, mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { openCapture } from '../../../../src/captures/file/capture-file.js';
import { listFiles } from '../../../../src/captures/join/list-files.js';
import { fileRows, sortOut } from '../../../../src/captures/join/join-rows.js';
import { readHeads } from '../../../../src/captures/join/read-heads.js';
import { scanJoin } from '../../../../src/captures/join/scan-join.js';
import { scanRun } from '../../../../src/captures/join/scan-run.js';
import { scanFile } from '../../../../src/captures/whole/scan-file.js';
import { loadScanModule } from '../../../../src/captures/scan/scan-module.js';
import type { ScanSettings } from '../../../../src/captures/scan/scan-settings.js';
import { projectRoot } from '../../../../src/common/version.js';
import type { JoinedFile } from '../../../../src/pcap/report-types.js';
import { toCanonicalJson } from '../../../../src/pcap/rows/json-pieces.js';
import { classicCapture, cut, frame, join, PcapngBuilder } from '../../../support/capture-builder.js';
import { cutCapture, shuffled, writeRing } from '../../../support/cut-capture.js';
import { scratchFolder } from '../../../support/scratch.js';
import { sharedCapturePaths } from '../../../support/shared-captures.js';
import { manyPackets, smallCapture } from '../../../support/small-capture.js';

const scratch = scratchFolder();
let folders = 0;
const folder = (): string => {
  const path = joinPath(scratch.path, `ring-${++folders}`);
  mkdirSync(path);
  return path;
};

const settings: ScanSettings = {
  scan: { intervalNs: '10000000', conversationsMax: 1000, connection: null },
  top: 50,
  sort: 'bytes',
  threadsMax: 1,
  threadBytesMin: 1,
};

/** The same for captures of days: writing a million intervals would be nearly all that their test does. */
const byHours: ScanSettings = { ...settings, scan: { ...settings.scan, intervalNs: '3600000000000' } };

const joined = async (paths: readonly string[], recursive = false, asked = settings) =>
  scanJoin(paths.length === 1 ? paths[0] : '', await listFiles(paths, recursive), asked);

async function whole(path: string, asked = settings) {
  const file = openCapture(path);
  try {
    return await scanFile(file, asked);
  } finally {
    file.close();
  }
}

/** All that one file would say; where it is damaged or cut stands in the rows. */
function result(entry: object): string {
  const rest: Record<string, unknown> = { ...entry };
  for (const name of ['file', 'files', 'files_skipped', 'error_detail', 'error_offset']) delete rest[name];
  for (const name of Object.keys(rest)) if (name.startsWith('truncated_')) delete rest[name];
  return toCanonicalJson(rest);
}

const rowsOf = (entry: { files?: readonly object[] }): JoinedFile[] => (entry.files ?? []) as JoinedFile[];

const sample = joinPath(projectRoot, 'captures', 'sample.pcap');
const tables: [string, () => Uint8Array][] = [
  ['the sample', () => readFileSync(sample)],
  ['many conversations', () => smallCapture(manyPackets(600))],
  ['a capture before 2.3, big-endian', () => oldCapture()],
  ['two sections', () => twoSections()],
  ['statistics of two interfaces', () => twoCounted()],
];

function oldCapture(): Uint8Array {
  const records = Array.from({ length: 40 }, (_, i) => ({ bytes: frame(1, 4, new Uint8Array(20 + i)) }));
  return classicCapture(records, { order: 'big', version: [2, 2], snapLength: 64 });
}

function twoSections(): Uint8Array {
  const builder = new PcapngBuilder();
  for (const [order, linkType] of [
    ['little', 1],
    ['big', 101],
  ] as const) {
    builder.section(order).interface({ linkType }).interface({ linkType: 113, timeResolution: 9 });
    const base = order === 'little' ? 1_000_000n : 2_000_000n;
    for (let i = 0n; i < 20n; i++)
      builder.enhanced({
        bytes: new Uint8Array(40),
        interfaceNumber: Number(i % 2n),
        time: (base + i) * (i % 2n === 0n ? 1n : 1000n),
      });
  }
  return builder.bytes();
}

/** What an interface says grows, and one says all that it has to say in the middle. */
function twoCounted(): Uint8Array {
  const builder = new PcapngBuilder().section().interface().interface();
  for (let time = 1n; time <= 40n; time++) {
    builder.enhanced({ bytes: new Uint8Array(40), time }).statistics({ 4: time, 5: time / 4n });
    if (time === 20n) builder.interface().statistics({ 4: 5n, 5: 1n, 7: 2n ** 60n }, 1);
  }
  return builder.bytes();
}

/** On several threads every file of more than a thread's share is split too, since one byte is enough for a thread. */
const modes: [string, Partial<ScanSettings>][] = [
  ['one core', {}],
  ['three threads', { threadsMax: 3 }],
];
const cases = tables.flatMap(([name, capture]) =>
  modes.map(([mode, asked]) => [name, mode, capture, { ...settings, ...asked }] as const),
);

test.each(cases)(
  '%s in many files, shuffled and packed, is what one file is on %s',
  async (_name, _mode, capture, asked) => {
    const bytes = capture();
    const reference = result(await whole(scratch.file('whole.pcap', bytes)));
    for (const packets of asked.threadsMax === 1 ? [1, 7, 100] : [30]) {
      const paths = writeRing(folder(), cutCapture(bytes, packets), packets !== 1);
      expect(result(await joined(paths, false, asked))).toBe(reference);
    }
  },
);

test('a large file among small ones is split, and each file has its row', async () => {
  const bytes = readFileSync(sample);
  const [first, second, ...rest] = cutCapture(bytes, 100);
  const paths = writeRing(folder(), [first, second, joinClassic(rest)], false);
  const [one, several] = [await joined(paths), await joined(paths, false, { ...settings, threadsMax: 2 })];
  expect(toCanonicalJson(several)).toBe(toCanonicalJson(one));
  expect(rowsOf(several).map(({ packets }) => packets)).toEqual([100, 100, 843]);
});

test('where nearly each packet is a conversation of its own, one core begins anew alone, with the same result', async () => {
  const paths = writeRing(folder(), cutCapture(smallCapture(manyPackets(60_000)), 10_000), false);
  const asked: ScanSettings = { ...settings, scan: { ...settings.scan, conversationsMax: 100_000 } };
  const told: number[] = [];
  const onProgress = (bytes: number): number => told.push(bytes);
  const several = await joined(paths, false, { ...asked, threadsMax: 2, onProgress });
  expect(toCanonicalJson(several)).toBe(toCanonicalJson(await joined(paths, false, asked)));
  expect(told.some((bytes, i) => i > 0 && bytes < told[i - 1])).toBe(true);
});

test('what is asked of several threads stands in the rows too: files that fail are named', async () => {
  const files = cutCapture(readFileSync(sample), 100);
  const ring = folder();
  const paths = [...writeRing(ring, files), joinPath(ring, 'gone')];
  writeFileSync(joinPath(ring, 'foreign'), 'no capture, and named all the same');
  paths.push(joinPath(ring, 'foreign'));
  const [one, several] = [await joined(paths), await joined(paths, false, { ...settings, threadsMax: 4 })];
  expect(toCanonicalJson(several)).toBe(toCanonicalJson(one));
});

test('a file that changes while it is read counts nothing, and the others are exact', async () => {
  const files = cutCapture(readFileSync(sample), 200);
  const ring = folder();
  const paths = files.map((bytes, i) => {
    const path = joinPath(ring, `ring${i}`);
    writeFileSync(path, bytes);
    return { name: path, compression: null };
  });
  let read = 0;
  const { scanner, outcomes } = await scanRun(loadScanModule(), paths, settings.scan, () => {
    if (++read === 3) truncateSync(paths[2].name, 100);
  });
  expect(outcomes.map((outcome) => ('error' in outcome ? outcome.error : outcome.facts.packets))).toEqual([
    200,
    200,
    'changed',
    200,
    200,
    43,
  ]);
  const report = scanner.report({ top: 50, sort: 'bytes', compression: 'none' });
  const others = await joined([0, 1, 3, 4, 5].map((i) => paths[i].name));
  const { packets, top, series } = others as unknown as typeof report;
  expect(toCanonicalJson([report.packets, report.top, report.series])).toBe(toCanonicalJson([packets, top, series]));
});

test('a file that is still written is counted to the size that it had when it was opened', async () => {
  const [first, second, third] = cutCapture(readFileSync(sample), 400);
  const ring = folder();
  const files = [first, second.subarray(0, second.length - 9), third].map((bytes, i) => {
    const path = joinPath(ring, `ring${i}`);
    writeFileSync(path, bytes);
    return { name: path, compression: null };
  });
  let read = 0;
  const { scanner, outcomes } = await scanRun(loadScanModule(), files, settings.scan, () => {
    // The end of the record that was being written, and one more.
    if (++read === 2) appendFileSync(files[1].name, join(second.subarray(second.length - 9), third.subarray(24, 200)));
  });
  scanner.cancel();
  expect(outcomes.map((outcome) => ('error' in outcome ? outcome : [outcome.facts.packets, outcome.grew]))).toEqual([
    [400, undefined],
    [399, true],
    [243, undefined],
  ]);
  const heads = await readHeads(files.map(({ name }) => ({ name, found: false })));
  const { counted } = sortOut(
    heads.heads.map((head, i) => ({ head, outcome: outcomes[i] })),
    [],
  );
  expect(fileRows(counted)[1]).toMatchObject({ packets: 399, grew: true, truncated: false, error: null });
});

test.each(modes)(
  'bounds that are counted from the first packet are those of the whole file on %s',
  async (_mode, asked) => {
    const bytes = smallCapture(manyPackets(600));
    const span = { after: '+10000000000', before: '+200000000000' };
    const bounded = { ...settings, ...asked, scan: { ...settings.scan, span } };
    const reference = await whole(scratch.file('bounded.pcap', bytes), bounded);
    const paths = writeRing(folder(), cutCapture(bytes, 50));
    expect(result(await joined(paths, false, bounded))).toBe(result(reference));
    expect(reference).toMatchObject({ packets: 190, filter: { of_packets: 600 } });
  },
);

test('where no file begins with a packet that has a time the first one that has counts, on any number of threads', async () => {
  const ring = folder();
  const paths = [0n, 1n, 2n].map((i) => {
    const file = new PcapngBuilder().section().interface().simple(new Uint8Array(60));
    for (const second of [10n, 40n])
      file.enhanced({ bytes: new Uint8Array(60), time: (100n * i + second) * 1_000_000n });
    const path = joinPath(ring, `ring${i}`);
    writeFileSync(path, file.bytes());
    return path;
  });
  const scan = { ...settings.scan, span: { after: '+90000000000', before: null } };
  const one = await joined(paths, false, { ...settings, scan });
  expect(one).toMatchObject({ packets: 4 });
  const several = await joined(paths, false, { ...settings, scan, threadsMax: 3 });
  expect(toCanonicalJson(several)).toBe(toCanonicalJson(one));
});

/** The files of a classic ring as one. */
function joinClassic(files: readonly Uint8Array[]): Uint8Array {
  return join(files[0], ...files.slice(1).map((bytes) => bytes.subarray(24)));
}

test('what is asked beside changes nothing: a full table, a connection, an order', async () => {
  const bytes = readFileSync(sample);
  const paths = writeRing(folder(), cutCapture(bytes, 50));
  const connection = { client: '192.0.2.11:37901', server: '192.0.2.1:80' };
  for (const scan of [
    { ...settings.scan, conversationsMax: 5, hashSeed: 77 },
    { ...settings.scan, connection },
  ]) {
    const asked: ScanSettings = { ...settings, scan, sort: 'duration' };
    const reference = await whole(sample, asked);
    expect(result(await joined(paths, false, asked))).toBe(result(reference));
  }
});

const shared = sharedCapturePaths();
(shared.length > 0 ? test : test.skip)(
  'every shared capture in many files is what one file is',
  async () => {
    const ring = folder();
    const differing: string[] = [];
    for (const [i, path] of shared.entries()) {
      const bytes = readFileSync(path);
      const reference = await whole(path, byHours);
      if (reference.error === 'not-a-capture') continue;
      const here = joinPath(ring, String(i));
      mkdirSync(here);
      const paths = writeRing(here, cutCapture(bytes, 1 + Math.ceil(Number(reference.packets) / 9)));
      const entry = await joined(paths, false, byHours);
      // Where times go back the files stand in another order than the packets, so a section may be met before
      // its header.
      const inOrder = rowsOf(entry).every(({ file }, n) => file.startsWith(joinPath(here, `ring${n}.`)));
      const asWell = inOrder ? {} : { times_in_order: true, sections: 0, interfaces: 0, capture_statistics: undefined };
      if (result({ ...entry, ...asWell }) !== result({ ...reference, ...asWell })) differing.push(path);
    }
    expect(differing).toEqual([]);
  },
  120_000,
);

test('rows tell packets, times, gaps, overlaps and repeats in order of first packet', async () => {
  const at = (...seconds: number[]): Uint8Array =>
    classicCapture(seconds.map((second) => ({ bytes: frame(1, 4, new Uint8Array(40)), seconds: second, fraction: 0 })));
  const ring = folder();
  const files: [string, Uint8Array][] = [
    ['d.pcap', at(30, 40)],
    ['b.pcap', at(15, 25)],
    ['a.pcap', at(10, 20)],
    ['copy.pcap', at(15, 25)],
    ['none.pcap', at()],
  ];
  for (const [name, bytes] of files) writeFileSync(joinPath(ring, name), bytes);
  const entry = await joined([ring]);
  expect(entry.file).toBe(ring);
  expect(
    rowsOf(entry).map(({ file, packets, gap_ns, repeats }) => [
      file.slice(ring.length + 1),
      packets,
      gap_ns,
      repeats?.slice(ring.length + 1),
    ]),
  ).toEqual([
    ['a.pcap', 2, null, undefined],
    ['b.pcap', 2, '-5000000000', undefined],
    ['copy.pcap', 2, '-10000000000', 'b.pcap'],
    ['d.pcap', 2, '5000000000', undefined],
    ['none.pcap', 0, null, undefined],
  ]);
  expect(rowsOf(entry)[3]).toMatchObject({ first_ns: '30000000000', last_ns: '40000000000', captured_bytes: 2 * 54 });
});

test('files of other formats and link types are the pcapng that would hold them', async () => {
  const payload = frame(1, 4, new Uint8Array(60));
  const ring = folder();
  const pcap = classicCapture([{ bytes: payload, seconds: 1, fraction: 5 }], { snapLength: 100 });
  const raw = classicCapture([{ bytes: payload, seconds: 2, fraction: 7 }], {
    linkType: 101,
    nanoseconds: true,
    order: 'big',
    snapLength: 100,
  });
  const more = new PcapngBuilder()
    .section()
    .interface({ snapLength: 9 })
    .enhanced({ bytes: payload, time: 3_000_000n })
    .bytes();
  for (const [name, bytes] of Object.entries({ pcap, raw, more })) writeFileSync(joinPath(ring, name), bytes);
  const one = new PcapngBuilder()
    .section()
    .interface({ snapLength: 100 })
    .enhanced({ bytes: payload, time: 1_000_005n })
    .section('big')
    .interface({ linkType: 101, snapLength: 100, timeResolution: 9 })
    .enhanced({ bytes: payload, time: 2_000_000_007n })
    .section()
    .interface({ snapLength: 9 })
    .enhanced({ bytes: payload, time: 3_000_000n })
    .bytes();
  expect(result(await joined([ring]))).toBe(result(await whole(scratch.file('one.pcapng', one))));
});

test('nothing of how one file is read is in force in the next', async () => {
  const bytes = frame(1, 4, new Uint8Array(60));
  const classic = (seconds: number, form = {}) => classicCapture([{ bytes, seconds, fraction: 0 }], form);
  // Longer record headers, big-endian, swapped lengths: each is followed by what would be misread with them.
  const modified = classic(1);
  const view = new DataView(modified.buffer, modified.byteOffset);
  view.setUint32(0, 0xa1b2cd34, true);
  const files = [
    join(modified.subarray(0, 40), new Uint8Array(8), modified.subarray(40)),
    classic(2),
    classic(3, { order: 'big', version: [2, 2] }),
    classic(4),
    new PcapngBuilder().section('big').interface().enhanced({ bytes, time: 5_000_000n }).bytes(),
    classic(6),
  ];
  const ring = folder();
  for (const [i, content] of files.entries()) writeFileSync(joinPath(ring, String(i)), content);
  const rows = rowsOf(await joined([ring]));
  expect(rows.map(({ packets, first_ns, error }) => [packets, first_ns, error])).toEqual(
    files.map((_file, i) => [1, `${i + 1}000000000`, null]),
  );
});

test('a file that cannot be read, is no capture, is damaged or cut is named, and the others are counted', async () => {
  const bytes = readFileSync(sample);
  const [first, second, third, ...rest] = cutCapture(bytes, 200);
  const ring = folder();
  const paths = writeRing(ring, [first, ...rest], false);
  const named = {
    damaged: join(third, new Uint8Array(16).fill(255)),
    short: cut(second, second.length - 5),
    foreign: new TextEncoder().encode('#!/bin/sh\necho no capture\n'),
  };
  for (const [name, content] of Object.entries(named)) writeFileSync(joinPath(ring, name), content);
  const entry = await joined([
    ...paths,
    ...Object.keys(named).map((name) => joinPath(ring, name)),
    joinPath(ring, 'gone'),
  ]);
  const states = rowsOf(entry).map(({ file, error, truncated }) => [file.slice(ring.length + 1), error, truncated]);
  expect(states.filter(([, error, truncated]) => error !== null || truncated)).toEqual([
    ['short', null, true],
    ['damaged', 'damaged', false],
    ['foreign', 'not-a-capture', undefined],
    ['gone', 'unreadable', undefined],
  ]);
  expect(entry).toMatchObject({ packets: 1043 - 1, truncated: true, error: 'damaged' });
  expect((entry as { error_detail?: string }).error_detail).toMatch(
    /^1 of 6 files: .*damaged: record at offset \d+ claims/,
  );
});

test('of a folder only captures are meant, and folders within it where that is asked', async () => {
  const ring = folder();
  const files = cutCapture(readFileSync(sample), 300);
  writeRing(ring, files.slice(0, 2));
  const inner = joinPath(ring, 'inner');
  mkdirSync(inner);
  for (const [i, bytes] of files.slice(2).entries()) writeFileSync(joinPath(inner, `more${i}`), bytes);
  writeFileSync(joinPath(ring, 'notes.txt'), 'captured on Monday\n');
  writeFileSync(joinPath(ring, 'next.pcap'), '');
  writeFileSync(joinPath(ring, '.hidden.pcap'), files[0]);
  symlinkSync(joinPath(ring, 'ring0.pcap'), joinPath(ring, 'latest.pcap'));
  symlinkSync(ring, joinPath(inner, 'circle'));
  const flat = await joined([ring]);
  expect(flat).toMatchObject({
    packets: 600,
    files_skipped: ['next.pcap', 'notes.txt'].map((name) => joinPath(ring, name)),
  });
  expect(await joined([ring], true)).toMatchObject({ packets: 1043, error: null });
  // A packed capture of a kind that is not read is no note that lies beside: it must not be passed over.
  writeFileSync(joinPath(ring, 'more.pcap.xz'), Buffer.from('fd377a585a000004', 'hex'));
  expect(rowsOf(await joined([ring]))).toContainEqual(
    expect.objectContaining({ file: joinPath(ring, 'more.pcap.xz'), error: 'not-a-capture' }),
  );
});

test('a file named twice, or by a link, is counted once', async () => {
  const link = joinPath(folder(), 'link');
  symlinkSync(sample, link);
  expect(await joined([sample, link, sample])).toMatchObject({ packets: 1043, file: sample });
});

test('nothing that could be read is an error and no empty result', async () => {
  const ring = folder();
  writeFileSync(joinPath(ring, 'notes'), 'nothing here\n');
  expect(await joined([ring])).toMatchObject({
    error: 'unreadable',
    error_detail: expect.stringContaining('is a capture'),
  });
  expect(await joined(['no-such-file', 'nor-this'])).toMatchObject({ error: 'unreadable', files: [{}, {}] });
  expect(shuffled([1, 2, 3]).sort()).toEqual([1, 2, 3]);
});

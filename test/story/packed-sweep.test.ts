import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { compressionOf } from '../../src/captures/packed/compression.js';
import { inflate } from '../../src/captures/packed/inflate-bound.js';
import { inflateMembers } from '../../src/captures/packed/members/member-stream.js';
import { memberSource } from '../support/member-source.js';
import { runTrireme } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';
import { manyPackets, smallCapture } from '../support/small-capture.js';
import { inflatedWhole, inPieces } from '../support/streams.js';

/** Files that are packed, harmed and read: 3,000 in the long form, in some minutes. */
const files = Number(process.env.TRIREME_PACKED_FILES ?? 16);
const isLong = files > 100;
const seed = Number(process.env.TRIREME_PACKED_SEED ?? 17);
/** One file in so many is read by the program itself too, on one core and on three. */
const programEvery = 16;

const scratch = scratchFolder();

/** Uniform below 1; the same for the same file. */
function randomOf(file: number): () => number {
  let state = Math.imul(seed * 7919 + file + 1, 0x9e3779b1) >>> 0;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
}

type Random = () => number;
const below = (random: Random, count: number): number => Math.floor(random() * count);
const oneOf = <T>(random: Random, ...all: readonly T[]): T => all[below(random, all.length)];

const begins = [0, 3, 500, 2000].map((count) => Buffer.from(smallCapture(manyPackets(count))));

/** Packets, of which some have payloads that pack well, some badly. */
function captureOf(random: Random): Buffer {
  const noisy: Buffer[] = [oneOf(random, ...begins)];
  for (let i = below(random, 80); i > 0; i--) {
    const length = below(random, 3000);
    const record = Buffer.alloc(16 + length);
    record.writeUInt32LE(1_700_000_000 + i, 0);
    record.writeUInt32LE(length, 8);
    record.writeUInt32LE(length, 12);
    const isNoise = random() < 0.5;
    const [step, start] = [1 + below(random, 250), below(random, 256)];
    for (let at = 16; at < record.length; at++) record[at] = isNoise ? (at * at * step + start) >> 3 : 65 + (at % 7);
    noisy.push(record);
  }
  return Buffer.concat(noisy);
}

interface Packer {
  readonly tool: string;
  readonly args: (random: Random) => readonly string[];
}

const level = (random: Random, from: number, to: number): string => `-${from + below(random, to - from + 1)}`;

const packers: readonly Packer[] = [
  { tool: 'gzip', args: (random) => ['-c', level(random, 1, 9)] },
  {
    tool: 'pigz',
    args: (random) => ['-c', '-p', '2', level(random, 0, 9), '-b', oneOf(random, '128', '512'), ...some(random, '-i')],
  },
  { tool: 'bgzip', args: (random) => ['-c', '-l', `${below(random, 10)}`] },
  { tool: 'igzip', args: (random) => ['-c', level(random, 0, 3)] },
  { tool: 'libdeflate-gzip', args: (random) => ['-c', level(random, 1, 12)] },
  {
    tool: 'zstd',
    args: (random) => ['-q', '-c', level(random, 1, 19), ...some(random, '--long=27'), ...some(random, '--no-check')],
  },
  {
    tool: 'lz4',
    args: (random) => [
      '-q',
      '-c',
      level(random, 1, 12),
      level(random, 4, 7).replace('-', '-B'),
      ...some(random, '-BD'),
      ...some(random, '-BX'),
      ...some(random, '--no-frame-crc'),
      ...some(random, '--content-size'),
    ],
  },
  { tool: 'lz4', args: () => ['-q', '-c', '-l'] },
];

const some = (random: Random, option: string): string[] => (random() < 0.3 ? [option] : []);

const isThere = (tool: string): boolean => spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0;
const present = packers.filter(({ tool }) => isThere(tool));
/** Those that read and write files alone: their names. */
const [hasPzstd, hasZopfli] = ['pzstd', 'zopfli'].map(isThere);

function run(tool: string, args: readonly string[], input: Buffer): Buffer {
  return execFileSync(tool, args, { input, maxBuffer: 1e9, stdio: ['pipe', 'pipe', 'ignore'] });
}

function byFile(
  tool: string,
  args: (from: string, to: string) => readonly string[],
  ending: string,
  data: Buffer,
): Buffer {
  const from = scratch.file('packed-by-file', data);
  const to = `${from}${ending}`;
  rmSync(to, { force: true });
  execFileSync(tool, args(from, to), { stdio: 'ignore' });
  return readFileSync(to);
}

function skippable(bytes: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(0x184d2a5e, 0);
  head.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([head, bytes]);
}

/** The data in several members or frames, each by its own call. */
function inParts(data: Buffer, random: Random, pack: (part: Buffer) => Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < data.length || at === 0;) {
    const length = 1 + below(random, Math.max(1, data.length));
    parts.push(pack(data.subarray(at, at + length)));
    at += length;
  }
  return Buffer.concat(parts);
}

function packed(data: Buffer, random: Random): { readonly how: string; readonly bytes: Buffer } {
  const kind = below(random, 16);
  if (kind === 0) return { how: 'stored', bytes: gzipSync(data, { level: 0 }) };
  if (kind === 1) {
    const rest = gzipSync(data.subarray(400));
    const bytes = [...data.subarray(0, 400)].map((byte) => gzipSync(Uint8Array.of(byte)));
    return { how: 'members of 1 byte', bytes: Buffer.concat([...bytes, rest]) };
  }
  if (kind === 2 && hasPzstd)
    return {
      how: 'pzstd',
      bytes: byFile('pzstd', (from, to) => ['-q', '-f', '-p', '2', from, '-o', to], '.zst', data),
    };
  if (kind === 3 && hasZopfli)
    return { how: 'zopfli', bytes: byFile('zopfli', (from) => ['--i1', from], '.gz', data.subarray(0, 60_000)) };
  const { tool, args } = oneOf(random, ...present);
  const options = args(random);
  const pack = (part: Buffer): Buffer => run(tool, options, part);
  const how = [tool, ...options].join(' ');
  if (kind < 11) return { how, bytes: pack(data) };
  const bytes = inParts(data, random, pack);
  if (tool !== 'zstd' && tool !== 'lz4') return { how: `${how}, several`, bytes };
  // As seekable zstd ends, and pzstd begins.
  const frames = [skippable(Buffer.alloc(below(random, 40))), bytes, skippable(Buffer.alloc(9))];
  return { how: `${how}, several frames`, bytes: Buffer.concat(tool === 'zstd' ? frames : frames.slice(1)) };
}

function harmed(bytes: Buffer, random: Random): { readonly what: string; readonly bytes: Buffer } {
  const place = below(random, bytes.length);
  switch (below(random, 8)) {
    case 0:
      return { what: `cut at ${place}`, bytes: bytes.subarray(0, place) };
    case 1: {
      const changed = Buffer.from(bytes);
      changed[place] ^= 1 << below(random, 8);
      return { what: `a bit changed at ${place}`, bytes: changed };
    }
    case 2:
      return { what: 'zeros behind', bytes: Buffer.concat([bytes, Buffer.alloc(1 + below(random, 5000))]) };
    case 3:
      return { what: 'a rest behind', bytes: Buffer.concat([bytes, Buffer.from('rest'.repeat(1 + below(random, 9)))]) };
    default:
      return { what: '', bytes };
  }
}

test(
  `${files} packed files give what was packed, and cut into 2 to 64 ranges what one core gives`,
  async () => {
    let parallel = 0;
    for (let file = 0; file < files; file++) {
      const random = randomOf(file);
      const data = captureOf(random);
      const { how, bytes: sound } = packed(data, random);
      const { what, bytes } = harmed(sound, random);
      const name = `file ${file} of seed ${seed}: ${how} ${what}`;
      const compression = compressionOf(bytes);
      const one = await inflatedWhole(inflate(inPieces(bytes, 3000), compression));
      const isWhole = what === '' || what.endsWith('behind');
      if (isWhole && !how.startsWith('zopfli')) {
        expect([name, one.bytes.equals(data), one.truncated, one.damage]).toEqual([name, true, false, null]);
        expect([name, one.restBytes ?? 0]).toEqual([name, what === 'a rest behind' ? bytes.length - sound.length : 0]);
      }
      const ranges = 2 + below(random, 63);
      if (compression === 'gzip') {
        const rangeBytes = Math.max(100, Math.ceil(bytes.length / ranges));
        const pieceBytes = oneOf(random, 500, 3000, 3000);
        // Where damage is found is told by the steps of what is read at once.
        const alike = await inflatedWhole(inflate(alignedPieces(bytes, pieceBytes), compression));
        const several = await inflatedWhole(inflateMembers(memberSource(bytes, { rangeBytes, pieceBytes })));
        expect([name, several]).toEqual([name, alike]);
        parallel++;
      } else {
        const pieces = await inflatedWhole(inflate(inPieces(bytes, 1 + below(random, bytes.length)), compression));
        expect([name, pieces]).toEqual([name, one]);
      }
      if (file % programEvery === 0) await compareProgram(name, data, bytes, isWhole && !how.startsWith('zopfli'));
    }
    expect(parallel).toBeGreaterThan(files / 4);
  },
  isLong ? 3_600_000 : 60_000,
);

/** The program itself: packed as unpacked, and on three cores as on one. */
async function compareProgram(name: string, data: Buffer, bytes: Buffer, isWhole: boolean): Promise<void> {
  const [plain, file] = [scratch.file('plain', data), scratch.file('packed', bytes)];
  const [unpacked, one, several] = await Promise.all(
    [[plain], [file], [file, '--cores', '3', '--thread-bytes', '1000']].map((args) =>
      runTrireme(['analyze', '--json', '-q', ...args]),
    ),
  );
  expect([name, several]).toEqual([name, one]);
  const facts = (json: string): object => {
    const [entry] = (JSON.parse(json) as { results: object[] }).results;
    return { ...entry, file: '', compression: '', gzip: false, rest_bytes: undefined };
  };
  if (isWhole) expect([name, facts(one.stdout)]).toEqual([name, facts(unpacked.stdout)]);
}

async function* alignedPieces(bytes: Buffer, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.slice(at, at + pieceBytes);
}

/** One frame of zstd that unpacks to so many blocks of 128 KiB of zeros, 4 bytes each. */
function zeros(blocks: number): Buffer {
  const bytes = Buffer.alloc(6 + 4 * blocks);
  bytes.set([0x28, 0xb5, 0x2f, 0xfd, 0, 0x38]);
  for (let i = 0; i < blocks; i++)
    bytes.writeUIntLE(((128 * 1024) << 3) | 2 | (i === blocks - 1 ? 1 : 0), 6 + 4 * i, 3);
  return bytes;
}

(isLong ? test : test.skip)(
  'a bomb stops at its bound',
  async () => {
    const head = run('zstd', ['-q', '-c'], Buffer.from(smallCapture([])));
    // 16 GiB of records without bytes.
    const bomb = scratch.file('bomb.zst', Buffer.concat([head, zeros(131_072)]));
    const { stdout } = await runTrireme(['analyze', '--json', '-q', bomb]);
    expect(stdout).toMatch(/packed bytes inflate to over 85\d{8}, past 8589934592 bytes and 1000 times their size/);
  },
  120_000,
);

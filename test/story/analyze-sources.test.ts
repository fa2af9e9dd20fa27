import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipped, lz4Legacy, lz4Packed, zstdStored } from '../support/capture-builder.js';
import { runTrireme, type RunOptions } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';
import { manyPackets, smallCapture } from '../support/small-capture.js';

const scratch = scratchFolder();
const capture = smallCapture(manyPackets(3000));
const plain = scratch.file('plain.pcap', capture);
const haveZstd = spawnSync('zstd', ['--version']).status === 0;
if (!haveZstd) console.log('SKIP: zstd is not installed; only stored zstd frames are tested');

type Result = Record<string, unknown> & { error: string | null; error_detail?: string };

async function resultOf(file: string, options: RunOptions = {}): Promise<{ code: number | null; result: Result }> {
  const { code, stdout } = await runTrireme(['analyze', '--json', file], options);
  return { code, result: (JSON.parse(stdout) as { results: Result[] }).results[0] };
}

/** What a result says of the capture inside, whatever it was packed in. */
function inside({ file: _file, gzip: _gzip, compression: _compression, ...rest }: Result): unknown {
  return rest;
}

let expected: unknown;
beforeAll(async () => {
  expected = inside((await resultOf(plain)).result);
});

const zstdOf = (...args: string[]): Buffer => {
  execFileSync('zstd', ['-q', '-f', ...args, plain, '-o', join(scratch.path, 'packed.zst')]);
  return readFileSync(join(scratch.path, 'packed.zst'));
};

const skippable = Buffer.from('502a4d18040000006e616d65', 'hex');

const forms: [string, () => Uint8Array, 'gzip' | 'zstd' | 'lz4' | null][] = [
  ['plain', () => capture, null],
  ['gzip', () => gzipped(capture), 'gzip'],
  ['gzip of three members', () => gzipped(capture, 3), 'gzip'],
  ['zstd', () => zstdStored(capture), 'zstd'],
  [
    'zstd of two frames',
    () => Buffer.concat([zstdStored(capture.slice(0, 999)), zstdStored(capture.slice(999))]),
    'zstd',
  ],
  ['lz4', () => lz4Packed(capture), 'lz4'],
  ['lz4 of linked blocks', () => lz4Packed(capture, { linked: true, blockSizeCode: 4 }), 'lz4'],
  ['lz4 of the legacy form', () => lz4Legacy(capture), 'lz4'],
  ['lz4 behind a skippable frame', () => Buffer.concat([skippable, lz4Packed(capture)]), 'lz4'],
];
const toolForms: typeof forms = [
  ['zstd -1', () => zstdOf('-1'), 'zstd'],
  ['zstd -19 without checksum', () => zstdOf('-19', '--no-check'), 'zstd'],
];

describe.each([...forms, ...(haveZstd ? toolForms : [])])('a capture as %s', (name, bytes, compression) => {
  test('from a file gives what the plain capture gives', async () => {
    const { code, result } = await resultOf(scratch.file(`as-${name}`, bytes()));
    expect(code).toBe(0);
    expect(result).toMatchObject({ gzip: compression === 'gzip', compression });
    expect(inside(result)).toEqual(expected);
  });

  test('from standard input gives the same', async () => {
    const { code, result } = await resultOf('-', { stdin: bytes() });
    expect(code).toBe(0);
    expect(result.file).toBe('-');
    expect(inside(result)).toEqual(expected);
  });

  test('from a named pipe gives the same', async () => {
    const pipe = join(scratch.path, `pipe of ${name}`);
    const packed = scratch.file('for-the-pipe', bytes());
    execFileSync('mkfifo', [pipe]);
    const writer = written(pipe, packed);
    const { result } = await resultOf(pipe);
    await writer;
    expect(inside(result)).toEqual(expected);
  });
});

/** Writes a file into a pipe from another process, since opening a pipe waits for its other end. */
function written(pipe: string, from: string): Promise<void> {
  const child = spawn('sh', ['-c', 'cat "$1" > "$2"', 'sh', from, pipe], { stdio: 'ignore' });
  return new Promise((resolve) => child.on('close', () => resolve()));
}

describe('a packed capture that is not whole', () => {
  test.each([
    ['gzip', gzipped(capture)],
    ['zstd', zstdStored(capture)],
    ['lz4', lz4Packed(capture)],
  ])('cut %s is truncated: what came before is counted, exit code 1', async (name, bytes) => {
    const { code, result } = await resultOf(scratch.file(`cut.${name}`, bytes.subarray(0, bytes.length - 5)));
    expect(code).toBe(1);
    expect(result).toMatchObject({ truncated: true, error: null });
    expect(result.packets).toBeGreaterThan(1900);
  });

  test('gzip with a wrong checksum is damaged, with all packets counted', async () => {
    const bytes = Buffer.from(gzipped(capture));
    bytes[bytes.length - 8] ^= 1;
    const { code, result } = await resultOf(scratch.file('wrong.gz', bytes));
    expect(code).toBe(1);
    expect(result).toMatchObject({ truncated: false, error: 'damaged', packets: 3000 });
    expect(result.error_detail).toMatch(/^gzip checksum or length at offset \d+ differs/);
  });

  (haveZstd ? test : test.skip)('zstd with a wrong checksum is damaged, with all packets counted', async () => {
    const bytes = zstdOf('-3', '--check');
    bytes[bytes.length - 1] ^= 1;
    const { code, result } = await resultOf(scratch.file('wrong.zst', bytes));
    expect(code).toBe(1);
    expect(result).toMatchObject({ truncated: false, error: 'damaged', packets: 3000 });
  });

  (haveZstd ? test : test.skip)('zstd damaged inside keeps what came before', async () => {
    const bytes = zstdOf('-3');
    bytes.fill(0xa5, bytes.length >> 1, (bytes.length >> 1) + 200);
    const { code, result } = await resultOf(scratch.file('damaged.zst', bytes));
    expect(code).toBeGreaterThan(0);
    expect(result.error).not.toBeNull();
  });
});

import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { runTrireme } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';
import { fivePackets, smallCapture } from '../support/small-capture.js';

const scratch = scratchFolder();
const capture = smallCapture(fivePackets);
const sound = scratch.file('sound.pcap', capture);
const missing = join(scratch.path, 'missing.pcap');
const folder = join(scratch.path, 'folder');
mkdirSync(folder);
const empty = scratch.file('empty.pcap', '');
const text = scratch.file('text.pcap', 'this is no capture, though it is long enough to be one');
const cut = scratch.file('cut.pcap', capture.subarray(0, capture.length - 3));
const damage = new Uint8Array([...capture, ...new Array<number>(8).fill(0), ...new Array<number>(8).fill(0xff)]);
const damaged = scratch.file('damaged.pcap', damage);

describe('one clear line on stderr, nothing on stdout, exit code 2', () => {
  test.each<[string, string[], string]>([
    ['a missing file', [missing], `trireme: ${missing}: no such file\n`],
    [
      'a directory',
      [folder],
      `trireme: ${folder}: is a directory, not a capture; analyze --join reads the captures in it as one\n`,
    ],
    ['an empty file', [empty], `trireme: ${empty}: not a capture: empty file\n`],
    [
      'a text',
      [text],
      `trireme: ${text}: not a capture: it is text and no capture; a hex dump can be made one: text2pcap FILE OUT.pcap\n`,
    ],
    ['no file', [], `trireme: name a capture: trireme analyze FILE ('-' reads standard input)\n`],
    [
      'a client alone',
      [sound, '--client', '1.2.3.4:5'],
      'trireme: --client and --server: a connection has two ends, give both or neither\n',
    ],
  ])('for %s', async (_name, args, line) => {
    expect(await runTrireme(['analyze', ...args])).toEqual({ code: 2, signal: null, stdout: '', stderr: line });
  });

  test.each<[string, string[], RegExp]>([
    [
      'a malformed client',
      ['--client', '1.2.3:4', '--server', '1.2.3.4:5'],
      /^trireme: --client: "1\.2\.3:4" is no endpoint/,
    ],
    ['a port past 65535', ['--client', '1.2.3.4:65536', '--server', '1.2.3.4:5'], /^trireme: --client: /],
    ['an unknown option', ['--nonsense'], /unknown option '--nonsense'/],
    ['no cores', ['--cores', '0'], /'0' is not a whole number from 1 to/],
    ['an unknown order', ['--sort', 'size'], /--sort 'size' is none of bytes, packets, duration, start/],
    ['a malformed interval', ['--interval', '5'], /'5' is not a duration/],
    ['a malformed master', ['--master', 'host:99999'], /'host:99999' is not HOST:PORT/],
  ])('for %s', async (_name, args, line) => {
    const { code, stdout, stderr } = await runTrireme(['analyze', sound, ...args]);
    expect({ code, stdout, lines: stderr.trimEnd().split('\n').length }).toEqual({ code: 2, stdout: '', lines: 1 });
    expect(stderr).toMatch(line);
  });

  const asRoot = process.getuid?.() === 0;
  if (asRoot) console.log('SKIP: root may read every file; the test of an unreadable one is left out');
  (asRoot ? test.skip : test)('for a file without permission', async () => {
    const secret = scratch.file('secret.pcap', capture);
    chmodSync(secret, 0);
    const { code, stderr } = await runTrireme(['analyze', secret]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: `trireme: ${secret}: permission denied\n` });
  });
});

interface Entry {
  readonly file: string;
  readonly error: string | null;
  readonly packets?: number;
  readonly truncated?: boolean;
  readonly error_detail?: string;
}

async function entries(...args: string[]): Promise<{ code: number | null; results: Entry[]; stderr: string }> {
  const { code, stdout, stderr } = await runTrireme(['analyze', '--json', ...args]);
  return { code, stderr, results: (JSON.parse(stdout) as { results: Entry[] }).results };
}

describe('a file that is not all well', () => {
  test('beside others is an entry with its error; the others are analysed, exit code 1', async () => {
    const { code, results, stderr } = await entries(missing, sound, text);
    expect(code).toBe(1);
    expect(results.map(({ file, error, packets }) => [file, error, packets])).toEqual([
      [missing, 'unreadable', undefined],
      [sound, null, 5],
      [text, 'not-a-capture', undefined],
    ]);
    expect(stderr.trimEnd().split('\n')).toHaveLength(2);
  });

  test('alone is an entry too, exit code 2', async () => {
    const { code, results } = await entries(missing);
    expect([code, results]).toEqual([
      2,
      [{ file: missing, error: 'unreadable', error_detail: `${missing}: no such file` }],
    ]);
  });

  test('cut short: complete records are counted, with the offset, exit code 1', async () => {
    const { code, results, stderr } = await entries(cut);
    expect([code, results[0]]).toMatchObject([1, { packets: 4, truncated: true, error: null }]);
    expect(stderr).toMatch(
      /^trireme: .*cut\.pcap: cut short in the record at offset \d+, which claims 58 bytes where 55 are left; complete records are counted\n$/,
    );
  });

  test('damaged: records before it are counted, with the offset, exit code 1', async () => {
    const { code, results, stderr } = await entries(damaged);
    expect([code, results[0]]).toMatchObject([1, { packets: 5, truncated: false, error: 'damaged' }]);
    expect(results[0].error_detail).toContain(String(capture.length));
    expect(stderr).toMatch(/^trireme: .*damaged\.pcap: damaged: .*; counts are those before it\n$/);
  });

  test('quiet says nothing of it where counts are printed', async () => {
    const { code, stderr } = await entries(cut, '--quiet');
    expect([code, stderr]).toEqual([1, '']);
  });
});

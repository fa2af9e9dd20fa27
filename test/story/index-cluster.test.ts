import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeIndex, encodeIndex } from '../../src/pcap/pieces/index-bytes.js';
import { CaptureCluster } from '../support/capture-cluster.js';
import { dayOf } from '../support/capture-of-pieces.js';
import { RangeServer } from '../support/range-server.js';
import { runTrireme, type Ran } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';

const seen = scratchFolder();
const elsewhere = scratchFolder();
const capture = seen.file('day.pcap', dayOf());
const size = statSync(capture).size;
const out = (name: string): string => join(elsewhere.path, name);
const rare = ['--filter', 'host 10.0.0.77'];
const byIndex = /day\.pcap: (\d+) of (\d+) bytes read by its index \(3 of \d+ pieces\)/;

let server: RangeServer;
let cluster: CaptureCluster;
beforeAll(async () => {
  await runTrireme(['index', capture]);
  server = await RangeServer.start();
  cluster = await CaptureCluster.start([seen.path], ['--chunk-bytes', '5MB', '--allow-url', `${server.origin}/`]);
  await cluster.addWorker(seen.path);
  // One that sees no file: the master sends it the bytes.
  await cluster.addWorker(elsewhere.path);
}, 60_000);
afterAll(async () => {
  await cluster.stop();
  await server.stop();
});

const here = (...args: string[]): Promise<Ran> => runTrireme(['analyze', '--json', '--no-index', ...args]);
const there = (...args: string[]): Promise<Ran> => runTrireme(['analyze', '--json', '--master', cluster.grpc, ...args]);

test.each([[rare], [[...rare, '--interval', '10s', '--top', '3']], [['--before', '+0s']], [['--filter', 'port 80']]])(
  'a cluster reads the pieces that an index selects, and gives the bytes of a scan of all: %j',
  async (asked) => {
    const [whole, some] = [await here(capture, ...asked), await there(capture, ...asked)];
    expect([some.stdout, some.code]).toEqual([whole.stdout, 0]);
    if (asked[0] !== '--before') expect(some.stderr).toMatch(byIndex);
    const all = await there(capture, ...asked, '--no-index');
    expect([all.stdout, all.stderr]).toEqual([whole.stdout, '']);
  },
);

test('packets are taken out of the pieces that can match, byte for byte', async () => {
  for (const more of [[], ['--limit', '1'], ['--before', '+1h']]) {
    await runTrireme(['extract', capture, ...rare, ...more, '--no-index', '-w', out('whole.pcap'), '-q']);
    const args = ['extract', capture, ...rare, ...more, '--master', cluster.grpc, '-w', out('some.pcap')];
    const some = await runTrireme(args);
    expect([some.code, some.stderr]).toEqual([0, expect.stringMatching(byIndex)]);
    expect(readFileSync(out('some.pcap')).equals(readFileSync(out('whole.pcap')))).toBe(true);
    const all = await runTrireme([...args, '--no-index']);
    expect(all.stderr).toMatch(/^trireme: \d+ of \d+ packets written\n$/);
  }
});

test('of a URL too only these pieces are read', async () => {
  const url = server.url('/day.pcap');
  const lastModified = new Date(1_700_000_000_000).toUTCString();
  server.files.set('/day.pcap', { bytes: readFileSync(capture), lastModified });
  server.files.set('/day.pcap.tridx', { bytes: readFileSync(`${capture}.tridx`), lastModified });
  const whole = await here(url, ...rare);
  const some = await there(url, ...rare);
  expect([some.stdout, some.code]).toEqual([whole.stdout, 0]);
  expect(some.stderr).toMatch(byIndex);
  const args = ['extract', capture, ...rare, '--no-index', '-q', '-w', out('whole.pcap')];
  await runTrireme(args);
  const taken = await runTrireme(['extract', url, ...rare, '--master', cluster.grpc, '-w', out('some.pcap')]);
  expect([taken.code, taken.stderr]).toEqual([0, expect.stringMatching(byIndex)]);
  expect(readFileSync(out('some.pcap')).equals(readFileSync(out('whole.pcap')))).toBe(true);
});

test('an index that is damaged, or does not fit the capture, changes no result', async () => {
  const beside = `${capture}.tridx`;
  const sound = readFileSync(beside);
  const whole = await here(capture, ...rare);
  try {
    writeFileSync(beside, sound.subarray(0, -1));
    const damaged = await there(capture, ...rare);
    expect([damaged.stdout, damaged.stderr]).toEqual([
      whole.stdout,
      expect.stringContaining('day.pcap.tridx is ignored: it is damaged'),
    ]);
    const decoded = decodeIndex(sound);
    if (typeof decoded === 'string') throw new Error(decoded);
    const [first, ...pieces] = decoded.index.pieces;
    const lying = { ...decoded.index, pieces: [{ ...first, packets: first.packets + 1 }, ...pieces] };
    writeFileSync(beside, encodeIndex({ file: decoded.file, index: lying }));
    const unfit = await there(capture, ...rare);
    expect([unfit.stdout, unfit.stderr]).toEqual([
      whole.stdout,
      expect.stringContaining('does not fit it, so all of it is read; make it anew with trireme index'),
    ]);
    const taken = await runTrireme(['extract', capture, ...rare, '--master', cluster.grpc, '-w', out('never.pcap')]);
    expect([taken.code, taken.stderr]).toEqual([1, expect.stringContaining('is not as its index says')]);
    expect(() => statSync(out('never.pcap'))).toThrow('ENOENT');
  } finally {
    writeFileSync(beside, sound);
  }
  expect(statSync(capture).size).toBe(size);
});

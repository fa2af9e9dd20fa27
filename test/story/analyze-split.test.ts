import { runTrireme } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';
import { manyPackets, smallCapture } from '../support/small-capture.js';

const scratch = scratchFolder();
const bytes = smallCapture(manyPackets(20_000));
const capture = scratch.file('many.pcap', bytes);
const cut = scratch.file('cut.pcap', bytes.subarray(0, bytes.length - 7));
const damaged = scratch.file(
  'damaged.pcap',
  // Half of the records, then a length that no record has.
  Buffer.concat([bytes.subarray(0, 24 + 70 * 10_000), Buffer.alloc(8), Buffer.alloc(8, 0xff), bytes.subarray(24)]),
);

const jsonOf = async (file: string, ...mode: string[]): Promise<string> =>
  (await runTrireme(['analyze', '--json', file, '--interval', '1h', '--top', '50', ...mode])).stdout;

describe('all cores print the bytes that one core prints', () => {
  test.each([
    ['a sound capture', capture],
    ['a capture cut in a record', cut],
    ['a capture damaged in the middle', damaged],
  ])('for %s', async (_name, file) => {
    const one = await jsonOf(file);
    expect(JSON.parse(one)).toMatchObject({ schemaVersion: 1 });
    for (const cores of ['2', '5']) expect(await jsonOf(file, '--cores', cores, '--thread-bytes', '1')).toBe(one);
    expect(await jsonOf(file, '--multi')).toBe(one);
  });

  test.each([['--json'], ['--csv'], ['--csv', 'endpoints']])('with every row, by %s %s', async (...form) => {
    const all = ['analyze', ...form, '--top', 'all', capture];
    const one = (await runTrireme(all)).stdout;
    expect(one.length).toBeGreaterThan(500_000 / (form[1] === 'endpoints' ? 20 : 1));
    expect((await runTrireme(['analyze', ...form, '--top', '20000', capture])).stdout).toBe(one);
    expect((await runTrireme([...all, '--cores', '2', '--thread-bytes', '1'])).stdout).toBe(one);
  });

  test('with a table that is too small for all conversations', async () => {
    const limit = ['--max-conversations', '500'];
    const one = await jsonOf(capture, ...limit);
    expect(JSON.parse(one)).toMatchObject({ results: [{ conversations_limit: { limit: 500 } }] });
    expect(await jsonOf(capture, ...limit, '--cores', '3', '--thread-bytes', '1')).toBe(one);
  });
});

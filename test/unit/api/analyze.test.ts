import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { analyzeFile, analyzeStream } from '../../../src/api/index.js';
import { projectRoot } from '../../../src/common/version.js';

const sample = join(projectRoot, 'captures', 'sample.pcap');
const bytes = readFileSync(sample);

async function* pieces(of: Uint8Array, each: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < of.length; at += each) yield of.subarray(at, at + each);
}

test('a file and its bytes in any pieces give the same facts', async () => {
  const facts = await analyzeFile(sample);
  expect(facts.packets).toBe(1043);
  expect(await analyzeStream(pieces(bytes, 1000))).toEqual(facts);
});

test('a connection is counted whatever the spelling of its addresses', async () => {
  const ends = { client: '[2001:DB8:0::11]:40000', server: '[2001:db8::1]:80' };
  const { connection } = await analyzeFile(sample, { connection: ends });
  expect(connection).toMatchObject({ client: '[2001:db8::11]:40000', server: '[2001:db8::1]:80' });
});

test('progress ends with all bytes', async () => {
  const seen: [number, number | null][] = [];
  await analyzeFile(sample, { onProgress: (...told) => seen.push(told) });
  expect(seen.at(-1)).toEqual([bytes.length, bytes.length]);
  await analyzeStream(pieces(bytes, 100_000), { onProgress: (...told) => seen.push(told) });
  expect(seen.at(-1)).toEqual([bytes.length, null]);
});

test.each([
  [{ top: -1 }, 'top -1 is not a whole number from 1 to 1000000'],
  [{ cores: 1.5 }, 'cores 1.5 is not a whole number from 1 to 1024'],
  [{ sort: 'size' }, "sort 'size' is none of bytes, packets, duration, start"],
  [{ intervalNs: 1000 }, 'intervalNs 1000 is not a bigint'],
  [{ intervalNs: 0n }, 'intervalNs of 0 ns is not from 1 to'],
  [{ conversationsMax: 0 }, 'conversationsMax 0 is not a whole number from 1 to'],
  [{ rows: 5 }, 'option rows is not known; there are top, sort'],
  [{ connection: { client: 'a', server: '192.0.2.1:1' } }, 'connection.client: "a" is no endpoint'],
  [{ connection: { client: '[::1]:1', server: '192.0.2.1:1' } }, 'are of two IP versions'],
])('options %j are refused with the value and the bound', async (options, words) => {
  const refusal = { code: 'USAGE', message: expect.stringContaining(words) as string };
  await expect(analyzeFile(sample, options as never)).rejects.toMatchObject(refusal);
  await expect(analyzeStream(pieces(bytes, 1000), options as never)).rejects.toMatchObject(refusal);
});

test('what is no capture, no file or no bytes is an error with its code', async () => {
  await expect(analyzeFile(__filename)).rejects.toMatchObject({ code: 'NOT_A_CAPTURE' });
  await expect(analyzeFile('/nowhere/day.pcap')).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
  await expect(analyzeFile('')).rejects.toMatchObject({ code: 'USAGE' });
  await expect(analyzeStream(bytes as never)).rejects.toMatchObject({ code: 'USAGE' });
  const text = (async function* () {
    yield await Promise.resolve('text');
  })();
  await expect(analyzeStream(text as never)).rejects.toMatchObject({ code: 'USAGE' });
});

test('an error of the stream comes through, and a stream that is given up is let go', async () => {
  let released = false;
  const failing = (async function* () {
    try {
      yield bytes.subarray(0, 5000);
      throw new Error('the disk is gone');
    } finally {
      released = true;
    }
  })();
  await expect(analyzeStream(failing)).rejects.toThrow('the disk is gone');
  expect(released).toBe(true);
});

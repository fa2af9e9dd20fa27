import { open } from 'node:fs/promises';
import {
  decodeJoinList,
  encodeJoinList,
  joinFilesClusterMax,
  type JoinList,
  joinListBytesMax,
  readJoinList,
} from '../../../../src/captures/join/join-list.js';
import { scratchFolder } from '../../../support/scratch.js';

const scratch = scratchFolder();
const ends = 'ab'.repeat(32);
const list: JoinList = {
  name: 'ring/',
  parts: [
    { name: 'ring/a', found: true, path: '/srv/ring/a', seen: { sizeBytes: 5, endsSha256: ends } },
    { name: 'ring/b', found: false, path: '/srv/ring/b', seen: null },
  ],
  failed: [{ file: 'ring/c', error: 'unreadable', error_detail: 'ring/c: permission denied' }],
};

async function read(bytes: Uint8Array): Promise<{ list: JoinList; end: number }> {
  const handle = await open(scratch.file('list', bytes));
  try {
    const found = await readJoinList(handle);
    return { list: decodeJoinList(found), end: found.length };
  } finally {
    await handle.close();
  }
}

test('a list is read as it was written, and what follows it begins behind it', async () => {
  const bytes = encodeJoinList(list);
  expect(await read(Buffer.concat([bytes, Buffer.from('the files')]))).toEqual({ list, end: bytes.length });
});

const changed = (change: object): Buffer => encodeJoinList({ ...list, ...change });
const [part] = list.parts;

test.each<[string, Buffer, string]>([
  ['a capture', Buffer.from('d4c3b2a1020004000000000000000000', 'hex'), 'its head is another'],
  ['nothing', Buffer.alloc(0), 'its head is another'],
  ['a list that is cut', encodeJoinList(list).subarray(0, 40), 'it is cut short'],
  ['a size that is none', changed({ parts: [{ ...part, seen: { sizeBytes: -1, endsSha256: ends } }] }), 'described'],
  ['a hash that is none', changed({ parts: [{ ...part, seen: { sizeBytes: 1, endsSha256: 'x' } }] }), 'described'],
  ['a file that is nowhere', changed({ parts: [{ ...part, path: '', seen: null }] }), 'described'],
  ['a path with a NUL', changed({ parts: [{ ...part, path: '/a\0b' }] }), 'described'],
  ['a failure of an unknown kind', changed({ failed: [{ file: 'a', error: 'odd', error_detail: '' }] }), 'described'],
])('%s is refused', async (_name, bytes, why) => {
  await expect(read(bytes)).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining(why) });
});

test('more files than a cluster takes are refused on both sides', async () => {
  const parts = new Array<typeof part>(joinFilesClusterMax + 1).fill(part);
  expect(() => changed({ parts })).toThrow(/10002 files are over 10000.*joinFilesClusterMax/);
  const json = Buffer.from(JSON.stringify({ ...list, parts }));
  const head = Buffer.concat([Buffer.from('trirJOIN1'), Buffer.alloc(4)]);
  head.writeUInt32LE(json.length, 9);
  await expect(read(Buffer.concat([head, json]))).rejects.toThrow(/names 10002 files, over 10000/);
  head.writeUInt32LE(joinListBytesMax + 1, 9);
  await expect(read(head)).rejects.toThrow(/its head is another/);
  expect(() => changed({ name: 'x'.repeat(joinListBytesMax) })).toThrow(/joinListBytesMax/);
});

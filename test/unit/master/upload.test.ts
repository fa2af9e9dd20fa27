import type { ServerReadableStream } from '@grpc/grpc-js';
import type { IncomingMessage } from 'node:http';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pino } from 'pino';
import type { UploadRequest, UploadResponse } from '../../../src/gen/trireme/v1/capture.js';
import { Spool } from '../../../src/master/spool.js';
import { receiveBody, receiveUpload } from '../../../src/master/upload.js';
import { UploadShares } from '../../../src/master/upload-shares.js';
import { scratchFolder } from '../../support/scratch.js';

type Call = ServerReadableStream<UploadRequest, UploadResponse>;

const scratch = scratchFolder();
const spool = new Spool(join(scratch.path, 'spool'), 1_000_000, pino({ level: 'silent' }), true);
const header: UploadRequest = { part: { $case: 'header', value: { name: 'x', identity: undefined } } };
const data = (text: string): UploadRequest => ({ part: { $case: 'data', value: Buffer.from(text) } });
const files = (): string[] => readdirSync(spool.folder);

/** A call whose messages the test sends. */
function upload(stallMs: number): { call: Readable; path: Promise<string> } {
  const call = new Readable({ objectMode: true, read: () => undefined });
  const path = receiveUpload(call as unknown as Call, spool, stallMs);
  path.catch(() => undefined);
  return { call, path };
}

test('an upload comes whole, with empty pieces in between', async () => {
  const { call, path } = upload(10_000);
  for (const message of [header, data('ab'), data(''), data('cd'), null]) call.push(message);
  expect(readFileSync(await path, 'utf8')).toBe('abcd');
  await spool.remove(await path);
});

test('nothing is held for a caller that sends nothing, and he is told how long he had', async () => {
  const { path } = upload(20);
  expect(files()).toEqual([]);
  await expect(path).rejects.toMatchObject({
    code: 'DEADLINE_PASSED',
    message: expect.stringContaining('after 0 bytes of the upload nothing came for 0.02 s'),
  });
});

test('what came of an upload that stalls is removed; one that shows signs of life goes on', async () => {
  const [stalls, lives] = [upload(200), upload(200)];
  for (const { call } of [stalls, lives]) [header, data('abc')].forEach((message) => call.push(message));
  const alive = setInterval(() => lives.call.push(data('')), 20);
  await expect(stalls.path).rejects.toMatchObject({
    code: 'DEADLINE_PASSED',
    message: expect.stringContaining('after 3 bytes'),
  });
  expect(files().length).toBe(1);
  clearInterval(alive);
  lives.call.push(null);
  expect(readFileSync(await lives.path, 'utf8')).toBe('abc');
});

/** A request over HTTP whose body the test sends. */
const bodyOf = (...pieces: (string | null)[]): IncomingMessage => {
  const body = Object.assign(new Readable({ read: () => undefined }), { headers: {} });
  for (const piece of pieces) body.push(piece);
  return body as unknown as IncomingMessage;
};

test('the body of a request comes whole, and one that stalls is removed', async () => {
  const before = files();
  const path = await receiveBody(bodyOf('ab', 'cd', null), spool, 10_000);
  expect(readFileSync(path, 'utf8')).toBe('abcd');
  await spool.remove(path);
  await expect(receiveBody(bodyOf('abc'), spool, 20)).rejects.toMatchObject({
    code: 'DEADLINE_PASSED',
    message: 'after 3 bytes of the upload nothing came for 0.02 s; send it faster',
    facts: { value: 3, bound: 20, boundName: 'uploadStallMs' },
  });
  expect(files()).toEqual(before);
});

test('a connection has its share of the uploads, and all together have their bound', () => {
  const shares = new UploadShares(3, 2);
  const [first] = [shares.begin('a'), shares.begin('a')];
  expect(() => shares.begin('a')).toThrow(/2 uploads come on this connection already \(the bound is 2\)/);
  shares.begin('b');
  expect(() => shares.begin('c')).toThrow(/3 uploads are under way already/);
  first();
  shares.begin('c');
  expect(() => shares.begin('a')).toThrow(/3 uploads/);
});

import { gzipSync } from 'node:zlib';
import { MemberRunner, triesMax } from '../../../../../src/captures/packed/members/member-run.js';

const data = Buffer.from('bytes of one member');
const member = gzipSync(data);
/** Begins like a member, and has a reserved kind of block. */
const trap = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0, 7, 0]);

const runBehind = (traps: number): ReturnType<MemberRunner['run']> => {
  const bytes = Buffer.concat([...Array<Buffer>(traps).fill(trap), member]);
  return new MemberRunner().run(bytes, bytes.length, new Uint8Array(1000));
};

test('a range is read in order after so many places that look like a member and are none', () => {
  const start = (triesMax - 1) * trap.length;
  expect(runBehind(triesMax - 1)).toEqual({ start, end: start + member.length, length: data.length });
  expect(runBehind(triesMax)).toBeNull();
});

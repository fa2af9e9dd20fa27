import { addressBound, threadAddressBytes, threadsThatFit } from '../../../../src/captures/threads/address-room.js';

test('as many threads are used as the bound on address space has room for, one at least', () => {
  expect(threadsThatFit(8, null)).toBe(8);
  expect([0.1, 1.9, 2, 7.9, 9].map((times) => threadsThatFit(8, times * threadAddressBytes))).toEqual([1, 1, 2, 7, 8]);
});

test('the bound is that of /proc/self/limits, if there is one', () => {
  const limits = (value: string): string =>
    `Max locked memory         8388608              8388608              bytes\nMax address space         ${value}            unlimited            bytes\n`;
  expect(addressBound(limits('30720000000'))).toBe(30_720_000_000);
  expect([addressBound(limits('unlimited')), addressBound('')]).toEqual([null, null]);
});

import { isIPv6 as isIPv6OfNode } from 'node:net';
import { crc32 as crc32OfNode } from 'node:zlib';
import fc from 'fast-check';
import { isIPv6 } from '../../../../src/analyze/viewer/browser-modules/node.js';
import { crc32 } from '../../../../src/analyze/viewer/browser-modules/zlib.js';

test('CRC-32 is that of zlib, of pieces as of the whole', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (bytes, cut) => {
      const [first, rest] = [bytes.subarray(0, cut), bytes.subarray(cut)];
      expect(crc32(rest, crc32(first))).toBe(crc32OfNode(bytes));
    }),
  );
});

test.each([
  '::1',
  '2001:db8::1',
  '::ffff:192.0.2.1',
  '1:2:3:4:5:6:7:8',
  ':::',
  '1::2::3',
  '12345::',
  'g::',
  '',
  '1.2.3.4',
])("'%s' is an IPv6 address where Node says so", (text) => {
  expect(isIPv6(text)).toBe(isIPv6OfNode(text));
});

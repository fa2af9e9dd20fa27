import fc from 'fast-check';
import { proxyHeader, proxyHeaderBytesMax, type ProxyHeaderFound } from '../../../src/lb/proxy-header.js';

const text = (line: string): Buffer => Buffer.from(line, 'latin1');

/** A binary header; `rest` is what stands behind its length. */
function binary(command: number, family: number, rest: Buffer, length = rest.length): Buffer {
  const head = Buffer.from([...text('\r\n\r\n\0\r\nQUIT\n'), command, family, length >> 8, length & 0xff]);
  return Buffer.concat([head, rest]);
}

const addresses4 = Buffer.from([203, 0, 113, 7, 192, 0, 2, 1, 0x30, 0x39, 0x34, 0x19]);
const addresses6 = Buffer.from(`20010db8${'0'.repeat(23)}1${'0'.repeat(32)}30393419`, 'hex');
const fields = Buffer.from([0x05, 0, 2, 1, 2]);

describe('PROXY header', () => {
  const examples: readonly (readonly [string, Buffer, { host: string; port: number } | undefined])[] = [
    ['text, IPv4', text('PROXY TCP4 203.0.113.7 192.0.2.1 12345 13337\r\n'), { host: '203.0.113.7', port: 12345 }],
    ['text, IPv6', text('PROXY TCP6 2001:db8::1 ::1 12345 13337\r\n'), { host: '2001:db8::1', port: 12345 }],
    ['text, unknown', text('PROXY UNKNOWN\r\n'), undefined],
    ['text, unknown with words behind it', text('PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n'), undefined],
    ['binary, IPv4', binary(0x21, 0x11, addresses4), { host: '203.0.113.7', port: 12345 }],
    [
      'binary, IPv4 with a field',
      binary(0x21, 0x11, Buffer.concat([addresses4, fields])),
      { host: '203.0.113.7', port: 12345 },
    ],
    ['binary, IPv6', binary(0x21, 0x21, addresses6), { host: '2001:db8::1', port: 12345 }],
    ['binary, LOCAL', binary(0x20, 0x00, Buffer.alloc(0)), undefined],
    ['binary, LOCAL with addresses', binary(0x20, 0x11, addresses4), undefined],
    ['binary, a family that is not said', binary(0x21, 0x00, fields), undefined],
    ['binary, a Unix socket', binary(0x21, 0x31, Buffer.alloc(216)), undefined],
  ];

  test.each(examples)(
    '%s: names the client, asks for more until it is whole, and leaves what follows',
    (_, header, client) => {
      const whole: ProxyHeaderFound = { found: 'header', bytes: header.length, client };
      expect(proxyHeader(header)).toEqual(whole);
      expect(proxyHeader(Buffer.concat([header, text('1\n2\n')]))).toEqual(whole);
      for (let length = 0; length < header.length; length++)
        expect(proxyHeader(header.subarray(0, length))).toEqual({ found: 'more' });
    },
  );

  test.each([
    ['1\n', 'the first bytes are none'],
    ['PROXIED', 'the first bytes are none'],
    ['PROXY TCP4 203.0.113.7 192.0.2.1 12345\r\n', 'is not two TCP4 addresses and two ports'],
    ['PROXY TCP4 203.0.113.7 192.0.2.1 12345 65536\r\n', 'is not two TCP4 addresses and two ports'],
    ['PROXY TCP4 2001:db8::1 ::1 1 2\r\n', 'is not two TCP4 addresses and two ports'],
    ['PROXY TCP4 203.0.113.7 192.0.2.1 1 2 3\r\n', 'is not two TCP4 addresses and two ports'],
    ['PROXY UDP4 203.0.113.7 192.0.2.1 1 2\r\n', 'its protocol is "UDP4", not TCP4, TCP6 or UNKNOWN'],
    ['PROXY TCP4 203.0.113.7 192.0.2.1 1 2\n', 'its line ends in LF alone, not in CR LF'],
    [`PROXY UNKNOWN ${'x'.repeat(93)}`, 'its line has more than 107 bytes'],
  ])('%j is none, and it says why', (line, why) => {
    expect(proxyHeader(text(line))).toEqual({ found: 'none', why: expect.stringContaining(why) });
  });

  test.each([
    [binary(0x11, 0x11, addresses4), 'its version is 1, not 2'],
    [binary(0x22, 0x11, addresses4), 'its command is 2, not 0 (LOCAL) or 1 (PROXY)'],
    [binary(0x21, 0x11, addresses4.subarray(0, 11)), 'it has 11 bytes for addresses that need 12'],
    [binary(0x21, 0x11, Buffer.alloc(0), 0xffff), `it has 65551 bytes, over ${proxyHeaderBytesMax}`],
  ])('a binary header that is wrong is refused at once (%#)', (header, why) => {
    expect(proxyHeader(header)).toEqual({ found: 'none', why });
  });

  test('any bytes behind a right beginning give an answer, and none that needs more than the bound', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('PROXY ', 'PROXY TCP4 ', '\r\n\r\n\0\r\nQUIT\n'),
        fc.uint8Array({ maxLength: 64 }),
        (begin, rest) => {
          const found = proxyHeader(Buffer.concat([text(begin), rest]));
          if (found.found === 'header') expect(found.bytes).toBeLessThanOrEqual(begin.length + rest.length);
          const padded = Buffer.concat([text(begin), rest, Buffer.alloc(proxyHeaderBytesMax, '1')]);
          expect(proxyHeader(padded).found).not.toBe('more');
        },
      ),
    );
  });
});

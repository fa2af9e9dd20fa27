import fc from 'fast-check';

import { formatEndpoint, parseEndpoint } from '../../../src/pcap/endpoint.js';

describe('endpoints', () => {
  test.each([
    ['10.0.0.1:80', '10.0.0.1:80'],
    ['[::1]:443', '[::1]:443'],
    ['[2001:DB8:0:0:1:0:0:1]:53', '[2001:db8::1:0:0:1]:53'],
    ['[2001:db8:0:1:1:1:1:1]:53', '[2001:db8:0:1:1:1:1:1]:53'],
    ['[::ffff:1.2.3.4]:0', '[::ffff:1.2.3.4]:0'],
    ['[::]:65535', '[::]:65535'],
    ['[1::]:1', '[1::]:1'],
  ])('%s is written %s', (text, canonical) => {
    expect(formatEndpoint(parseEndpoint(text))).toBe(canonical);
  });

  test.each([
    '',
    '10.0.0.1',
    '10.0.0.1:',
    '10.0.0.1:65536',
    '10.0.0.1:-1',
    '10.0.0:80',
    '10.0.0.256:80',
    '010.0.0.1:80',
    '::1:80',
    '[::1]',
    '[1:2:3:4:5:6:7]:1',
    '[1:2:3:4:5:6:7:8:9]:1',
    '[1::2::3]:1',
    '[1:2:3:4:5:6:7::8]:x',
    '[12345::]:1',
    '[1.2.3.4::]:1',
    '[fe80::1%eth0]:1',
    'localhost:80',
  ])('"%s" is refused with the text and the forms understood', (text) => {
    expect(() => parseEndpoint(text)).toThrow(`"${text}" is no endpoint: give ADDRESS:PORT`);
  });

  test('what is written is read back as it was', () => {
    const address = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
    );
    fc.assert(
      fc.property(address, fc.integer({ min: 0, max: 65_535 }), (bytes, port) => {
        const read = parseEndpoint(formatEndpoint({ address: bytes, port }));
        expect([...read.address]).toEqual([...bytes]);
        expect(read.port).toBe(port);
      }),
    );
  });
});

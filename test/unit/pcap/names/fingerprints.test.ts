import crypto, { createHash } from 'node:crypto';
import { fingerprintsOf, ja3Text, ja4 } from '../../../../src/pcap/names/fingerprints.js';
import { helloOfRecords, helloRecordsMax, type ClientHello } from '../../../../src/pcap/names/tls-hello.js';
import { clientHello } from '../../../support/capture-builder/tls-traces.js';

const hello = (changes: Partial<ClientHello>): ClientHello => ({
  ...{ version: 0x0303, ciphers: [], extensions: [], serverName: null, protocols: [] },
  ...{ versions: [], groups: [], pointFormats: [], signatureAlgorithms: [] },
  ...changes,
});
const numbers = (text: string): number[] => text.split(',').map((digits) => parseInt(digits, 16));
const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

describe('JA4', () => {
  // The example of technical_details/JA4.md, with values of GREASE as browsers put them in.
  const chrome = hello({
    ciphers: numbers('1a1a,1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035'),
    extensions: numbers('2a2a,001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015'),
    versions: numbers('3a3a,0304,0303'),
    protocols: ['h2', 'http/1.1'],
    signatureAlgorithms: numbers('0403,0804,0401,0503,0805,0501,0806,0601'),
  });

  test('is that of the published example', () => {
    expect(ja4(chrome, 't')).toBe('t13d1516h2_8daaf6152771_e5627efa2ab1');
    expect(ja4(chrome, 'q')).toBe('q13d1516h2_8daaf6152771_e5627efa2ab1');
  });

  test('of a hello without any list has zeros', () => {
    expect(ja4(hello({}), 't')).toBe('t12i000000_000000000000_000000000000');
  });

  test('tells the protocol by its digits where an end of it is no letter', () => {
    expect(ja4({ ...chrome, protocols: ['\xab'] }, 't')).toMatch(/^t13d1516ab_/);
    expect(ja4({ ...chrome, protocols: ['h\xcd'] }, 't')).toMatch(/^t13d15166d_/);
  });
});

describe('JA3', () => {
  // The examples of its README.
  test.each([
    ['769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0', 'ada70206e40642a3e4461f35503241d5'],
    ['769,4-5-10-9-100-98-3-6-19-18-99,,,', 'de350869b8c85de67a350c8d186f11e6'],
  ])('of %s is that of the published example', (text, hash) => {
    const [version, ...lists] = text.split(',').map((list) => (list === '' ? [] : list.split('-').map(Number)));
    const [ciphers, extensions, groups, pointFormats] = lists;
    const told = ja3Text(
      hello({ version: version[0], ciphers: [0x0a0a, ...ciphers], extensions, groups, pointFormats }),
    );
    expect([told, md5(told)]).toEqual([text, hash]);
  });
});

describe('both fingerprints', () => {
  const base = hello({
    ...{ ciphers: [0x0a0a, 1, 2], extensions: [0, 10, 3], groups: [4], pointFormats: [5], signatureAlgorithms: [6] },
    ...{ protocols: ['h2'], versions: [0x0304] },
  });

  test('are those of each hello, whatever was asked before', () => {
    const others: Partial<ClientHello>[] = [
      ...[
        {},
        { version: 0x0301 },
        { ciphers: [1] },
        { ciphers: [1, 2, 0] },
        { extensions: [0, 10] },
        { groups: [4, 5] },
      ],
      ...[
        { pointFormats: [] },
        { groups: [], pointFormats: [4, 5] },
        { signatureAlgorithms: [7] },
        { protocols: ['x2'] },
      ],
      ...[{ protocols: [] }, { versions: [] }, { ciphers: [1, 2], extensions: [0, 0x1a1a, 10, 3] }],
    ];
    for (const changes of [...others, ...others]) {
      const changed = { ...base, ...changes };
      for (const over of ['t', 'q'] as const)
        expect(fingerprintsOf(changed, over)).toEqual({ ja3: md5(ja3Text(changed)), ja4: ja4(changed, over) });
    }
  });

  test('of a hello are made once, but those of one that is far longer than those of clients', () => {
    const made = jest.spyOn(crypto, 'createHash');
    const timesMade = (ciphers: number): number => {
      made.mockClear();
      const asked = { ...base, ciphers: Array.from({ length: ciphers }, (_, i) => i) };
      for (let i = 0; i < 3; i++) fingerprintsOf(asked, 't');
      return made.mock.calls.length;
    };
    expect([timesMade(400), timesMade(500)]).toEqual([3, 9]);
    made.mockRestore();
  });
});

describe('a ClientHello', () => {
  const bytes = Buffer.from(
    clientHello({
      ...{ name: 'A.Example', ciphers: [0x1301, 0x1302], groups: [29], algorithms: [0x0403], alpn: ['h2'] },
      ...{ versions: [0x0304], others: [23], padding: 5 },
    }),
  );

  test('is read whole', () => {
    expect(helloOfRecords(bytes)).toEqual({
      ...{ version: 0x0303, ciphers: [0x1301, 0x1302], extensions: [0, 10, 13, 16, 43, 23, 21] },
      ...{ serverName: 'a.example', protocols: ['h2'], versions: [0x0304], groups: [29] },
      ...{ pointFormats: [], signatureAlgorithms: [0x0403] },
    });
  });

  test('goes on behind every place at which it is cut', () => {
    for (let length = 0; length < bytes.length; length++)
      expect(helloOfRecords(bytes.subarray(0, length))).toBe('more');
  });

  test('may lie in several records', () => {
    const record = (part: Buffer): Buffer => Buffer.concat([Buffer.from([22, 3, 1, 0, part.length]), part]);
    const message = bytes.subarray(5);
    const parts = [message.subarray(0, 3), message.subarray(3, 60), message.subarray(60)].map(record);
    expect(helloOfRecords(Buffer.concat(parts))).toEqual(helloOfRecords(bytes));
    expect(helloOfRecords(Buffer.concat(parts.slice(0, 2)))).toBe('more');
  });

  test.each([
    ['another content type', 0, 23],
    ['another message', 5, 2],
    ['a list that is longer than the message', 43, 200],
  ])('with %s is malformed', (_what, at, value) => {
    const changed = Buffer.from(bytes);
    changed[at] = value;
    expect(helloOfRecords(changed)).toBe('malformed');
  });

  test('of more records than are read is malformed, however short they are', () => {
    const inRecords = (count: number): Buffer => {
      const message = bytes.subarray(5);
      const cut = (i: number): Buffer => message.subarray(i, i === count - 1 ? undefined : i + 1);
      const parts = Array.from({ length: count }, (_, i) => cut(i));
      return Buffer.concat(parts.flatMap((part) => [Buffer.from([22, 3, 1, 0, part.length]), part]));
    };
    expect(helloOfRecords(inRecords(helloRecordsMax))).toEqual(helloOfRecords(bytes));
    expect(helloOfRecords(inRecords(helloRecordsMax + 1))).toBe('malformed');
  });

  test.each([
    ['a name of 255 bytes is told', 'n'.repeat(255), 'n'.repeat(255)],
    ['a longer one, which is no name of a host, is malformed', 'n'.repeat(256), undefined],
    ['an empty one is malformed', '', undefined],
    ['a dot at its end is left out, as of names of DNS', 'Upper.Example.', 'upper.example'],
    ['a dot alone stays', '.', '.'],
  ])('%s', (_what, name, told) => {
    const hello = helloOfRecords(Buffer.from(clientHello({ name })));
    expect(typeof hello === 'string' ? hello : hello.serverName).toBe(told ?? 'malformed');
  });

  test('an empty protocol of ALPN is malformed', () => {
    expect(helloOfRecords(Buffer.from(clientHello({ name: null, alpn: [''] })))).toBe('malformed');
  });

  test.each([
    [['h2'], 'a.example'],
    [[], 'a.example'],
    [['h2'], null],
  ])('with no extension but ALPN %j and a name %j has no hash of extensions in JA4', (alpn, name) => {
    const hello = helloOfRecords(Buffer.from(clientHello({ name, alpn })));
    expect(ja4(hello as ClientHello, 't')).toMatch(/_000000000000$/);
  });

  test('of more than 16 KiB, and a record without content, are malformed', () => {
    const long = Buffer.from(bytes);
    long[7] = 0x41;
    expect(helloOfRecords(long)).toBe('malformed');
    expect(helloOfRecords(Buffer.from([22, 3, 1, 0, 0]))).toBe('malformed');
  });
});

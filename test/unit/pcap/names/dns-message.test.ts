import { readDnsMessage, walkAnswers, type DnsMessage } from '../../../../src/pcap/names/dns-message.js';

const header = '1234818000010001' + '00000000';
const read = (hex: string, wire?: number): DnsMessage => {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  return readDnsMessage(bytes, 0, bytes.length, wire ?? bytes.length)!;
};

describe('a DNS message', () => {
  test('its name is in lower case, and bytes that are not printed are told as RFC 1035 does', () => {
    expect(read(`${header} 03574157 04612e5c20 00 0001 0001`)).toMatchObject({
      ...{ id: 0x1234, isResponse: true, responseCode: 0, name: 'waw.a\\046\\092\\032', type: 1, problem: null },
    });
  });

  test('a pointer leads back to a name before it', () => {
    expect(read(`123401000002000000000000 0161 0162 00 0001 0001 0163 c00c 0001 0001`).problem).toBeNull();
    expect(read(`123401000001000000000000 0163 c00c 0001 0001`)).toMatchObject({ name: null, problem: 'malformed' });
  });

  test.each([
    ['to itself', 'c00c'],
    ['ahead', 'c010 0001 0001 0161 00'],
    ['into the header', 'c002'],
    ['that is cut', 'c0'],
  ])('a pointer %s is malformed', (_where, name) => {
    expect(read(`123401000001000000000000 ${name}`)).toMatchObject({ name: null, problem: 'malformed' });
  });

  test('a name of more than 255 octets, and a label of more than 63, are malformed', () => {
    const label = '3f' + '61'.repeat(63);
    expect(read(`${header} ${label.repeat(3)} 3d${'61'.repeat(61)} 00 0001 0001`).problem).toBeNull();
    expect(read(`${header} ${label.repeat(4)} 00 0001 0001`).problem).toBe('malformed');
    expect(read(`${header} 40${'61'.repeat(64)} 00 0001 0001`).problem).toBe('malformed');
  });

  test('what was not captured is cut and not malformed', () => {
    expect(read(`${header} 0361`, 40)).toMatchObject({ name: null, problem: 'cut' });
    expect(read(`${header} 0161 00 00`, 40)).toMatchObject({ name: null, problem: 'cut' });
    expect(readDnsMessage(Buffer.alloc(11), 0, 11, 40)).toBeNull();
  });

  test('its answers are walked through to the first that is not whole', () => {
    const bytes = Buffer.from(`${header}0161000001000${'1'}c00c000100010000003c0004c0000201c00c001c`, 'hex');
    const message = { ...readDnsMessage(bytes, 0, bytes.length, bytes.length)!, answers: 2 };
    const seen: number[] = [];
    const visit = ({ type, dataAt, dataBytes }: { type: number; dataAt: number; dataBytes: number }): unknown =>
      seen.push(type, dataBytes, bytes[dataAt]);
    expect(walkAnswers(bytes, 0, bytes.length, bytes.length, message, visit)).toBe('malformed');
    expect(walkAnswers(bytes, 0, bytes.length, 100, { ...message }, () => undefined)).toBe('cut');
    expect(seen).toEqual([1, 4, 192]);
  });
});

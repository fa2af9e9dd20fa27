import {
  address4,
  classicCapture,
  frame,
  ipv4,
  linkTypes,
  protocols,
  tcp,
  udp,
} from '../../support/capture-builder.js';
import { scanOptions, scanFacts } from '../../support/engine.js';
import { takeOut } from '../../support/extract-chunks.js';

const tagLists = [[], [0x8100], [0x88a8], [0x9100, 0x8100], [0x88a8, 0x8100, 0x8100]];
const filterTags = 'transparent';

function packets(linkType: number, tags: (i: number) => readonly number[]): { bytes: Uint8Array }[] {
  return Array.from({ length: 40 }, (_, i) => {
    const ports = { source: 1024 + i, target: i % 2 === 0 ? 80 : 443 };
    const isUdp = i % 3 === 0;
    const packet = ipv4({
      source: address4(i % 5),
      target: address4(9),
      protocol: isUdp ? protocols.udp : protocols.tcp,
      payload: isUdp ? udp(ports) : tcp(ports),
    });
    return { bytes: frame(linkType, 4, packet, { tags: tags(i) }) };
  });
}

const filters = ['ip', 'tcp port 80', 'not udp', 'host 10.0.0.9 and dst port 443', 'ip[8] > 0', 'ip6 or arp'];

test.each([linkTypes.ethernet, linkTypes.linuxCooked, linkTypes.linuxCooked2, linkTypes.ciscoHdlc])(
  'of link type %i the filter sees what it sees without tags',
  (linkType) => {
    const tagged = classicCapture(
      packets(linkType, (i) => tagLists[i % tagLists.length]),
      { linkType },
    );
    const plain = classicCapture(
      packets(linkType, () => []),
      { linkType },
    );
    for (const filter of filters) {
      const { packets: without } = scanFacts(plain, { ...scanOptions, filter });
      const seen = scanFacts(tagged, { ...scanOptions, filter, filterTags });
      expect([filter, seen.packets]).toEqual([filter, without]);
      expect(seen.filter).toMatchObject({ expression: filter, tags: 'transparent' });
      // The counts are of the packets as they are.
      expect(seen.ipv4).toBe(filter === 'ip6 or arp' ? 0 : without);
    }
    const asTcpdump = scanFacts(tagged, { ...scanOptions, filter: 'ip' });
    expect(asTcpdump.packets).toBe(8);
  },
);

test('packets come out with their tags, byte for byte', () => {
  const tagged = classicCapture(packets(linkTypes.ethernet, (i) => tagLists[i % tagLists.length]));
  expect(takeOut(tagged, { filter: 'ip', filterTags }).bytes.equals(Buffer.from(tagged))).toBe(true);
});

test('a packet that is cut within its tags, or is all tags, is looked at and left as it is', () => {
  const whole = frame(linkTypes.ethernet, 4, new Uint8Array(40), { tags: [0x8100, 0x8100] });
  const cut = Array.from({ length: whole.length }, (_, length) => ({ bytes: whole.subarray(0, length) }));
  const endless = { bytes: new Uint8Array(300).map((_each, i) => (i % 4 === 0 ? 0x81 : 0)) };
  const capture = classicCapture([...cut, endless]);
  expect(takeOut(capture, { filter: 'len >= 0', filterTags }).bytes.equals(Buffer.from(capture))).toBe(true);
  const { packets: matched } = scanFacts(capture, { ...scanOptions, filter: 'ip', filterTags });
  expect(matched).toBe(whole.length - (14 + 8));
});

test("'vlan' is refused where tags are not seen", () => {
  expect(() => scanFacts(new Uint8Array(24), { ...scanOptions, filter: 'vlan and tcp', filterTags })).toThrow(
    'leave out one of them',
  );
});

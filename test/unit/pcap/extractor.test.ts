import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../../src/common/version.js';
import { linkTypeOf } from '../../../src/filter/link-types.js';
import { Extractor, type ExtractOptions } from '../../../src/pcap/extractor.js';
import { tcpdumpMissing } from '../../support/bpf-oracle.js';
import { adversarial } from '../../support/capture-builder.js';
import { push, scanModule, scanOptions, scanWhole, type Pieces } from '../../support/engine.js';
import { scratchFolder } from '../../support/scratch.js';
import { sharedCaptures } from '../../support/shared-captures.js';
import { fivePackets, smallCapture } from '../../support/small-capture.js';

function extracted(bytes: Uint8Array, options: ExtractOptions, pieces?: Pieces): Buffer {
  const out: Buffer[] = [];
  const extractor = new Extractor(scanModule, options, (taken) => out.push(Buffer.from(taken)));
  push(extractor, bytes, 0, pieces ?? [bytes.length]);
  extractor.end();
  return Buffer.concat(out);
}

const five = smallCapture(fivePackets);

test('the records that match stand behind the header of the capture', () => {
  const buffer = Buffer.from(five);
  const firstEnd = 24 + 16 + buffer.readUInt32LE(24 + 8);
  const udp = extracted(five, { filter: 'udp' });
  expect(udp.subarray(0, 24)).toEqual(buffer.subarray(0, 24));
  expect(udp.subarray(24)).toEqual(buffer.subarray(buffer.length - udp.length + 24));
  expect(extracted(five, { filter: 'ip and not ip' })).toEqual(buffer.subarray(0, 24));
  expect(extracted(five, {})).toEqual(buffer);
  expect(extracted(five, { packetsMax: 1n })).toEqual(buffer.subarray(0, firstEnd));
});

test('a little-endian header comes out as libpcap writes it, any other one as it is', () => {
  const headerOf = (change: (header: Buffer) => void): string => {
    const bytes = Buffer.from(five);
    change(bytes);
    return extracted(bytes, {}).subarray(4, 24).toString('hex');
  };
  const usual = headerOf(() => undefined);
  expect(headerOf((header) => header.writeInt32LE(-3600, 8))).toBe(usual);
  expect(headerOf((header) => header.writeUInt32LE(6, 12))).toBe(usual);
  expect(headerOf((header) => header.writeUInt16LE(3, 6))).toBe(usual);
  for (const snapLength of [0, 0x8000_0000, 0xffff_ffff])
    expect(headerOf((header) => header.writeUInt32LE(snapLength, 16))).toBe(`${usual.slice(0, 24)}0000040001000000`);
  for (const raw of [12, 14, 101])
    expect(headerOf((header) => header.writeUInt32LE(0x1400_0000 + raw, 20))).toMatch(/65000014$/);
  const bigEndian = Buffer.from(five).fill(0, 24);
  bigEndian.write('a1b2c3d400020004ffffffff000000060000000000000001', 'hex');
  expect(extracted(bigEndian.subarray(0, 24), {})).toEqual(bigEndian.subarray(0, 24));
});

test('what is gathered is handed over once so much is there, and the rest at the end', () => {
  const bytes = adversarial.plain(60);
  for (const gatherBytes of [0, 1, 1000, 1e9]) {
    const out: Buffer[] = [];
    const extractor = new Extractor(scanModule, {}, (taken) => out.push(Buffer.from(taken)), undefined, gatherBytes);
    push(extractor, bytes, 0, [300]);
    const before = out.length;
    extractor.end();
    expect(out.slice(0, before).every(({ length }) => length >= Math.max(1, gatherBytes))).toBe(true);
    expect(before > 1).toBe(gatherBytes < 1e9);
    expect(Buffer.concat(out).equals(bytes)).toBe(true);
  }
});

const captures = {
  'plain classic': adversarial.plain(60),
  'captures inside packets': adversarial.capturesInside(3, 20),
  'plain pcapng': adversarial.plainPcapng(40),
  'pcapng whose state changes': adversarial.restlessPcapng(4, 6),
};

describe.each(Object.entries(captures))('%s', (_, bytes) => {
  test('what comes out, counted, is what the filter counts', () => {
    for (const filter of ['tcp', 'not tcp', 'len > 90', 'ip and not ip']) {
      const { filter: asked, ...counted } = scanWhole(bytes, { ...scanOptions, filter }) as { filter?: object };
      expect(asked).toBeDefined();
      expect(scanWhole(extracted(bytes, { filter }))).toEqual(counted);
    }
  });

  test('however the bytes arrive, the same come out', () => {
    const whole = extracted(bytes, { filter: 'len > 90' });
    for (const pieces of [[1], [7], [100, 3, 1]]) {
      const repeated = Array.from({ length: bytes.length }, (_none, i) => pieces[i % pieces.length]);
      expect(extracted(bytes, { filter: 'len > 90' }, repeated).equals(whole)).toBe(true);
    }
  });
});

test('an instance that has extracted counts again as any other', () => {
  const before = scanWhole(five);
  extracted(five, { filter: 'tcp' });
  expect(scanWhole(five)).toEqual(before);
});

test('a record that is larger than the window is refused in words', () => {
  const block = Buffer.alloc(5 * 1024 * 1024);
  block.writeUInt32LE(0x0a0d0d0b, 0);
  block.writeUInt32LE(block.length, 4);
  block.writeUInt32LE(block.length, block.length - 4);
  const pcapng = Buffer.concat([adversarial.plainPcapng(1), block]);
  expect(() => extracted(pcapng, {})).toThrow(`a record of ${block.length} bytes is over the 4194304`);
});

const missing = tcpdumpMissing();
const described = missing === null ? describe : describe.skip;
if (missing !== null) process.stderr.write(`skipped: extraction is not compared with tcpdump: ${missing}\n`);

described('captures extracted by tcpdump -O -w', () => {
  const scratch = scratchFolder();
  const folder = join(projectRoot, 'captures');
  const files = [
    ...readdirSync(folder)
      .filter((name) => name.endsWith('.pcap'))
      .map((name) => join(folder, name)),
    ...sharedCaptures().map(({ path }) => path),
  ].filter((path) => {
    const head = readFileSync(path).subarray(0, 24);
    return head.length === 24 && /^(d4c3b2a1|4d3cb2a1)02000400/.test(head.toString('hex'));
  });

  test.each(files)('%s', (path) => {
    const bytes = readFileSync(path);
    const nano = bytes[0] === 0x4d ? ['--nano'] : [];
    const whole = scanWhole(bytes);
    // tcpdump cuts packets that are longer than its limit, and leaves damaged files half way.
    if (whole.error !== null || whole.truncated) return;
    if (Object.keys(whole.link_types).some((type) => linkTypeOf(Number(type)).kind === 'opaque')) return;
    for (const filter of ['tcp', 'not udp', 'len > 100 or link[0] = 0']) {
      const out = join(scratch.path, 'out.pcap');
      try {
        execFileSync('tcpdump', ['-n', '-O', ...nano, '-r', path, '-w', out, filter], { stdio: 'ignore' });
      } catch {
        continue;
      }
      const theirs = readFileSync(out);
      const ours = extracted(bytes, { filter });
      expect([filter, ours.equals(theirs)]).toEqual([filter, true]);
    }
  });
});

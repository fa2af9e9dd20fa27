import type { CaptureFacts } from '../../../src/pcap/report-types.js';
import { adversarial, classicCapture, PcapngBuilder } from '../../support/capture-builder.js';
import { expectSameBytes } from '../../support/compare.js';
import { headerOf, plansAt, scanOptions, scanSplit, scanWhole } from '../../support/engine.js';

const dBus = 231;
const mebibyte = 1024 * 1024;
const frame = adversarial.segment(0, new Uint8Array(100));
const windowPieces = [3 * mebibyte, 1, 999_983];

describe('records larger than the window', () => {
  const long = new Uint8Array(9 * mebibyte);
  const classic = classicCapture([{ bytes: frame }, { bytes: long }, { bytes: frame }], { linkType: dBus });
  const packet = new Uint8Array(5 * mebibyte);
  packet.set(frame);
  const blocks = new PcapngBuilder()
    .section()
    .interface()
    .enhanced({ bytes: frame })
    .block(0x0bad, long)
    .enhanced({ bytes: packet })
    .enhanced({ bytes: frame })
    .bytes();

  test('are counted in a classic capture', () => {
    const report = scanWhole(classic) as CaptureFacts;
    expect(report).toMatchObject({ packets: 3, captured_bytes: long.length + 2 * frame.length, truncated: false });
    expectSameBytes(scanWhole(classic, scanOptions, windowPieces), report);
  });

  test('are counted or skipped in pcapng, and their first bytes decoded', () => {
    const report = scanWhole(blocks) as CaptureFacts;
    expect(report).toMatchObject({ packets: 3, ipv4_tcp: 3, conversations: 1, error: null, truncated: false });
    expectSameBytes(scanWhole(blocks, scanOptions, windowPieces), report);
  });

  test('that are cut by the end of the file are not counted', () => {
    for (const cut of [1, 4, 5, 100, 3 * mebibyte, 8 * mebibyte]) {
      const report = scanWhole(classic.subarray(0, classic.length - frame.length - 16 - cut)) as CaptureFacts;
      expect(report).toMatchObject({ packets: 1, truncated: true, truncated_offset: 24 + 16 + frame.length });
      expect(report).toMatchObject({ truncated_claimed: 16 + long.length, truncated_held: 16 + long.length - cut });
    }
  });

  test('that claim more than any file holds are told with their claim, and take no memory', () => {
    const sound = new PcapngBuilder().section().interface().enhanced({ bytes: frame }).bytes();
    const claims = 0xffff_fffc;
    const head = Buffer.alloc(100);
    head.writeUInt32LE(6, 0);
    head.writeUInt32LE(claims, 4);
    const report = scanWhole(Buffer.concat([sound, head]));
    expect(report).toMatchObject({ packets: 1, truncated: true, truncated_offset: sound.length });
    expect(report).toMatchObject({ truncated_claimed: claims, truncated_held: 100 });
    // Of seven bytes nobody can say what they claim.
    expect(scanWhole(Buffer.concat([sound, head.subarray(0, 7)]))).not.toHaveProperty('truncated_claimed');
  });

  test('whose two lengths differ are damage', () => {
    const bytes = new PcapngBuilder().section().interface().enhanced({ bytes: frame }).bytes();
    const bad = new PcapngBuilder()
      .section()
      .interface()
      .enhanced({ bytes: frame })
      .block(0x0bad, long, { lastLength: 8 });
    const report = scanWhole(bad.enhanced({ bytes: frame }).bytes()) as CaptureFacts;
    expect(report).toMatchObject({ packets: 1, error: 'damaged', error_offset: bytes.length });
  });

  test.each([
    ['classic', classic],
    ['pcapng', blocks],
  ])('may hold cuts: %s', (_form, file) => {
    const whole = scanWhole(file);
    const header = headerOf(file);
    const cuts = [100, 3 * mebibyte, 4 * mebibyte + 1, 8 * mebibyte, file.length - 20].filter(
      (cut) => cut < file.length,
    );
    expectSameBytes(scanSplit(file, plansAt(header, cuts)).report, whole);
    for (const cut of cuts) expectSameBytes(scanSplit(file, plansAt(header, [cut])).report, whole);
  });
});

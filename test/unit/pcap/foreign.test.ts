import { describeForeign, looksTransferredAsText } from '../../../src/pcap/foreign.js';
import { classicCapture, join } from '../../support/capture-builder.js';
import { scanWhole } from '../../support/engine.js';

const bytes = (hex: string, rest = 600): Uint8Array => Buffer.concat([Buffer.from(hex, 'hex'), Buffer.alloc(rest, 1)]);
const text = (words: string): Uint8Array => Buffer.from(words, 'latin1');
const capture = classicCapture([{ bytes: new Uint8Array(60) }, { bytes: new Uint8Array(70) }]);

describe('a file that is no capture is named, with the command that helps', () => {
  test.each<[string, Uint8Array, RegExp]>([
    ['btsnoop', text('btsnoop\0rest of it'), /btsnoop.*editcap -F pcap FILE OUT\.pcap/],
    ['snoop', text('snoop\0\0\0rest of it'), /snoop capture \(Solaris\).*editcap/],
    ['Network Monitor', text('GMBU....'), /Network Monitor.*editcap/],
    ['xz', bytes('fd377a585a000004'), /xz -dc FILE \| trireme analyze -/],
    ['bzip2', text('BZh91AY&SY'), /bzip2 -dc FILE/],
    ['zip', bytes('504b0304'), /unzip -p FILE/],
    ['7z', bytes('377abcaf271c'), /7z x -so FILE/],
    ['compress', bytes('1f9d90'), /gzip -dc FILE/],
    ['tar', Buffer.concat([Buffer.alloc(257, 65), text('ustar\0')]), /tar -xf FILE/],
    ['HTML', text('\n<!DOCTYPE html><html>'), /HTML or XML page/],
    ['UTF-16', bytes('fffed400c300b200a100'), /UTF-16 text, as the > of PowerShell/],
    ['pcapng, line ends to CR LF', bytes('0d0a0d0d0d0a1c000000'), /transfer it again in binary mode/],
    ['pcapng, line ends to LF', bytes('0a0d0a1c0000004d3c2b1a'), /transfer it again in binary mode/],
    ['text in front', join(text('tcpdump: listening on eth0\n'), capture), /begins at offset 27.*tail -c \+28 FILE/],
    ['text', text('0000 00 01 02 03\n'), /it is text and no capture; .*text2pcap/],
    ['anything else', bytes('0102030405'), /^unknown magic 0x01020304$/],
    ['three bytes', bytes('010203', 0), /^unknown magic 0x010203$/],
  ])('%s', (_name, first, words) => expect(describeForeign(first)).toMatch(words));

  test('the words do not depend on how the bytes arrive', () => {
    const file = join(text('tcpdump: listening on eth0\n'.repeat(10)), capture);
    expect(scanWhole(file, undefined, [1])).toEqual(scanWhole(file));
    expect(scanWhole(file)).toMatchObject({ error: 'not-a-capture', error_detail: expect.stringContaining('270') });
  });
});

describe('versions', () => {
  const report = (version: [number, number]) => scanWhole(classicCapture([{ bytes: new Uint8Array(60) }], { version }));

  test.each<[number, number]>([
    [1, 2],
    [2, 5],
    [3, 0],
    [543, 1],
  ])('pcap %i.%i is refused', (major, minor) => {
    expect(report([major, minor])).toEqual({
      error: 'not-a-capture',
      error_detail: `pcap version ${major}.${minor} is not read; versions 2.0 to 2.4 are`,
    });
  });

  test('pcap 2.0 to 2.4 are read', () => {
    for (const minor of [0, 1, 2, 3, 4]) expect(report([2, minor])).toMatchObject({ packets: 1, error: null });
  });
});

test('another capture behind a capture is told with its offset, and the first one is counted', () => {
  const joined = join(capture, capture);
  expect(scanWhole(joined)).toMatchObject({ packets: 2, error: 'damaged', error_offset: capture.length });
  expect(scanWhole(joined)).toMatchObject({ error_detail: expect.stringMatching(/another pcap capture.*mergecap/) });
});

test('a record of no bytes is a packet', () => {
  expect(scanWhole(classicCapture([{ bytes: new Uint8Array(0) }]))).toMatchObject({ packets: 1, error: null });
});

test('a transfer as text shows in its line ends', () => {
  expect(looksTransferredAsText(text('a\r\nb\r\nc\r\n'))).toBe(true);
  expect(looksTransferredAsText(text('a\r\nb\r\nc\n'))).toBe(false);
  expect(looksTransferredAsText(text('a\r\n'))).toBe(false);
});

describe('formats without a magic of their own are not taken for each other', () => {
  const sample = Buffer.alloc(600);
  for (let i = 0; i < sample.length; i++) sample[i] = (i * 7919) >> 3;

  test('noise, zeros and short files are none of them', () => {
    expect(describeForeign(sample)).toMatch(/^unknown magic/);
    expect(describeForeign(Buffer.alloc(600))).toMatch(/^unknown magic/);
    for (let length = 1; length < 40; length++)
      expect(describeForeign(Buffer.alloc(length, 1))).toMatch(/^unknown magic/);
  });

  test('a capture behind a long greeting is found', () => {
    expect(describeForeign(join(text('Welcome to this machine!\n'.repeat(100)), capture))).toMatch(
      /begins at offset 2500,/,
    );
  });
});

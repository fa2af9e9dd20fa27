import { closeSync, openSync } from 'node:fs';
import { loadScanModule } from '../../../src/captures/scan/scan-module.js';
import { knowingFirstOf } from '../../../src/master/first-time-of.js';
import type { CaptureBytes } from '../../../src/master/open-capture.js';
import { PcapngBuilder } from '../../support/capture-builder.js';
import { scratchFolder } from '../../support/scratch.js';
import { fivePackets, smallCapture } from '../../support/small-capture.js';

const scratch = scratchFolder();
const span = { after: '+1000000000', before: null };
const source = { url: 'http://h/c.pcap', prefix: null, identity: { sizeBytes: 1, etag: '', lastModified: '' } };

/** What is known of a capture, in a file and at a URL of which these are the first bytes. */
function known(bytes: Uint8Array): { inFile: unknown; atUrl: unknown } {
  const fd = openSync(scratch.file('capture', bytes), 'r');
  const ask = (where: CaptureBytes): unknown => knowingFirstOf(loadScanModule(), where, { span });
  try {
    return {
      inFile: ask({ at: 'file', fd, first: bytes.subarray(0, 24) }),
      atUrl: ask({ at: 'url', source, first: bytes }),
    };
  } finally {
    closeSync(fd);
  }
}

const packet = { bytes: new Uint8Array(60), time: 5_000_000n };
const timed = new PcapngBuilder().section().interface().enhanced(packet).bytes();
const untimed = new PcapngBuilder().section().interface().simple(packet.bytes).enhanced(packet).bytes();

test('chunks know the time of the first packet, wherever the capture is', () => {
  const { inFile, atUrl } = known(timed);
  expect(inFile).toMatchObject({ span: { ...span, first: '5000000000' } });
  expect(atUrl).toEqual(inFile);
  expect(known(smallCapture(fivePackets)).inFile).toMatchObject({ span: { first: expect.stringMatching(/^\d+$/) } });
});

test('where the first packet has no time only one chunk of all finds the first one that has', () => {
  expect(known(untimed)).toEqual({ inFile: null, atUrl: null });
});

test('other bounds need nothing', () => {
  const scan = { span: { after: '7', before: null } };
  const bytes: CaptureBytes = { at: 'url', source, first: new Uint8Array(0) };
  expect(knowingFirstOf(loadScanModule(), bytes, scan)).toBe(scan);
});

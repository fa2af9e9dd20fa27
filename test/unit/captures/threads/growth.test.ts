import { openCapture } from '../../../../src/captures/file/capture-file.js';
import { GrowthWatch } from '../../../../src/captures/threads/growth-watch.js';
import { scanFile } from '../../../../src/captures/whole/scan-file.js';
import { ScanThreads } from '../../../../src/captures/threads/scan-threads.js';
import { entriesCheap, growsTooFast, packetsPerEntryMin } from '../../../../src/captures/threads/thread-plan.js';
import { toCanonicalJson } from '../../../../src/pcap/rows/json-pieces.js';
import { classicHeader } from '../../../support/capture-builder.js';
import { scanOptions } from '../../../support/engine.js';
import { scratchFolder } from '../../../support/scratch.js';

const scratch = scratchFolder();
const MiB = 2 ** 20;

describe('a table grows too fast for splitting', () => {
  const before = { entries: 2 * entriesCheap, packets: 1_000_000 };

  test('when fewer packets come for each new entry than pay', () => {
    const now = (packets: number) => ({ entries: before.entries + 1000, packets: before.packets + packets });
    expect(growsTooFast(before, now(1000 * packetsPerEntryMin - 1))).toBe(true);
    expect(growsTooFast(before, now(1000 * packetsPerEntryMin))).toBe(false);
  });

  test('only when it is too large to be merged in no time', () => {
    const none = { entries: 0, packets: 0 };
    expect(growsTooFast(none, { entries: entriesCheap, packets: entriesCheap })).toBe(false);
    expect(growsTooFast(none, { entries: entriesCheap + 1, packets: entriesCheap + 1 })).toBe(true);
  });

  test('judged from the second look on, by what came between two looks', () => {
    const table = { entries: 0, packets: 0 };
    const watch = new GrowthWatch(100, () => ({ ...table }));
    const pass = (entries: number, packets: number): boolean => {
      table.entries += entries;
      table.packets += packets;
      return watch.passed(100);
    };
    expect(pass(50_000, 50_000)).toBe(false);
    expect(pass(100, 50_000)).toBe(false);
    expect(watch.passed(99)).toBe(false);
    expect(watch.looks).toBe(2);
    expect(pass(40_000, 50_000)).toBe(true);
  });
});

/**
 * A capture of UDP packets of 50 bytes with their headers, each of the conversation that `of` gives it a number for.
 */
function capture(name: string, packets: number, of: (packet: number) => number): string {
  const header = classicHeader();
  const bytes = Buffer.alloc(header.length + packets * 54);
  bytes.set(header);
  for (let i = 0; i < packets; i++) {
    const at = header.length + i * 54;
    bytes.writeUInt32LE(1_700_000_000 + Math.floor(i / 1000), at);
    bytes.writeUInt32LE(38, at + 8);
    bytes.writeUInt32LE(60, at + 12);
    bytes.writeUInt16BE(0x0800, at + 28);
    bytes[at + 30] = 0x45;
    bytes[at + 39] = 17;
    bytes.writeUInt32BE(0x0a00_0000 + of(i), at + 42);
    bytes.writeUInt32BE(0x0b00_0000, at + 46);
    bytes.writeUInt32BE(0x0035_0035, at + 50);
  }
  return scratch.file(name, bytes);
}

/** The answer of two cores, and whether other threads were called in. */
async function scan(name: string, threadsMax: number): Promise<{ readonly json: string; readonly started: boolean }> {
  const fed = jest.spyOn(ScanThreads.prototype, 'feed');
  const file = openCapture(name);
  try {
    const settings = { scan: scanOptions, top: 100, sort: 'bytes', threadsMax, threadBytesMin: 8 * MiB } as const;
    const json = toCanonicalJson(await scanFile(file, settings));
    return { json, started: fed.mock.calls.length > 0 };
  } finally {
    file.close();
    fed.mockRestore();
  }
}

describe('a large file on two cores', () => {
  const packets = 400_000;

  test('is split when its conversations are few', async () => {
    const file = capture('few.pcap', packets, (i) => i % 1000);
    const { json, started } = await scan(file, 2);
    expect(started).toBe(true);
    expect(json).toBe((await scan(file, 1)).json);
  });

  test('is scanned by one alone when each packet is of a new conversation', async () => {
    const file = capture('many.pcap', packets, (i) => i);
    const { json, started } = await scan(file, 2);
    expect(started).toBe(false);
    expect(json).toBe((await scan(file, 1)).json);
  });

  test.each([
    ['in the first chunk', 0.1],
    ['in the second', 0.45],
    ['in the last', 0.9],
  ])('is split, and gives the answer of one core, when they come at once %s', async (_name, share) => {
    const file = capture(`late-${share}.pcap`, packets, (i) => (i < packets * share ? i % 1000 : i));
    const { json, started } = await scan(file, 2);
    expect(started).toBe(true);
    expect(json).toBe((await scan(file, 1)).json);
  });
});

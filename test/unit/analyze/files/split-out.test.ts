import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SplitOut, splitFilesMax, splitHeldBytesMax, splitOpenMax } from '../../../../src/analyze/files/split-out.js';
import { adversarial } from '../../../support/capture-builder.js';
import { scanFacts } from '../../../support/engine.js';
import { scratchFolder } from '../../../support/scratch.js';
import { manyPackets, smallCapture } from '../../../support/small-capture.js';

const scratch = scratchFolder();
const many = smallCapture(manyPackets(600));

/** Unfinished files of a name that this process has open. */
function openNow(name: string): number {
  const folder = '/proc/self/fd';
  return readdirSync(folder).filter((fd) => {
    try {
      return readlinkSync(join(folder, fd)).includes(`/.${name}-`);
    } catch {
      return false;
    }
  }).length;
}

function filesOf(bytes: Uint8Array, name: string, openMax?: number): Map<string, Buffer> {
  const out = new SplitOut(join(scratch.path, `${name}.pcap`), { by: 'host' }, openMax);
  for (let at = 0; at < bytes.length; at += 10_000) out.write(bytes.subarray(at, at + 10_000));
  if (openMax !== undefined) expect(openNow(name)).toBe(openMax);
  out.complete();
  const names = readdirSync(scratch.path).filter((each) => each.startsWith(`${name}-`));
  return new Map(names.sort().map((each) => [each.slice(name.length), readFileSync(join(scratch.path, each))]));
}

test('with few files open at once the same is written', () => {
  const [all, few] = [filesOf(many, 'all'), filesOf(many, 'few', 3)];
  expect(few.size).toBeGreaterThan(100);
  expect(few).toEqual(all);
});

test('each file of a pcapng capture can be read by itself, and none lacks a packet', () => {
  const bytes = adversarial.restlessPcapng(3, 10);
  const out = new SplitOut(join(scratch.path, 'ng.pcapng'), { by: 'conversation' });
  out.write(bytes);
  out.complete();
  const names = readdirSync(scratch.path).filter((each) => each.startsWith('ng-'));
  const counts = names.map((each) => {
    const { packets, error, truncated } = scanFacts(readFileSync(join(scratch.path, each)));
    expect([each, error, truncated]).toEqual([each, null, false]);
    return Number(packets);
  });
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(Number(scanFacts(bytes).packets));
});

test('too many files are refused in words, and nothing stays', () => {
  const out = new SplitOut(join(scratch.path, 'bound.pcap'), { by: 'host' }, 2, 10);
  expect(() => out.write(many)).toThrow('--split-by needs more than 10 files');
  out.discard();
  expect(readdirSync(scratch.path).filter((each) => each.includes('bound'))).toEqual([]);
});

test('what waits to be written over all files is bounded: then all of it is written', () => {
  const written = (name: string, heldMax: number): number => {
    const out = new SplitOut(join(scratch.path, `${name}.pcap`), { by: 'host' }, splitOpenMax, splitFilesMax, heldMax);
    out.write(many);
    const parts = readdirSync(scratch.path).filter((each) => each.startsWith(`.${name}-`));
    const bytes = parts.reduce((sum, each) => sum + statSync(join(scratch.path, each)).size, 0);
    out.discard();
    return bytes;
  };
  expect([written('unheld', 1000), written('held', splitHeldBytesMax)]).toEqual([expect.any(Number), 0]);
  expect(written('unheld', 1000)).toBeGreaterThan(2 * many.length - 10_000);
  expect(splitHeldBytesMax).toBe(32 * 2 ** 20);
});

test('blocks that each file would begin with are bounded', () => {
  const block = Buffer.alloc(2 ** 20);
  block.writeUInt32LE(0x0bad, 0);
  block.writeUInt32LE(block.length, 4);
  block.writeUInt32LE(block.length, block.length - 4);
  const out = new SplitOut(join(scratch.path, 'heads.pcapng'), { by: 'host' });
  out.write(adversarial.plainPcapng(1));
  const all = (): void => {
    for (let i = 0; i < 64; i++) out.write(block);
  };
  expect(all).toThrow('the blocks that are no packets are over 67108864 bytes');
  out.discard();
});

test('a folder that is not there is told', () => {
  const out = new SplitOut('/nonexistent/x.pcap', { by: 'host' });
  expect(() => out.write(many)).toThrow('cannot be written: ENOENT');
  expect(existsSync('/nonexistent')).toBe(false);
});

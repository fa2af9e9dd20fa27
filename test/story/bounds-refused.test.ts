import { readFileSync } from 'node:fs';
import { JobCluster } from '../support/job-cluster.js';
import { LineClient } from '../support/line-client.js';
import { runTrireme } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';
import { join, PcapngBuilder, classicHeader, writer, zeros } from '../support/capture-builder.js';

const scratch = scratchFolder();
const { u32, u64 } = writer('little');
const hundredGigabytes = 100_000_000_000n;

async function entry(path: string): Promise<{ code: number | null; result: Record<string, unknown>; stderr: string }> {
  const { code, stdout, stderr } = await runTrireme(['analyze', '--json', path]);
  return { code, stderr, result: (JSON.parse(stdout) as { results: Record<string, unknown>[] }).results[0] };
}

describe('a capture that claims what it has not', () => {
  const packet = { bytes: zeros(60), time: 1n };
  const one = new PcapngBuilder().section().interface().enhanced(packet).bytes();

  test('a pcapng block of 4 GB: a cut behind the packets before it, and no memory is taken for it', async () => {
    const path = scratch.file('block.pcapng', join(one, u32(6), u32(0xffff_fffc), zeros(100)));
    const { code, result, stderr } = await entry(path);
    expect([code, result.packets, result.truncated]).toEqual([1, 1, true]);
    expect(stderr).toContain(
      `cut short in the record at offset ${one.length}, which claims 4294967292 bytes where 108 are left`,
    );
  });

  test('a pcapng section of 100 GB: sections are read block by block, whatever length they claim', async () => {
    const claiming = Uint8Array.from(one);
    claiming.set(u64(hundredGigabytes), 16);
    const { code, result } = await entry(scratch.file('section.pcapng', claiming));
    expect([code, result.packets, result.error]).toEqual([0, 1, null]);
  });

  test('a classic record of 4 GB: refused with the bound', async () => {
    const record = join(u32(1), u32(2), u32(0xffff_ffff), u32(0xffff_ffff), zeros(100));
    const { code, result } = await entry(scratch.file('record.pcap', join(classicHeader(), record)));
    expect([code, result.error]).toEqual([1, 'damaged']);
    expect(result.error_detail).toBe('record at offset 24 claims 4294967295 captured bytes, over 262144');
  });

  test('a zstd frame of 100 GB in one segment: refused with the bound', async () => {
    const frame = join(u32(0xfd2fb528), Uint8Array.of(0xe0), u64(hundredGigabytes), zeros(100));
    const { code, stderr } = await runTrireme(['analyze', scratch.file('frame.zst', frame)]);
    expect(code).not.toBe(0);
    expect(stderr).toContain('needs a window of 100000000000 bytes, over the 134217728 that it may have');
  });
});

/** A zstd frame of an empty capture and so many blocks that each say: 128 KiB of zeros. */
function zstdBomb(blocks: number): Uint8Array {
  const head = (bytes: number, type: number, last: number): Uint8Array =>
    u32((bytes << 3) | (type << 1) | last).subarray(0, 3);
  const capture = classicHeader();
  const zerosAgain = join(head(131_072, 1, 0), zeros(1));
  return join(
    join(u32(0xfd2fb528), Uint8Array.of(0, 0x58), head(capture.length, 0, 0), capture),
    ...Array.from({ length: blocks - 1 }, () => zerosAgain),
    join(head(131_072, 1, 1), zeros(1)),
  );
}

test('a third of a megabyte that unpacks to 10 GB: refused at the bound, which is named', async () => {
  const path = scratch.file('bomb.zst', zstdBomb(10 * 2 ** 13));
  const { code, result } = await entry(path);
  expect([code, result.error]).toEqual([1, 'damaged']);
  expect(result.error_detail).toMatch(
    /^327\d+ packed bytes inflate to over 85\d+, past 8589934592 bytes and 1000 times/,
  );
});

describe('a number of ten million digits', () => {
  const number = '7'.repeat(10_000_000);

  test('over TCP: answered in its place with the bound, in little memory, and the connection stays usable', async () => {
    const cluster = await JobCluster.start([1]);
    try {
      const before = residentMiB(cluster.lb.child.pid);
      const client = await LineClient.dial(cluster.tcp);
      client.socket.write(`1\n${number}\n1\n`);
      await client.until(() => client.lines.length === 3, 'three answers');
      expect(client.lines[1]).toBe('ERROR unknown job: a number of more than 15 digits');
      expect(client.lines[0]).toMatch(/^\d{10}$/);
      expect(client.lines[2]).toMatch(/^\d{10}$/);
      client.socket.destroy();
      // The socket's own buffers come and go; the number itself would be ten megabytes and more.
      expect(residentMiB(cluster.lb.child.pid) - before).toBeLessThan(40);
    } finally {
      await cluster.stop();
    }
  });

  test('in a list of jobs: one short line with the bound, exit code 2', async () => {
    const file = scratch.file('jobs', `1,${number}`);
    const { code, stderr } = await runTrireme(['client', '--lb', '127.0.0.1:1', '--f', file]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/'7{40}' \(entry 2\) is not a job number of 1 to 15 digits\n$/);
    expect(stderr.length).toBeLessThan(300);
  });
});

function residentMiB(pid: number | undefined): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) / 1024;
}

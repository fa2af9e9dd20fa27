import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { classicCapture } from '../support/capture-builder.js';
import { flagBits, lossyTraces, traceRecord } from '../support/capture-builder/tcp-traces.js';
import { runTrireme } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const whole = lossyTraces(40, true);
const file = scratch.file('whole.pcap', whole);

/** Cut between records into so many files, each with the header. */
function partsOf(bytes: Uint8Array, count: number): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const places = [24];
  for (let at = 24; at < bytes.length; at += 16 + view.getUint32(at + 8, true))
    if (at >= (bytes.length / count) * places.length) places.push(at);
  return places.map((from, i) =>
    scratch.file(
      `part${i}.pcap`,
      Buffer.concat([bytes.subarray(0, 24), bytes.subarray(from, places[i + 1] ?? bytes.length)]),
    ),
  );
}

const healthOf = (stdout: string): unknown => {
  const [{ tcp, top }] = (JSON.parse(stdout) as { results: [{ tcp: unknown; top: unknown }] }).results;
  return { tcp, top };
};

test('files of a joined capture go on where those before ended, on one core and asked for several', async () => {
  const parts = partsOf(whole, 7);
  const one = await runTrireme(['analyze', '--tcp', '--json', '--top', '500', '-q', file]);
  for (const cores of [[], ['--cores', '3', '--thread-bytes', '1']]) {
    const joined = await runTrireme(['analyze', '--tcp', '--json', '--top', '500', '-q', '--join', ...cores, ...parts]);
    expect(healthOf(joined.stdout)).toEqual(healthOf(one.stdout));
  }
});

test('a pipe and a packed file give what the file gives', async () => {
  const one = await runTrireme(['analyze', '--tcp', '--json', '-q', file]);
  const piped = await runTrireme(['analyze', '--tcp', '--json', '-q', '-'], { stdin: whole });
  expect(healthOf(piped.stdout)).toEqual(healthOf(one.stdout));
  execFileSync('gzip', ['-k', file]);
  const packed = await runTrireme(['analyze', '--tcp', '--json', '-q', `${file}.gz`]);
  expect(healthOf(packed.stdout)).toEqual(healthOf(one.stdout));
});

test('a filter with an index beside the capture gives what it gives without', async () => {
  const asked = ['analyze', '--tcp', '--json', '-q', '--filter', 'tcp and portrange 40000-40040', file];
  const plain = await runTrireme([...asked, '--no-index']);
  await runTrireme(['index', '-q', file]);
  const indexed = await runTrireme(asked);
  expect(healthOf(indexed.stdout)).toEqual(healthOf(plain.stdout));
});

test('a filter that a finding names extracts its packets behind VLAN tags with the option that stands above it', async () => {
  const { syn, rst, ack } = flagBits;
  const common = { conversation: 0, window: 500, length: 0, id: 1 };
  const start = 1_700_000_000_000_000_000n;
  const records = [
    traceRecord({ ...common, back: false, timeNs: start, seq: 99, ack: 0, flags: syn }),
    traceRecord({ ...common, back: true, timeNs: start + 1n, seq: 0, ack: 100, flags: rst | ack }),
  ].map(({ bytes, originalLength: _, ...record }) => ({
    ...record,
    bytes: Buffer.concat([bytes.subarray(0, 12), Buffer.from([0x81, 0, 0, 7]), bytes.subarray(12)]),
  }));
  const tagged = scratch.file('tagged.pcap', classicCapture(records, { nanoseconds: true }));
  const { stdout: text } = await runTrireme(['analyze', '--tcp', '-q', tagged]);
  const filter = /--filter '(.*)'/.exec(text)![1];
  const option = /add (--filter-tags) (transparent)/.exec(text)!.slice(1);
  const out = join(scratch.path, 'refused.pcap');
  const { stderr } = await runTrireme(['extract', tagged, '--filter', filter, ...option, '-w', out]);
  expect(stderr).toContain('2 of 2 packets');
});

import { execFileSync } from 'node:child_process';
import { lossyTraces } from '../support/capture-builder/tcp-traces.js';
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

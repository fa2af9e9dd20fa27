import { execFileSync } from 'node:child_process';
import { namedTraffic } from '../support/capture-builder/dns-traces.js';
import { cutCapture } from '../support/cut-capture.js';
import { runTrireme } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const whole = namedTraffic(2000);
const file = scratch.file('whole.pcap', whole);
const asked = ['analyze', '--names', '--json', '--top', '500', '-q'];

const namesOf = (stdout: string): unknown => {
  const [{ names, endpoints }] = (JSON.parse(stdout) as { results: [{ names: unknown; endpoints: unknown }] }).results;
  return { names, endpoints };
};

test('names of joined files, a pipe and a packed file are those of the file', async () => {
  const one = namesOf((await runTrireme([...asked, file])).stdout);
  const parts = cutCapture(whole, 300).map((bytes, i) => scratch.file(`part${i}.pcap`, bytes));
  for (const cores of [[], ['--cores', '3', '--thread-bytes', '1']])
    expect(namesOf((await runTrireme([...asked, '--join', ...cores, ...parts])).stdout)).toEqual(one);
  expect(namesOf((await runTrireme([...asked, '-'], { stdin: whole })).stdout)).toEqual(one);
  execFileSync('gzip', ['-k', file]);
  expect(namesOf((await runTrireme([...asked, `${file}.gz`])).stdout)).toEqual(one);
});

test('a filter with an index beside the capture gives what it gives without', async () => {
  const filtered = [...asked, '--filter', 'host 10.2.0.1', file];
  const plain = await runTrireme([...filtered, '--no-index']);
  await runTrireme(['index', '-q', file]);
  expect(namesOf((await runTrireme(filtered)).stdout)).toEqual(namesOf(plain.stdout));
});

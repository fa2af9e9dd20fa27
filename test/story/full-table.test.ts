import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { address4, classicCapture, frame, ipv4, tcp } from '../support/capture-builder.js';
import { CaptureCluster } from '../support/capture-cluster.js';
import { runTrireme } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const elephants = 8;
const lightMax = 60;

/**
 * 4,000 conversations of one packet, and eight of 40 large ones, of which one comes among every twelve of the others.
 */
const packets = Array.from({ length: 4000 + 40 * elephants }, (_, i) => {
  const light = i % 13 !== 0 || i >= 13 * 40 * elephants;
  const number = (i / 13) % elephants;
  const ports = light ? { source: 2000 + (i % 50_000), target: 80 } : { source: 5001 + number, target: 443 };
  const source = address4(light ? 1000 + i : 101 + number);
  const target = address4(light ? 2 : 5);
  const bytes = frame(1, 4, ipv4({ source, target, protocol: 6, payload: tcp(ports) }));
  return { bytes, seconds: i, originalLength: light ? lightMax : 1400 };
});
const capture = scratch.file('full.pcap', classicCapture(packets));
const isElephant = (text: string): boolean => /10\.0\.0\.5:443/.test(text);

const forms = [['--json'], ['--csv'], ['--csv', 'endpoints'], ['--csv', 'summary'], ['--html', '-'], []];
const limits = ['--max-conversations', '200', '--top', '300', '-q'];

async function told(...args: readonly string[]): Promise<string> {
  const ran = await runTrireme(['analyze', ...args]);
  expect(ran).toMatchObject({ code: 0, stderr: '' });
  return ran.stdout;
}

test('the heavy conversations of a full table lead it in every form, which says what is exact', async () => {
  const [json, csv, endpoints, summary, html, text] = await Promise.all(
    forms.map((form) => told(...form, ...limits, capture)),
  );
  const { results } = JSON.parse(json);
  const [{ top, conversations_limit, endpoints_limit }] = results;
  expect(top.slice(0, elephants).every(({ a }: { a: string }) => isElephant(a))).toBe(true);
  for (const { bytes, bytes_max } of top.slice(0, elephants)) {
    expect(bytes).toBeLessThanOrEqual(40 * 1400);
    expect(bytes_max).toBeGreaterThanOrEqual(40 * 1400);
    expect(bytes_max - bytes).toBeLessThan(0.05 * 40 * 1400);
  }
  expect(conversations_limit).toMatchObject({ limit: 200 });
  expect(endpoints_limit).toMatchObject({ limit: 200 });
  const rows = csv.split('\r\n');
  expect(rows[0]).toMatch(/,packets_max,bytes_max$/);
  expect(rows.slice(1, 1 + elephants).every(isElephant)).toBe(true);
  expect(endpoints.split('\r\n')[0]).toMatch(/,packets_max,bytes_max$/);
  expect(endpoints.split('\r\n')[1]).toContain('10.0.0.5,');
  expect(summary.split('\r\n')[0]).toContain('conversations_unlisted_bytes_max');
  const lines = text.split('\n');
  const first = lines.findIndex((line) => line.startsWith('proto ')) + 1;
  expect(lines.slice(first, first + elephants).every(isElephant)).toBe(true);
  expect(text).toContain('at most packets');
  expect(text).toContain('NOTE: a conversation that is neither kept nor one of these');
  const data = JSON.parse(/id="data">([^<]*)</.exec(html)![1]);
  expect(data.results[0].top.slice(0, elephants)).toEqual(top.slice(0, elephants));
});

test('the folder of tables says of each table whether it is complete', async () => {
  const [folder, whole] = ['full', 'whole'].map((name) => join(scratch.path, name));
  await told('--csv', folder, ...limits, capture);
  const head = (name: string): string => readFileSync(`${folder}/${name}.csv`, 'utf8').split('\r\n')[0];
  expect(head('pairs')).toMatch(/,at_least$/);
  expect(head('conversations')).toMatch(/,packets_max,bytes_max$/);
  await told('--csv', whole, '-q', capture);
  expect(readFileSync(`${whole}/pairs.csv`, 'utf8')).not.toContain('at_least');
  expect(readFileSync(`${whole}/summary.csv`, 'utf8')).not.toContain('limit');
});

test('one core, several, a pipe, joined files and a cluster tell a full table in the same bytes', async () => {
  const cluster = await CaptureCluster.start(['/'], ['--chunk-bytes', '64KiB']);
  try {
    await Promise.all([cluster.addWorker('/', { slots: 2 }), cluster.addWorker('/')]);
    for (const form of [['--json'], ['--json', '--sort', 'packets'], ['--csv', '--sort', 'start'], []]) {
      const asked = [...form, ...limits, capture];
      const [one, several, there] = await Promise.all(
        [[], ['--cores', '3', '--thread-bytes', '1'], ['--master', cluster.grpc]].map((mode) =>
          told(...asked, ...mode),
        ),
      );
      expect(several).toBe(one);
      expect(there).toBe(one);
    }
    const one = JSON.parse(await told('--json', ...limits, capture)).results[0];
    const piped = await runTrireme(['analyze', '--json', ...limits, '-'], { stdin: readFileSync(capture) });
    expect(JSON.parse(piped.stdout).results[0]).toMatchObject({ top: one.top, endpoints: one.endpoints });
    const joined = JSON.parse(await told('--json', '--join', ...limits, capture)).results[0];
    expect(joined).toMatchObject({ top: one.top, endpoints: one.endpoints });
  } finally {
    await cluster.stop();
  }
});

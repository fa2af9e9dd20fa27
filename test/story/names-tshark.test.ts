import { spawnSync } from 'node:child_process';
import type { NamesFacts } from '../../src/pcap/names-types.js';
import { namedTraffic } from '../support/capture-builder/dns-traces.js';
import { runTrireme } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';
import { sharedCapturePaths } from '../support/shared-captures.js';

const scratch = scratchFolder();
const haveTshark = spawnSync('tshark', ['--version']).status === 0;
if (!haveTshark) console.log('SKIP: tshark is not installed (Debian: tshark)');

/** Captures in which the two differ, each for a reason that docs/FACTS.md names. */
const otherwise = /(LINKTYPE_IPV4_invalid|LINKTYPE_USER2_PKTAP|someip_sd_sample|vxlan)\.pcap$/;

/** Queries and answers by response code: `q`, or the code, and how many. */
function theirs(file: string): Record<string, number> | null {
  const fields = ['-e', 'dns.flags.response', '-e', 'dns.flags.rcode'];
  const asked = ['-r', file, '-Y', 'dns && udp.port == 53', '-T', 'fields', '-E', 'separator=;', ...fields];
  const { stdout, status } = spawnSync('tshark', asked, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status !== 0) return null;
  const counts: Record<string, number> = {};
  for (const line of stdout.split('\n').filter((text) => text !== '')) {
    const [response, code] = line.split(';');
    const key = response === '0' ? 'q' : Number(code).toString();
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

function ours({ dns }: NamesFacts): Record<string, number> {
  const codes = dns.response_codes.map(({ code, answers }) => [String(code), Number(answers)]);
  return Object.fromEntries([...(dns.queries === 0 ? [] : [['q', Number(dns.queries)]]), ...codes]);
}

(haveTshark ? test : test.skip)('queries and answers by response code are those that tshark tells', async () => {
  const files = [scratch.file('made.pcap', namedTraffic(400)), ...sharedCapturePaths()].filter(
    (file) => !otherwise.test(file),
  );
  const { stdout } = await runTrireme(['analyze', '--names', '--json', '-q', ...files]);
  const { results } = JSON.parse(stdout) as { results: { file: string; names?: NamesFacts; truncated?: boolean }[] };
  const told = results.filter(({ names }) => names !== undefined && names.dns.queries !== 0);
  expect(told.length).toBeGreaterThan(0);
  for (const { file, names } of told) {
    const found = theirs(file);
    if (found !== null) expect({ file, ...ours(names!) }).toEqual({ file, ...found });
  }
});

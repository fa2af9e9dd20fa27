import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../../src/common/version.js';
import { TriremeError } from '../../../src/common/errors.js';
import { countByTcpdump, tcpdumpMissing } from '../../support/bpf-oracle.js';
import { scanOptions, scanWhole } from '../../support/engine.js';
import { expressions } from '../../support/filter-expressions.js';
import { sharedCaptures } from '../../support/shared-captures.js';

const missing = tcpdumpMissing();
const described = missing === null ? describe : describe.skip;
if (missing !== null) process.stderr.write(`skipped: filtered captures are not compared with tcpdump: ${missing}\n`);

/** Expressions of each file: tcpdump is started for each. TRIREME_FILTER_EXPRESSIONS asks for more. */
const perFile = Number(process.env.TRIREME_FILTER_EXPRESSIONS ?? 6);

/** tcpdump reads these otherwise than as packets of IP, or not at all; docs/FILTERS.md has the reasons. */
const otherLinkTypes = ['14', '105', '117', '119', '127', '163', '192'];

const folder = join(projectRoot, 'captures');
const own = readdirSync(folder).filter((name) => /\.(pcap|cap|pcapng)$/.test(name));
const files = [
  ...own.map((name) => join(folder, name)),
  ...sharedCaptures()
    .map(({ path }) => path)
    .filter((path) => existsSync(path) && !path.endsWith('.gz')),
];

/** What a scan with a filter counts; null: it is no capture, damaged, or of link types that are filtered otherwise. */
function countHere(bytes: Uint8Array, filter: string): number | null {
  const report = scanWhole(bytes, { ...scanOptions, filter });
  return report.error === null ? Number(report.packets) : null;
}

described('captures counted with filters', () => {
  test.each(files)('%s: as many packets match as tcpdump -O --count says', (path) => {
    const bytes = readFileSync(path);
    const whole = scanWhole(bytes);
    if (whole.error !== null || whole.truncated) return;
    if (Object.keys(whole.link_types).some((type) => otherLinkTypes.includes(type))) return;
    const start = Math.floor(Math.random() * expressions.length);
    const asked = Array.from(
      { length: Math.min(perFile, expressions.length) },
      (_, i) => expressions[(start + i * 61) % expressions.length],
    );
    const wrong: string[] = [];
    for (const expression of new Set(asked)) {
      let ours: number | null;
      try {
        ours = countHere(bytes, expression);
      } catch (error) {
        // What both refuse is compared elsewhere.
        if (error instanceof TriremeError && (error.code === 'FILTER_UNFIT' || error.code === 'USAGE')) continue;
        throw error;
      }
      const theirs = tryCount(path, expression);
      if (theirs !== null && ours !== theirs) wrong.push(`${expression}: ${String(ours)}, tcpdump ${theirs}`);
    }
    expect(wrong).toEqual([]);
  });
});

/**
 * Null: tcpdump does not read the file to its end, or refuses the expression. What it refuses another test compares.
 */
function tryCount(path: string, expression: string): number | null {
  try {
    return countByTcpdump(path, expression);
  } catch {
    return null;
  }
}

import { FilterError } from '../../../src/filter/filter-error.js';
import { filteredLinkTypes } from '../../../src/filter/link-types.js';
import { compileByTcpdump, runProgram, tcpdumpMissing } from '../../support/bpf-oracle.js';
import { expressions } from '../../support/filter-expressions.js';
import { FilterRunner } from '../../support/filter-runner.js';
import { packetsFor } from '../../support/filter-packets.js';
import { scratchFolder } from '../../support/scratch.js';

const missing = tcpdumpMissing();
const described = missing === null ? describe : describe.skip;
if (missing !== null) process.stderr.write(`skipped: filters are not compared with tcpdump: ${missing}\n`);

/** Ethernet is asked all; of the others each a part, another one each time, since tcpdump is started for each. */
const parts = 6;
const part = Math.floor(Math.random() * parts);

/** tcpdump takes these and we refuse them, each for a reason that docs/FILTERS.md gives. */
const refusedHere = /protochain|byte 0|\bllc\b|localhost|^(iso|clnp|esis|isis)$/;

described('filters against programs of libpcap', () => {
  const scratch = scratchFolder();
  const runner = new FilterRunner();

  test.each(filteredLinkTypes.filter(({ number }) => number !== 14).map(({ number, name }) => [name, number]))(
    '%s: each expression matches the same packets, whole and cut, or is refused by both',
    (_, link) => {
      const packets = packetsFor(link);
      const wrong: string[] = [];
      const asked = expressions.filter((_text, i) => link === 1 || i % parts === part);
      for (const expression of asked) {
        const theirs = compileByTcpdump(scratch.path, expression, link);
        let ours: ReturnType<FilterRunner['compile']>;
        try {
          ours = runner.compile(expression, link);
        } catch (error) {
          if (!(error instanceof FilterError)) throw error;
          if (typeof theirs !== 'string' && !refusedHere.test(expression))
            wrong.push(`${expression}: ${error.message}`);
          continue;
        }
        if (typeof theirs === 'string') {
          wrong.push(`${expression}: tcpdump says ${theirs}`);
          continue;
        }
        for (const { bytes, wireLength } of packets) {
          if (ours(bytes, wireLength) === runProgram(theirs, bytes, wireLength)) continue;
          wrong.push(`${expression}: ${Buffer.from(bytes).toString('hex')} of ${wireLength}`);
          break;
        }
      }
      expect(wrong).toEqual([]);
    },
  );
});

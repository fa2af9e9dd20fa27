import { Command } from 'commander';
import { threadsToUse } from '../captures/threads/address-room.js';
import { coresMax } from '../captures/threads/thread-plan.js';
import { integer } from '../common/options.js';
import { filterOf } from '../pcap/filter-functions.js';
import { explainFilter } from './filter-text.js';
import { forTerminal } from '../common/for-terminal.js';
import { writeOut } from './standard-output.js';
import { testFilter } from './filter-test.js';
import { noteUnless } from './notes.js';

const description = `Explain a filter, as --filter takes it: the expressions of tcpdump, pcap-filter(7).`;

const notes = `
Expressions mean what 'tcpdump -O' takes them for; docs/FILTERS.md lists the differences. Often written:
  tcp port 443                      host 192.0.2.1 and not port 22     net 10.0.0.0/8
  port 80 or 443                    src net 192.168 and dst port 53    portrange 8000-8080
  tcp[tcpflags] & tcp-syn != 0      icmp[icmptype] = icmp-echo         less 128
  ether host 00:11:22:33:44:55      vlan 100 and ip                    ip6 and not multicast
  A packet behind a VLAN tag is found behind 'vlan' alone: (tcp) or (vlan and tcp).

Exit codes:
  0  the expression is right
  1  a capture of --test could not be counted to its end
  2  it is wrong; the error says where, what was expected, and what to write

Examples:
  trireme filter 'tcp port 443 and not host 192.0.2.1'
  trireme filter 'vlan or ip'
  trireme filter 'tcp[tcpflags] & tcp-syn != 0' --test capture.pcap`;

interface TestOptions {
  readonly test?: string[];
  readonly multi?: boolean;
  readonly cores?: number;
}

const append = (value: string, all: string[] | undefined): string[] => [...(all ?? []), value];

/** `trireme filter` */
export function buildCommand(): Command {
  return new Command('filter')
    .description(description)
    .argument('<expression...>', 'the expression, in one argument or in several')
    .option('--test <file>', 'say how many packets of a capture match (repeatable)', append)
    .option('--multi', 'count on all cores of this machine, as far as the size of the file pays for them')
    .option('--cores <n>', 'count on at most so many cores', integer(1, coresMax))
    .option('--verbose', 'print the stack of an error')
    .addHelpText('after', notes)
    .action(async (parts: string[], { test = [], ...cores }: TestOptions) => {
      const filter = filterOf(parts.join(' '));
      await writeOut([explainFilter(filter)]);
      const threads = test.length === 0 ? 1 : threadsToUse(cores, noteUnless(false));
      for (const file of test) {
        const { line, failed } = await testFilter(filter, file, threads);
        if (failed) process.exitCode = 1;
        (failed ? process.stderr : process.stdout).write(`${failed ? 'trireme: ' : ''}${forTerminal(line)}\n`);
      }
    });
}

import type { Attachment } from './attachment.js';
import { readCounters, readMap } from './bpf-maps.js';
import { addsUp, camelCase, lbReport, type LbReport, type LbTable } from './lb-report.js';
import type { Found } from './lookup.js';

/** Readings taken until one is consistent: table and counters are two reads, and packets arrive between them. */
const readingsMax = 4;

interface About {
  readonly schemaVersion: 1;
  readonly program: Attachment['program'];
  readonly interface: string;
  readonly netns: number;
  readonly mode: Attachment['mode'];
  readonly port?: number;
}

/** Lab A: `odd` passed, `even` was dropped, the others passed untouched. */
export interface ParitySnapshot extends About {
  readonly program: 'parity';
  readonly odd: number;
  readonly even: number;
  readonly passed: number;
  readonly dropped: number;
  readonly packets: Readonly<Record<string, number>>;
}

export interface LbSnapshot extends About, LbReport {
  readonly program: 'lb';
}

export type Snapshot = ParitySnapshot | LbSnapshot | (About & { readonly program: 'pass' });

/** CLOCK_MONOTONIC, the clock of the kernel's stamps. */
function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

function silentMsOf({ config }: Attachment): number {
  return Number(Buffer.from(config ?? '', 'hex').readBigUInt64LE(8) / 1_000_000n);
}

export async function takeSnapshot({ folder, attachment }: Found): Promise<Snapshot> {
  const about = {
    schemaVersion: 1,
    program: attachment.program,
    interface: attachment.ifname,
    netns: attachment.netns,
    mode: attachment.mode,
    port: attachment.port,
  } as const;
  if (about.program === 'pass') return { ...about, program: 'pass' };
  if (about.program === 'parity') {
    const counters = await readCounters(folder.pin('maps', 'parity_stats'));
    const packets = Object.fromEntries(Object.entries(counters).map(([name, count]) => [camelCase(name), count]));
    const total = Object.values(counters).reduce((sum, count) => sum + count, 0);
    const { odd, even } = counters;
    return { ...about, program: 'parity', odd, even, passed: total - even, dropped: even, packets };
  }
  let report: LbReport;
  let reading = 0;
  do {
    const counters = await readCounters(folder.pin('maps', 'lb_stats'));
    const table = await readMap<LbTable>(folder.pin('maps', 'lb_table'));
    report = lbReport(table, counters, monotonicMs(), silentMsOf(attachment));
    reading++;
  } while (!addsUp(report) && reading < readingsMax);
  return { ...about, program: 'lb', ...report };
}

import type { CaptureFacts, CaptureReport, CaptureTotal } from './report-types.js';
import type { Count } from './types.js';

const exactMax = BigInt(Number.MAX_SAFE_INTEGER);

/** A count as a number while that is exact. */
export function exactCount(value: bigint): Count {
  return value <= exactMax ? Number(value) : value;
}

/** A capture of one file, or a file of a joined one. */
interface FileFacts {
  readonly error: string | null;
  readonly truncated?: boolean;
}

const isFacts = (report: CaptureReport): report is CaptureFacts => report.error !== 'not-a-capture';

/** Adds up the reports of several files. `unreadable` counts those that gave no report at all. */
export function totalOf(reports: readonly CaptureReport[], unreadable = 0): CaptureTotal {
  const facts = reports.filter(isFacts);
  const sum = (of: (report: CaptureFacts) => Count): Count =>
    exactCount(facts.reduce((total, report) => total + BigInt(of(report)), 0n));
  const times = (of: (report: CaptureFacts) => string | null): bigint[] =>
    facts.flatMap((report) => (of(report) === null ? [] : [BigInt(of(report)!)]));
  const least = (all: bigint[]): string | null =>
    all.length ? all.reduce((a, b) => (b < a ? b : a)).toString() : null;
  const most = (all: bigint[]): string | null => (all.length ? all.reduce((a, b) => (b > a ? b : a)).toString() : null);
  const files = facts.flatMap((report): readonly FileFacts[] => report.files ?? [report]);
  const failed = files.filter(({ error }) => error !== null && error !== 'damaged').length;
  const notCounted = reports.length - facts.length + unreadable;
  return {
    files: files.length + notCounted,
    files_unreadable: failed + notCounted,
    files_damaged: files.filter(({ error }) => error === 'damaged').length,
    files_truncated: files.filter(({ truncated }) => truncated === true).length,
    packets: sum((report) => report.packets),
    captured_bytes: sum((report) => report.captured_bytes),
    original_bytes: sum((report) => report.original_bytes),
    first_ns: least(times((report) => report.first_ns)),
    last_ns: most(times((report) => report.last_ns)),
    ipv4: sum((report) => report.ipv4),
    ipv6: sum((report) => report.ipv6),
    ipv4_tcp: sum((report) => report.ipv4_tcp),
    ipv4_udp: sum((report) => report.ipv4_udp),
    ipv6_tcp: sum((report) => report.ipv6_tcp),
    ipv6_udp: sum((report) => report.ipv6_udp),
    other: sum((report) => report.other),
    conversations: facts.length > 1 ? undefined : sum((report) => report.conversations),
  };
}

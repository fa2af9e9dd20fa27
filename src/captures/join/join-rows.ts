import type { JoinedFailure, JoinedFile } from '../../pcap/report-types.js';
import type { PartFacts } from '../../pcap/join-scanner.js';
import type { InflateOutcome } from '../packed/inflated.js';
import { emptyFile, isNothingLikeACapture } from '../../pcap/foreign.js';
import type { FileHead } from './read-heads.js';
import type { FileOutcome } from './scan-run.js';
import { byName } from './order-files.js';

/** A file that was looked at, and how its scan ended. */
export interface ScannedFile {
  readonly head: FileHead;
  readonly outcome: FileOutcome;
}

/** A file that was counted. */
export interface CountedFile {
  readonly head: FileHead;
  readonly facts: PartFacts;
  readonly inflated: InflateOutcome;
  readonly grew: boolean;
}

export interface SortedOut {
  /** In the order of the first packets. */
  readonly counted: readonly CountedFile[];
  readonly failures: readonly JoinedFailure[];
  /** Names of what was found in folders and is nothing like a capture. */
  readonly skipped: readonly string[];
}

/** Tells the files that were counted from the others. */
export function sortOut(files: readonly ScannedFile[], unopened: readonly JoinedFailure[]): SortedOut {
  const counted: CountedFile[] = [];
  const failures = [...unopened];
  const skipped: string[] = [];
  for (const { head, outcome } of files) {
    const { name } = head;
    if ('error' in outcome) {
      failures.push({ file: name, ...outcome });
      continue;
    }
    const { facts, inflated, grew = false } = outcome;
    const { notACapture } = facts;
    if (notACapture === null && facts.endState !== null) counted.push({ head, facts, inflated, grew });
    else if (head.found && inflated.damage === null && isNotMeant(notACapture)) skipped.push(name);
    else failures.push({ file: name, error: 'not-a-capture', error_detail: noCapture(head, notACapture, inflated) });
  }
  failures.sort((a, b) => byName(a.file, b.file));
  skipped.sort(byName);
  return { counted, failures, skipped };
}

/** A ring's next file, still empty, and what else lies in a folder of captures. */
function isNotMeant(detail: string | null): boolean {
  return detail === emptyFile || isNothingLikeACapture(detail ?? '');
}

function noCapture({ compression }: FileHead, detail: string | null, { truncated, damage }: InflateOutcome): string {
  if (damage !== null) return damage;
  const words = detail ?? 'no header was read';
  return compression !== null && truncated ? `${words}: the ${compression} stream is cut short` : words;
}

/** The rows of the counted files, each compared with those before it. */
export function fileRows(counted: readonly CountedFile[]): JoinedFile[] {
  let latest: bigint | null = null;
  const known = new Map<string, string>();
  return counted.map(({ head, facts, inflated, grew }) => {
    const { packets, capturedBytes, firstNs, lastNs } = facts;
    const gap: bigint | null = latest === null || firstNs === null ? null : BigInt(firstNs) - latest;
    if (lastNs !== null && (latest === null || BigInt(lastNs) > latest)) latest = BigInt(lastNs);
    const content = `${packets} ${capturedBytes} ${firstNs} ${lastNs}`;
    const repeats = packets === 0 || firstNs === null ? undefined : known.get(content);
    if (repeats === undefined) known.set(content, head.name);
    return {
      file: head.name,
      format: facts.endState!.format,
      compression: head.compression,
      packets,
      captured_bytes: capturedBytes,
      first_ns: firstNs,
      last_ns: lastNs,
      gap_ns: gap?.toString() ?? null,
      repeats,
      ...(grew ? { grew } : {}),
      ...(inflated.restBytes === undefined ? {} : { rest_bytes: inflated.restBytes }),
      ...endOf(facts, inflated, grew),
    };
  });
}

type FileEnd = Pick<JoinedFile, 'truncated' | 'truncated_offset' | 'error' | 'error_detail' | 'error_offset'>;

/** Damage of the packed stream is damage of the capture, as of a single file. */
function endOf({ end, cut, damage }: PartFacts, inflated: InflateOutcome, grew: boolean): FileEnd {
  if (damage !== null)
    return { truncated: false, error: 'damaged', error_detail: damage.detail, error_offset: damage.offset };
  if (inflated.damage !== null) return { truncated: false, error: 'damaged', error_detail: inflated.damage };
  // The rest of a record that was being written is there by now: that is no cut.
  const truncated = !grew && (cut !== null || inflated.truncated);
  return { truncated, truncated_offset: truncated ? end : undefined, error: null };
}

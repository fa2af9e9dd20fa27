import type { CaptureEntry } from '../captures/scan/capture-entry.js';
import type { JoinedFiles } from '../pcap/report-types.js';

/** Longest run of digits that is an exact double for certain. */
const exactDigitsMax = 15;

/** Marks an integer that JSON.parse would round. No string of a report begins like this. */
const marker = '\u0000integer:';

/**
 * Reads an entry as the master writes it (toCanonicalJson). Its integers may pass 2^53, which JSON.parse alone would
 * round: those become BigInts, so that printing the entry again gives the same bytes.
 */
export function parseReport(json: string): CaptureEntry {
  const number = new RegExp(`^( *(?:"(?:[^"\\\\]|\\\\.)*": )?)(-?\\d{${exactDigitsMax + 1},})(,?)$`, 'gm');
  const marked = json.replace(number, (_line, before: string, digits: string, after: string) => {
    return `${before}"\\u0000integer:${digits}"${after}`;
  });
  const parsed = JSON.parse(marked, (_key, value: unknown) => {
    if (typeof value !== 'string' || !value.startsWith(marker)) return value;
    const exact = BigInt(value.slice(marker.length));
    return exact <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(exact) : exact;
  }) as CaptureEntry & JoinedFiles & { file?: string };
  // A master of an earlier version does not count tunnels.
  if (parsed.error === null || parsed.error === 'damaged') Object.assign(parsed, { tunnels: parsed.tunnels ?? [] });
  // That of a joined capture is made from its files, in an order that only who looked at them knows.
  if (parsed.files !== undefined) return parsed;
  // The master knows the file by another name; the one that counts is the user's.
  const { file: _theirs, ...entry } = parsed;
  return entry as CaptureEntry;
}

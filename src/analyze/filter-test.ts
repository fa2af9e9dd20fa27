import { openCapture } from '../captures/file/capture-file.js';
import { scanFile } from '../captures/whole/scan-file.js';
import { threadBytesMinDefault } from '../captures/threads/thread-plan.js';
import type { Filter } from '../filter/compile.js';
import { complaintOf, type Entry, failedEntry, hasFacts } from './entry.js';
import { noteUnless } from './notes.js';

/**
 * How many packets of a capture match, in words.
 * @param threadsMax that count them
 */
export async function testFilter(
  filter: Filter,
  name: string,
  threadsMax: number,
): Promise<{ line: string; failed: boolean }> {
  const entry = await counted(filter, name, threadsMax).catch((error: unknown) => failedEntry(name, error));
  const complaint = complaintOf(entry);
  if (!hasFacts(entry)) return { line: complaint ?? name, failed: true };
  const counts = `${name}: ${entry.packets} of ${entry.filter?.of_packets ?? 0} packets match`;
  return complaint === null ? { line: counts, failed: false } : { line: `${counts}; ${complaint}`, failed: true };
}

async function counted({ expression }: Filter, name: string, threadsMax: number): Promise<Entry> {
  const file = openCapture(name);
  try {
    const scan = { filter: expression, onlyNumbers: true, conversationsMax: 1, intervalNs: null, connection: null };
    const index = { mode: 'use', onMade: () => undefined, onNote: noteUnless(false) } as const;
    const settings = {
      scan,
      top: 0,
      sort: 'bytes',
      threadsMax,
      threadBytesMin: threadBytesMinDefault,
      index,
    } as const;
    return { file: name, ...(await scanFile(file, settings)) };
  } finally {
    file.close();
  }
}

import { Merger } from '../../pcap/merger.js';
import type { ChunkScanner } from '../../pcap/chunk-scanner.js';
import { wholeFilePlan } from '../../pcap/chunk-plans.js';
import type { CaptureReport } from '../../pcap/report-types.js';
import type { ReportOptions, ScanOptions } from '../../pcap/types.js';
import type { ByteStream } from '../file/byte-reader.js';
import { loadScanModule } from './scan-module.js';

/** The stream until it ends or the signal is aborted, whichever comes first. */
export async function* until(stream: ByteStream, ended: AbortSignal): AsyncGenerator<Uint8Array> {
  const pieces = stream[Symbol.asyncIterator]();
  // Not a race with one promise for all pieces, which would keep something of each until the end.
  let stop: () => void = () => undefined;
  ended.addEventListener('abort', () => stop(), { once: true });
  while (!ended.aborted) {
    const next = await new Promise<IteratorResult<Uint8Array> | null>((resolve, reject) => {
      stop = () => resolve(null);
      pieces.next().then(resolve, reject);
    });
    if (next === null) break;
    if (next.done === true) return;
    yield next.value;
  }
  // Not waited for: the piece that was asked for may never come.
  void pieces.return?.();
}

/**
 * Calls back every so many milliseconds with the report of what a scan has counted so far, if more has come
 * since. Between two pieces the scan stands still, and then the timer runs.
 * @returns ends it
 */
export function tellSoFar(
  scanner: ChunkScanner,
  everyMs: number,
  scan: ScanOptions,
  report: ReportOptions,
  tell: (report: CaptureReport) => void,
): () => void {
  let told = 0;
  const timer = setInterval(() => {
    const result = scanner.soFar();
    if (result === null || result.end === told) return;
    told = result.end;
    const merger = new Merger(loadScanModule(), [wholeFilePlan], scan);
    merger.offer(result);
    tell(merger.finish(report));
  }, everyMs);
  return () => clearInterval(timer);
}

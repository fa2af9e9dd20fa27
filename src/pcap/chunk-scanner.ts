import { TriremeError } from '../common/errors.js';
import type { CaptureReport } from './report-types.js';
import type { ChunkPlan, ChunkResult, ReportOptions, ScanOptions } from './types.js';

/** Scans one chunk. Push style: put bytes of the file into space(), say how many with filled(), until done or no more. */
export class ChunkScanner {
  constructor(module: WebAssembly.Module, plan: ChunkPlan, options: ScanOptions) {
    throw new TriremeError(
      'INTERNAL',
      `scanner not built yet (${String(module)}, ${plan.start}, ${options.intervalNs})`,
    );
  }

  /** Where the next bytes of the file go, never empty while done is false; valid until the next filled(). */
  space(): Uint8Array {
    throw new TriremeError('INTERNAL', 'not built yet');
  }

  /** So many bytes were put into space(). Scans every record that is complete. */
  filled(_bytes: number): void {}

  /** The chunk is complete, or damage or a foreign header ended it: no more bytes are wanted. */
  get done(): boolean {
    return true;
  }

  /** Ends the chunk, at done or at the end of the input. */
  end(): ChunkResult {
    throw new TriremeError('INTERNAL', 'not built yet');
  }

  /** Ends a scan of the whole file and tells it at once, without the copy that a mergeable result costs. */
  report(_options: ReportOptions): CaptureReport {
    throw new TriremeError('INTERNAL', 'not built yet');
  }
}

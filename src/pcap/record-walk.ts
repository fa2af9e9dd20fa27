import { TriremeError } from '../common/errors.js';
import type { WalkPlan, WalkResult } from './types.js';

/** The serial walk over record headers, the fall-back when guessed starts failed twice. Pushed to as a ChunkScanner is. */
export class RecordWalk {
  constructor(_module: WebAssembly.Module, _plan: WalkPlan) {}

  space(): Uint8Array {
    throw new TriremeError('INTERNAL', 'not built yet');
  }

  filled(_bytes: number): void {}

  get done(): boolean {
    return true;
  }

  end(): WalkResult {
    throw new TriremeError('INTERNAL', 'not built yet');
  }
}

/** How the inflating of a file ended. Known once the last bytes were handed out. */
export interface InflateOutcome {
  /** The compressed stream ends before its own end. What came before is good. */
  readonly truncated: boolean;
  /** The compressed stream is damaged: words for people. What came before is good. */
  readonly damage: string | null;
  /**
   * Bytes behind the end of the compressed stream that are none of it, not counting zeros before them; left
   * out: none.
   */
  readonly restBytes?: number;
}

/** Of a stream that is whole, and of a file that is not packed. */
export const soundOutcome: InflateOutcome = { truncated: false, damage: null };

/** An inflated file: bytes to iterate once, and then how it ended. */
export interface Inflated {
  readonly bytes: AsyncGenerator<Uint8Array>;
  outcome(): InflateOutcome;
}

/** Thrown inside an inflater to end its output; never leaves this folder. */
export class StreamCut extends Error {}

export class StreamDamaged extends Error {}

/**
 * Runs an inflater's generator so that a cut or damaged stream ends the bytes and becomes the outcome. What
 * the generator returns is the number of bytes behind the stream.
 */
export function inflated(run: () => AsyncGenerator<Uint8Array, number | void>): Inflated {
  let outcome = soundOutcome;
  async function* bytes(): AsyncGenerator<Uint8Array> {
    try {
      const restBytes = yield* run();
      if (typeof restBytes === 'number' && restBytes > 0) outcome = { ...outcome, restBytes };
    } catch (error) {
      if (error instanceof StreamCut) outcome = { truncated: true, damage: null };
      else if (error instanceof StreamDamaged) outcome = { truncated: false, damage: error.message };
      else throw error;
    }
  }
  return { bytes: bytes(), outcome: () => outcome };
}

/** How the inflating of a file ended. Known once the last bytes were handed out. */
export interface InflateOutcome {
  /** The compressed stream ends before its own end. What came before is good. */
  readonly truncated: boolean;
  /** The compressed stream is damaged: words for people. What came before is good. */
  readonly damage: string | null;
}

/** An inflated file: bytes to iterate once, and then how it ended. */
export interface Inflated {
  readonly bytes: AsyncGenerator<Uint8Array>;
  outcome(): InflateOutcome;
}

/** Thrown inside an inflater to end its output; never leaves this folder. */
export class StreamCut extends Error {}

export class StreamDamaged extends Error {}

/** Runs an inflater's generator so that a cut or damaged stream ends the bytes and becomes the outcome. */
export function inflated(run: () => AsyncGenerator<Uint8Array>): Inflated {
  let outcome: InflateOutcome = { truncated: false, damage: null };
  async function* bytes(): AsyncGenerator<Uint8Array> {
    try {
      yield* run();
    } catch (error) {
      if (error instanceof StreamCut) outcome = { truncated: true, damage: null };
      else if (error instanceof StreamDamaged) outcome = { truncated: false, damage: error.message };
      else throw error;
    }
  }
  return { bytes: bytes(), outcome: () => outcome };
}

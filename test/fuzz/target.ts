/**
 * A parser under fuzzing. `run` is handed any bytes at all: it returns when the parser did what it promises (took them,
 * or refused them with an error of ours) and throws when it did not. A target keeps nothing from one input to the next,
 * so that an input repeats what it did.
 */
export interface FuzzTarget {
  readonly name: string;
  /** What reads such bytes, and from whom they come. */
  readonly what: string;
  /** Sound inputs, from which the others are made. At least one. */
  seeds(): readonly Uint8Array[];
  /** Pieces that mean something to the parser. */
  readonly words?: readonly (string | Uint8Array)[];
  /** Longest input; default 4,096. */
  readonly bytesMax?: number;
  /** `run` answers with a promise. */
  readonly asynchronous?: true;
  run(input: Uint8Array): void | Promise<void>;
}

/** Fails with what was expected of the parser. */
export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`the parser broke its promise: ${what}`);
}

export const utf8 = (text: string): Uint8Array => Buffer.from(text, 'utf8');
export const asText = (input: Uint8Array): string => Buffer.from(input).toString('utf8');

/** Runs something that may refuse with one of these errors, and with nothing else. */
export function refusedBy<T>(kinds: readonly (new (...args: never[]) => Error)[], run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (kinds.some((kind) => error instanceof kind)) return undefined;
    throw error;
  }
}

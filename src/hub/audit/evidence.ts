import { createHash } from 'node:crypto';

/** Why a worker is quarantined. */
export interface Evidence {
  readonly kind: string;
  /** Id of the job at the hub. */
  readonly job: number;
  /** What it answered, and what two others did; a digest where that is no short text. */
  readonly answer: string;
  readonly othersAnswer: string;
  /** Names of the two others. */
  readonly others: readonly string[];
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

/** Characters of an answer that are shown as they are. */
const shownMax = 320;

export function showAnswer(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.subarray(0, shownMax + 1)).toString('latin1');
  if (text.length <= shownMax && /^[\x20-\x7e]*$/.test(text)) return text;
  return `sha256:${createHash('sha256').update(bytes).digest('hex')} (${bytes.length} bytes)`;
}

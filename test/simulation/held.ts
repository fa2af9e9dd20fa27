import { answerBytes, tagIn } from './answers.js';
import type { SimStream } from './sim-stream.js';

/** A batch of jobs that a worker holds. Each payload has answerBytes. */
export interface Held {
  readonly stream: SimStream;
  ids: number[];
  kinds: number[];
  payloads: Buffer;
  /** When its slot is free for it. */
  beginsAt: number;
}

/** Calls back for each job of a batch. */
export function answersOf({ kinds, payloads }: Held, job: (kind: number, tag: number) => void): void {
  for (let at = 0; at < kinds.length; at++) job(kinds[at], tagIn(payloads, at * answerBytes));
}

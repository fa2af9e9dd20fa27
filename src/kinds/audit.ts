/**
 * How another worker can say whether an answer was right. A kind without one is not audited: its answers may differ.
 */
export interface KindAudit {
  /** Number of the kind of the job that the other worker is given. */
  readonly checkKind: number;
  /**
   * The payload of that job.
   * @param own payload of the job that is audited
   * @param givenMs when the hub was asked for it, and `answeredMs` when it was answered, both since 1970
   */
  checkPayload(own: Uint8Array | null, givenMs: number, answeredMs: number): Uint8Array | null;
  /** Whether that worker's answer bears this one out. */
  bearsOut(check: Uint8Array, answer: Uint8Array): boolean;
  /**
   * Whether an answer tells of something that another worker may have met otherwise: then the two say nothing
   * of each other.
   */
  inconclusive?(answer: Uint8Array): boolean;
  /** The right answer, from that worker's. */
  answerOf(check: Uint8Array): Uint8Array;
}

/** For kinds whose answer depends on the payload alone: another worker must answer the same bytes. */
export const sameAnswer = (checkKind: number): KindAudit => ({
  checkKind,
  checkPayload: (own) => own,
  bearsOut: (check, answer) => Buffer.compare(check, answer) === 0,
  answerOf: (check) => check,
});

/** Seconds by which a worker's clock may differ from the hub's. */
const clockSecondsMax = 1;
const digestDigits = 64;

/**
 * MINE_BITCOIN hashes the second in which it ran. A second worker hashes each second in which it can have run, and the
 * answer must be one of those. So the audited job is like any other, and its worker cannot tell.
 */
export const minedSeconds: KindAudit = {
  checkKind: 101,
  checkPayload: (_own, givenMs, answeredMs) => {
    const first = Math.floor(givenMs / 1000) - clockSecondsMax;
    // Of one that took a minute the end is looked at.
    const last = Math.floor(answeredMs / 1000) + clockSecondsMax;
    return Buffer.from(`${Math.max(first, last - 63)}-${last}`);
  },
  bearsOut: (check, answer) => {
    if (answer.length !== digestDigits) return false;
    for (let at = 0; at + digestDigits <= check.length; at += digestDigits) {
      if (Buffer.compare(check.subarray(at, at + digestDigits), answer) === 0) return true;
    }
    return false;
  },
  answerOf: (check) => {
    // The last second is the clock's tolerance; the one before is that of the answer.
    const at = check.length - (1 + clockSecondsMax) * digestDigits;
    return check.subarray(at, at + digestDigits);
  },
};

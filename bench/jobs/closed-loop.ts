import { LatencyRecord } from '../../src/client/load/latency-record.js';

/** What a client of any contestant reports as one line of JSON. */
export interface LoopReport {
  readonly jobsPerSecond: number;
  readonly p50Microseconds: number;
  readonly p99Microseconds: number;
  /** Requests whose answer did not come. */
  readonly lost: number;
}

/** Time before answers are counted: connections open, code gets hot. */
export const warmupMs = 500;

/**
 * Keeps so many requests under way, each sent when one before it is answered, and measures the answers.
 * @param ask sends one request; false when its answer did not come
 */
export async function closedLoop(
  inFlight: number,
  durationMs: number,
  ask: () => Promise<boolean>,
): Promise<LoopReport> {
  let lost = 0;
  const record = new LatencyRecord();
  const fromMs = performance.now() + warmupMs;
  const toMs = fromMs + durationMs;
  const lane = async (): Promise<void> => {
    for (let sentMs = performance.now(); sentMs < toMs;) {
      const answered = await ask();
      const nowMs = performance.now();
      if (!answered) lost++;
      else if (nowMs >= fromMs && nowMs < toMs) record.record(nowMs - sentMs, 1);
      sentMs = nowMs;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  const { p50, p99 } = record.summary();
  return { jobsPerSecond: record.count / (durationMs / 1000), p50Microseconds: p50, p99Microseconds: p99, lost };
}

/** The answer of GET_TIME, which every contestant's worker makes anew for each job. */
export function time(): string {
  return String(Math.floor(Date.now() / 1000));
}

/** True for a time; refuses an answer that is none. */
export function checkTime(answer: string): boolean {
  if (!/^\d{10}$/.test(answer)) throw new Error(`'${answer}' is no time`);
  return true;
}

/** What is echoed: letters, which BullMQ carries in JSON as they are. */
export const echoPayload = (bytes: number): string => 'abcdefghij'.repeat(Math.ceil(bytes / 10)).slice(0, bytes);

/** True for what was sent. */
export function checkEcho(answer: Uint8Array | undefined, payload: Buffer): boolean {
  if (answer === undefined || !payload.equals(answer)) throw new Error('the answer is not what was sent');
  return true;
}

/** Arguments of a client: where its server is, requests under way, milliseconds, bytes to be echoed (0: GET_TIME). */
export function clientArguments(): { at: string; inFlight: number; durationMs: number; payloadBytes: number } {
  const [at, inFlight, durationMs, payloadBytes = 0] = process.argv.slice(2);
  return { at, inFlight: Number(inFlight), durationMs: Number(durationMs), payloadBytes: Number(payloadBytes) };
}

/** Says on stdout, in one line, that a server is ready or what a client has measured. */
export function say(fact: object): void {
  process.stdout.write(`${JSON.stringify(fact)}\n`);
}

import { minedBy } from '../../src/client/load/answer-check.js';
import { markerFirst, type ClientEvent } from './client-log.js';

/** A time during which something that was done explains that connections end. */
export interface Excuse {
  /** Prefix of the names of the clients concerned; '' is all. */
  readonly clients: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Slow {
  readonly client: string;
  readonly askedMs: number;
  readonly answeredMs: number;
}

export interface CheckOptions {
  readonly excuses: readonly Excuse[];
  /** Seconds by which a worker's clock was ahead at times. */
  readonly clockStepsSeconds: readonly number[];
  /** Answers that took longer are kept for the table of recoveries. */
  readonly slowMs: number;
  /** Latencies of jobs asked in this time, in milliseconds since 1970, are the usual ones. */
  readonly calm: { readonly fromMs: number; readonly toMs: number };
}

export interface Checked {
  readonly answers: number;
  readonly markers: number;
  readonly connections: number;
  readonly clients: number;
  /** What must never happen, in words; the first ones of each sort. */
  readonly violations: readonly string[];
  /**
   * By sort: error answers, wrong values, answers out of place, answers that nobody waited for, jobs lost,
   * connections lost.
   */
  readonly counts: Readonly<Record<ViolationSort, number>>;
  readonly slow: readonly Slow[];
  /** 99 of 100 answers in the calm took no longer; 0 where there were none. */
  readonly calmP99Ms: number;
}

export type ViolationSort = 'error' | 'wrong' | 'disordered' | 'doubled' | 'lost' | 'closed';

const violationsTold = 5;

/** An answer may be computed a second before or after the times that a client saw. */
const slackSeconds = 1;

/** Says whether a value is what a worker may answer to a job asked and answered at these times. */
export class AnswerValues {
  private readonly mined = new Map<number, string>();

  constructor(private readonly stepsSeconds: readonly number[]) {}

  right(kind: number, text: string, askedMs: number, answeredMs: number): boolean {
    if (kind >= markerFirst) return text === `ERROR unknown job ${kind}`;
    const first = Math.floor(askedMs / 1000) - slackSeconds;
    const last = Math.floor(answeredMs / 1000) + slackSeconds;
    for (const step of [0, ...this.stepsSeconds]) {
      for (let second = last + step; second >= first + step; second--) {
        if (text === (kind === 1 ? String(second) : this.minedAt(second))) return true;
      }
    }
    return false;
  }

  private minedAt(second: number): string {
    let answer = this.mined.get(second);
    if (answer === undefined) this.mined.set(second, (answer = minedBy(second).toString('latin1')));
    return answer;
  }
}

/** Reads what clients wrote down and says what must not have happened. Each log's events come in its order. */
export function check(logs: Iterable<Iterable<ClientEvent>>, options: CheckOptions): Checked {
  const counts: Record<ViolationSort, number> = { error: 0, wrong: 0, disordered: 0, doubled: 0, lost: 0, closed: 0 };
  const violations: string[] = [];
  const blame = (sort: ViolationSort, words: string): void => {
    if (counts[sort]++ < violationsTold) violations.push(`${sort}: ${words}`);
  };
  const values = new AnswerValues(options.clockStepsSeconds);
  const excused = (client: string, atMs: number): boolean =>
    options.excuses.some(({ clients, fromMs, toMs }) => client.startsWith(clients) && atMs >= fromMs && atMs <= toMs);
  const slow: Slow[] = [];
  const calm: number[] = [];
  const lastJob = new Map<string, number>();
  let [answers, markers, connections] = [0, 0, 0];
  for (const log of logs) {
    for (const event of log) {
      const { client } = event;
      switch (event.event) {
        case 'open':
          connections++;
          if (!lastJob.has(client)) lastJob.set(client, -1);
          break;
        case 'answer': {
          const { job, kind, askedMs, answeredMs, text } = event;
          answers++;
          const what = `${client} asked ${kind} as job ${job} and was answered '${text.slice(0, 80)}'`;
          if (kind >= markerFirst) {
            markers++;
            if (text !== `ERROR unknown job ${kind}`) blame('disordered', what);
          } else if (text.startsWith('ERROR unknown job')) blame('disordered', what);
          else if (text.startsWith('ERROR')) blame('error', what);
          else if (!values.right(kind, text, askedMs, answeredMs))
            blame(
              'wrong',
              `${what} between ${new Date(askedMs).toISOString()} and ${new Date(answeredMs).toISOString()}`,
            );
          if (job <= (lastJob.get(client) ?? -1)) blame('doubled', `${client} had an answer to job ${job} already`);
          lastJob.set(client, job);
          if (askedMs >= options.calm.fromMs && askedMs < options.calm.toMs) calm.push(answeredMs - askedMs);
          if (answeredMs - askedMs > options.slowMs) slow.push({ client, askedMs, answeredMs });
          break;
        }
        case 'extra':
          blame('doubled', `${client} was sent '${event.text.slice(0, 80)}', which it had not asked for`);
          break;
        case 'close':
          if (!excused(client, event.atMs))
            blame('closed', `${client} lost its connection at ${new Date(event.atMs).toISOString()} without a cause`);
          break;
        case 'end':
          if (event.unanswered > 0) blame('lost', `${client} still waits for ${event.unanswered} answers at the end`);
      }
    }
  }
  calm.sort((a, b) => a - b);
  const calmP99Ms = calm[Math.floor(calm.length * 0.99)] ?? 0;
  return { answers, markers, connections, clients: lastJob.size, violations, counts, slow, calmP99Ms };
}

/** How long after a fault began its last slow answer came, in seconds; 0: none was slow. */
export function recoverySeconds(
  slow: readonly Slow[],
  fromMs: number,
  nextMs: number,
  concerns: (client: string) => boolean,
): number {
  let last = fromMs;
  for (const { client, askedMs, answeredMs } of slow) {
    // A job asked just before the fault may have met it on its way.
    if (
      answeredMs > fromMs &&
      askedMs < nextMs &&
      answeredMs - fromMs > 0 &&
      askedMs > fromMs - 10_000 &&
      concerns(client)
    )
      last = Math.max(last, Math.min(answeredMs, nextMs + 30_000));
  }
  return (last - fromMs) / 1000;
}

/**
 * What clients write down, one event a line, words separated by blanks. Times are milliseconds since 1970 by the clock
 * that no fault steps. A client numbers its jobs; a job whose connection broke is asked again under its number.
 *
 * - `answer CLIENT CONNECTION JOB KIND ASKED ANSWERED TEXT`: ASKED is when it was asked first
 * - `extra CLIENT CONNECTION TIME TEXT`: an answer that nobody waited for
 * - `open CLIENT CONNECTION TIME`, `close CLIENT CONNECTION TIME UNANSWERED`: what became of connections
 * - `end CLIENT TIME JOBS UNANSWERED`: the client stopped by itself after asking so many jobs
 */
export type ClientEvent =
  | {
      readonly event: 'answer';
      readonly client: string;
      readonly connection: number;
      readonly job: number;
      readonly kind: number;
      readonly askedMs: number;
      readonly answeredMs: number;
      readonly text: string;
    }
  | {
      readonly event: 'extra';
      readonly client: string;
      readonly connection: number;
      readonly atMs: number;
      readonly text: string;
    }
  | { readonly event: 'open'; readonly client: string; readonly connection: number; readonly atMs: number }
  | {
      readonly event: 'close';
      readonly client: string;
      readonly connection: number;
      readonly atMs: number;
      readonly unanswered: number;
    }
  | {
      readonly event: 'end';
      readonly client: string;
      readonly atMs: number;
      readonly jobs: number;
      readonly unanswered: number;
    };

/** Reads one line; undefined for the half line that a killed client leaves at the end of its log. */
export function readEvent(line: string): ClientEvent | undefined {
  const [event, client, ...rest] = line.split(' ');
  const numbers = rest.map(Number);
  switch (event) {
    case 'answer': {
      const [connection, job, kind, askedMs, answeredMs] = numbers;
      if (rest.length < 6) return undefined;
      return { event, client, connection, job, kind, askedMs, answeredMs, text: rest.slice(5).join(' ') };
    }
    case 'extra':
      return { event, client, connection: numbers[0], atMs: numbers[1], text: rest.slice(2).join(' ') };
    case 'open':
      return rest.length < 2 ? undefined : { event, client, connection: numbers[0], atMs: numbers[1] };
    case 'close':
      if (rest.length < 3) return undefined;
      return { event, client, connection: numbers[0], atMs: numbers[1], unanswered: numbers[2] };
    case 'end':
      return rest.length < 3
        ? undefined
        : { event, client, atMs: numbers[0], jobs: numbers[1], unanswered: numbers[2] };
    default:
      return undefined;
  }
}

/** Numbers from here on are no job: the lb answers each with an error that repeats it, which proves its place. */
export const markerFirst = 1_000_000;

/** The kind that a client asks as its n-th job: GET_TIME, MINE_BITCOIN, or now and then a number that is no job. */
export function kindOfJob(job: number): number {
  const at = (job * 7919) % 20;
  if (at < 4) return markerFirst + job;
  return at < 12 ? 1 : 2;
}

import { hubOptionsDefault } from '../hub/port/options.js';

/** Bounds of the TCP front and of JobService. */
export interface LbLimits {
  /** TCP connections at once. Four times what the tests open; an idle one costs about 10 KiB. */
  readonly connectionsMax: number;
  /**
   * Jobs of one connection (or one RunJobs stream) asked and not yet answered, a power of two. Past it the
   * socket is not read, so TCP pushes back. The default hides 60 ms of latency at 250,000 jobs/s.
   */
  readonly jobsPerConnectionMax: number;
  /**
   * Jobs of all clients given to the hub at once. Below the hub's queue bound, so a TCP client waits and is
   * not refused.
   */
  readonly jobsTotalMax: number;
  /** Digits of a job number. 15 is the most that a double holds exactly, and no kind comes near it. */
  readonly digitsMax: number;
  /**
   * A connection without a job and without a byte for this long is closed: its client has probably gone without a word.
   */
  readonly idleTimeoutMs: number;
  /**
   * Time for the rest of a number to come. A client that feeds one digit a minute must not hold a connection for ever.
   */
  readonly senderTimeoutMs: number;
  /**
   * Bytes handed to a socket and not yet taken by the kernel. Past it, answers stay in the ring and the ring fills up.
   */
  readonly outputBytesMax: number;
  /**
   * Bytes of answers that a client leaves unread while more of them come: those of JSON lines and RunJobs may
   * be many and long, and a client that has stopped to read is cut off before they fill memory.
   */
  readonly unreadBytesMax: number;
  /** A client that takes none of the bytes waiting for it for this long is closed. */
  readonly readerTimeoutMs: number;
  /** Jobs decoded in one turn of the event loop: answers must not wait for a flood to be read. */
  readonly jobsPerTurnMax: number;
  /**
   * Jobs that all RunJobs streams together take in one turn of the event loop: some 0.2 ms of work, which is
   * also what their answers take later. Other clients wait that long, however many streams there are.
   */
  readonly streamJobsPerTurnMax: number;
  /**
   * Time between turns of RunJobs streams while clients are there that ask for few jobs at a time, in
   * milliseconds. Streams with jobs that wait would otherwise have turns without end, and keep lb, workers
   * and their own callers on every core: with the pause they get some 100,000 jobs/s, and the processes of
   * the others find a core at once.
   */
  readonly streamPauseMs: number;
  /**
   * Time that a turn of RunJobs streams may take while such clients are there, in milliseconds: what
   * streamJobsPerTurnMax take once their code is compiled. Before, so many take ten times as long, and the
   * others waited for turns and answers.
   */
  readonly streamTurnMs: number;
  /**
   * Jobs of RunJobs streams after which the code that carries them is compiled, in lb and workers, and until
   * then the pause between turns while such clients are there, in milliseconds. Compiling takes other
   * threads, which kept every core for 0.2 s.
   */
  readonly streamColdJobs: number;
  readonly streamColdPauseMs: number;
  /**
   * Numbers in a row that are no job, after which the client is taken for something else than a job client and closed.
   */
  readonly unknownInRowMax: number;
}

export const lbLimitsDefault: LbLimits = {
  connectionsMax: 16_384,
  jobsPerConnectionMax: 16_384,
  jobsTotalMax: 65_536,
  digitsMax: 15,
  idleTimeoutMs: 300_000,
  senderTimeoutMs: 30_000,
  outputBytesMax: 256 * 1024,
  unreadBytesMax: 64 * 2 ** 20,
  readerTimeoutMs: 30_000,
  jobsPerTurnMax: 8_192,
  streamJobsPerTurnMax: 128,
  streamPauseMs: 1,
  streamTurnMs: 0.2,
  streamColdJobs: 8_192,
  streamColdPauseMs: 5,
  unknownInRowMax: 1_000_000,
};

/**
 * How long an answer may wait for others of its connection when many are about to come (JobAdmission makes it longer
 * while every client is far ahead). It seldom does: a quarter of
 * what is outstanding is flushed at once, so the wait is a quarter of the client's round trip at most.
 */
export const flushLingerMs = 4;

/**
 * Bytes of a connection read ahead of what may be decoded: 8,192 jobs, so that one sees how far ahead a client is. Past
 * them the socket is not read and TCP pushes back.
 */
export const readAheadBytesMax = 16 * 1024;

/** How long a socket that was told good-bye may take to close before it is cut off. */
export const closingMsMax = 1_000;

/**
 * How long digits that may be records or the beginning of a number wait for what follows them; such are only
 * those of no kind, and those that a kind of several digits begins with. Above the round trip and the delayed
 * acknowledgement (40 ms) of most links.
 */
export const framingWaitMs = 200;

/** Time for the AUTH line: a slow link takes a second. */
export const authTimeoutMs = 5_000;

/**
 * Connections that have not presented their token, and TLS handshakes: an honest one needs some milliseconds.
 * Past it the oldest goes. At most a quarter of all connections, so that clients with a token are not refused
 * for those without.
 */
export function gatesMax({ connectionsMax }: LbLimits): number {
  return Math.min(256, Math.ceil(connectionsMax / 4));
}

/** Refused clients that are still being told so; further ones are cut off without a word. */
export const refusalsAtOnceMax = 256;

/** Time between two looks at every connection for those that break a time-out. */
export const sweepIntervalMs = 1_000;

if (lbLimitsDefault.jobsTotalMax >= hubOptionsDefault.jobsQueuedMax)
  throw new Error('jobsTotalMax must stay below the hub queue, or TCP clients are refused where they should wait');

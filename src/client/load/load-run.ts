import type { Socket } from 'node:net';
import { TriremeError } from '../../common/errors.js';
import { formatHostPort, type HostPort } from '../../common/options.js';
import type { DiallerTrust } from '../../common/trust/dialler-trust.js';
import { plainWords } from '../../common/trust/tls-material.js';
import { dialJobs, refusedBy } from '../dial.js';
import { AnswerCheck } from './answer-check.js';
import { LatencyRecord, type LatencySummary } from './latency-record.js';
import { LoadConnection, type LoadPort } from './load-connection.js';
import { mixSequence, type MixPart } from './mix.js';

export interface LoadOptions {
  readonly lb: HostPort;
  readonly trust: DiallerTrust;
  readonly connections: number;
  /** Closed loop: jobs outstanding on each connection. */
  readonly inFlight: number;
  /** Open loop: jobs a second over all connections; undefined is closed loop. */
  readonly ratePerSecond?: number;
  readonly mix: readonly MixPart[];
  readonly durationMs: number;
  /** Answers in this time before the measured time are not counted. */
  readonly warmupMs: number;
}

export interface LoadReport {
  readonly jobs: number;
  readonly seconds: number;
  readonly jobsPerSecond: number;
  /** Answers that begin with ERROR, answers that are not right, and jobs without an answer, warm-up included. */
  readonly errors: number;
  readonly wrong: number;
  readonly unanswered: number;
  /** The first answer that was not right. */
  readonly firstBad?: string;
  readonly latencyMicroseconds: LatencySummary;
  readonly kinds: Readonly<Record<string, { readonly jobs: number; readonly latencyMicroseconds: LatencySummary }>>;
}

/** Time for the last answers to come after the last job was sent. */
const settleMsMax = 30_000;

/** How often an open loop looks what is due. */
const tickMs = 1;

/** Puts load on a load balancer and measures it. @throws TriremeError UNREACHABLE when a connection breaks */
export async function runLoad(options: LoadOptions): Promise<LoadReport> {
  const sockets = await dialAll(options);
  return new Promise<LoadReport>((resolve, reject) => {
    const run = new LoadRun(options, sockets, resolve, reject);
    run.start();
  });
}

async function dialAll({ lb, trust, connections }: LoadOptions): Promise<Socket[]> {
  const sockets: Socket[] = [];
  try {
    for (let i = 0; i < connections; i++) sockets.push(await dial(lb, trust));
    return sockets;
  } catch (error) {
    for (const socket of sockets) socket.destroy();
    throw error;
  }
}

function dial(lb: HostPort, trust: DiallerTrust): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = dialJobs(lb, trust, () => resolve(socket));
    socket.on('error', (error) =>
      reject(
        new TriremeError('UNREACHABLE', `--lb ${formatHostPort(lb)}: ${plainWords(error.message)}`, { cause: error }),
      ),
    );
  });
}

class LoadRun implements LoadPort {
  readonly check = new AnswerCheck();
  readonly sequence: Uint8Array;
  readonly epochMs = performance.timeOrigin;
  private readonly connections: LoadConnection[];
  private readonly records = new Map<number, LatencyRecord>();
  private readonly timers: NodeJS.Timeout[] = [];
  private errors = 0;
  private wrong = 0;
  private firstBad: string | undefined;
  private measuredFromMs = Infinity;
  private measuredToMs = Infinity;
  private startMs = 0;
  private sending = true;
  private finished = false;
  /** Open loop: jobs sent so far. */
  private sent = 0;

  constructor(
    private readonly options: LoadOptions,
    sockets: readonly Socket[],
    private readonly resolve: (report: LoadReport) => void,
    private readonly reject: (error: TriremeError) => void,
  ) {
    this.sequence = mixSequence(options.mix);
    this.connections = sockets.map((socket, i) => new LoadConnection(socket, this, (i * 997) % this.sequence.length));
    for (const { kind } of options.mix) this.records.set(kind, new LatencyRecord());
  }

  start(): void {
    const { warmupMs, durationMs, ratePerSecond, inFlight } = this.options;
    const nowMs = (this.startMs = performance.now());
    this.measuredFromMs = nowMs + warmupMs;
    this.measuredToMs = this.measuredFromMs + durationMs;
    this.timers.push(setTimeout(() => this.stop(), warmupMs + durationMs));
    if (ratePerSecond === undefined)
      for (const connection of this.connections) connection.send(inFlight, nowMs, 0, nowMs);
    else this.timers.push(setInterval(() => this.sendDue(ratePerSecond), tickMs));
  }

  /** Sends what is due by now, spread over the connections. What finds no room stays due. */
  private sendDue(ratePerSecond: number): void {
    const nowMs = performance.now();
    const due = Math.floor(((nowMs - this.startMs) / 1000) * ratePerSecond) - this.sent;
    const stepMs = 1000 / ratePerSecond;
    const count = this.connections.length;
    for (let i = 0; i < count; i++) {
      const share = Math.floor((due * (i + 1)) / count) - Math.floor((due * i) / count);
      const jobs = Math.min(share, this.connections[i].room);
      if (jobs <= 0) continue;
      this.connections[i].send(jobs, this.startMs + (this.sent + 1) * stepMs, stepMs, nowMs);
      this.sent += jobs;
    }
  }

  answered(kind: number, latencyMs: number, count: number): void {
    const nowMs = performance.now();
    if (nowMs >= this.measuredFromMs && nowMs < this.measuredToMs) this.records.get(kind)?.record(latencyMs, count);
  }

  bad(what: 'wrong' | 'error', answer: string): void {
    const refused = refusedBy(this.options.lb, answer);
    if (refused !== undefined) return this.fail(refused);
    this.firstBad ??= answer;
    if (what === 'error') this.errors++;
    else this.wrong++;
  }

  progress(connection: LoadConnection, jobs: number): void {
    if (!this.sending) {
      if (this.connections.every((other) => other.outstanding === 0)) this.finish();
    } else if (this.options.ratePerSecond === undefined) {
      const nowMs = performance.now();
      connection.send(jobs, nowMs, 0, nowMs);
    }
  }

  broken(error: Error): void {
    const { lb, trust } = this.options;
    const silent = [...this.records.values()].every((record) => record.count === 0);
    const hint = silent && trust.tls !== null ? trust.hint() : '';
    this.fail(
      new TriremeError('UNREACHABLE', `--lb ${formatHostPort(lb)}: ${plainWords(error.message)}${hint}`, {
        cause: error,
      }),
    );
  }

  private fail(error: TriremeError): void {
    if (this.finished) return;
    this.finished = true;
    this.release();
    this.reject(error);
  }

  private stop(): void {
    this.sending = false;
    this.timers.forEach(clearInterval);
    if (this.connections.every((connection) => connection.outstanding === 0)) this.finish();
    else this.timers.push(setTimeout(() => this.finish(), settleMsMax));
  }

  private finish(): void {
    if (this.finished) return;
    this.finished = true;
    const unanswered = this.connections.reduce((sum, connection) => sum + connection.outstanding, 0);
    this.release();
    const all = new LatencyRecord();
    for (const record of this.records.values()) all.add(record);
    const seconds = this.options.durationMs / 1000;
    this.resolve({
      jobs: all.count,
      seconds,
      jobsPerSecond: all.count / seconds,
      errors: this.errors,
      wrong: this.wrong,
      unanswered,
      firstBad: this.firstBad,
      latencyMicroseconds: all.summary(),
      kinds: Object.fromEntries(
        [...this.records].map(([kind, record]) => [
          kind === 1 ? 'GET_TIME' : 'MINE_BITCOIN',
          { jobs: record.count, latencyMicroseconds: record.summary() },
        ]),
      ),
    });
  }

  private release(): void {
    this.timers.forEach(clearInterval);
    for (const connection of this.connections) connection.close();
  }
}

import type { Socket } from 'node:net';
import { forTerminal } from '../../common/for-terminal.js';
import { lineEnd, type AnswerCheck } from './answer-check.js';

/** Jobs of one connection sent and not yet answered, at most; a power of two. Above it, sending waits. */
export const outstandingMax = 65_536;

/** How much of a line an error shows, in bytes: enough for every error of the load balancer. */
const lineShownBytes = 200;

/** What the connections of one run share. */
export interface LoadPort {
  readonly check: AnswerCheck;
  /** Kinds of the jobs to send, repeated. */
  readonly sequence: Uint8Array;
  /** Milliseconds since 1970 at the zero of performance.now(). */
  readonly epochMs: number;
  /** `count` answers of one kind came, `latencyMs` after they were to be sent. */
  answered(kind: number, latencyMs: number, count: number): void;
  bad(what: 'wrong' | 'error', answer: string): void;
  /** So many jobs were answered; the connection may send more. */
  progress(connection: LoadConnection, jobs: number): void;
  broken(error: Error): void;
}

/** One TCP connection of the load generator, in lines framing. No object is made per job. */
export class LoadConnection {
  private readonly dueMs = new Float64Array(outstandingMax);
  private readonly sentMs = new Float64Array(outstandingMax);
  private readonly kinds = new Uint8Array(outstandingMax);
  private head = 0;
  private tail = 0;
  private unread: Buffer = Buffer.alloc(0);

  constructor(
    private readonly socket: Socket,
    private readonly port: LoadPort,
    private next: number,
  ) {
    socket.on('data', (chunk: Buffer) => this.received(chunk));
    socket.on('error', (error) => port.broken(error));
    socket.on('end', () => port.broken(new Error('the load balancer closed a connection')));
  }

  get outstanding(): number {
    return (this.tail - this.head) >>> 0;
  }

  get room(): number {
    return outstandingMax - this.outstanding;
  }

  /**
   * Sends jobs in one write. Job i was due at firstDueMs + i * stepMs on performance.now(): its latency counts from
   * then, so a generator that is late does not hide the wait (coordinated omission).
   */
  send(count: number, firstDueMs: number, stepMs: number, nowMs: number): void {
    const { sequence } = this.port;
    const bytes = Buffer.allocUnsafe(count * 2);
    for (let i = 0; i < count; i++) {
      const slot = this.tail & (outstandingMax - 1);
      const kind = sequence[this.next];
      this.next = (this.next + 1) % sequence.length;
      this.dueMs[slot] = firstDueMs + i * stepMs;
      this.sentMs[slot] = nowMs;
      this.kinds[slot] = kind;
      bytes[i * 2] = 0x30 + kind;
      bytes[i * 2 + 1] = 0x0a;
      this.tail = (this.tail + 1) >>> 0;
    }
    this.socket.write(bytes);
  }

  close(): void {
    this.socket.removeAllListeners('end');
    this.socket.destroy();
  }

  private received(chunk: Buffer): void {
    const { port } = this;
    const bytes = this.unread.length === 0 ? chunk : Buffer.concat([this.unread, chunk]);
    const nowMs = performance.now();
    const nowSeconds = (port.epochMs + nowMs) / 1000;
    let from = 0;
    let jobs = 0;
    // Jobs of one kind that were due together are recorded together.
    let runKind = 0;
    let runDueMs = 0;
    let runCount = 0;
    while (from < bytes.length) {
      const end = lineEnd(bytes, from);
      if (end < 0) break;
      if (this.outstanding === 0)
        return port.broken(
          new Error(`the load balancer sent an answer that nobody asked for: "${shown(bytes, from, end)}"`),
        );
      const slot = this.head & (outstandingMax - 1);
      this.head = (this.head + 1) >>> 0;
      const kind = this.kinds[slot];
      const verdict = port.check.check(kind, bytes, from, end, (port.epochMs + this.sentMs[slot]) / 1000, nowSeconds);
      if (verdict !== 'right') port.bad(verdict, shown(bytes, from, end));
      else if (kind === runKind && this.dueMs[slot] === runDueMs) runCount++;
      else {
        if (runCount > 0) port.answered(runKind, nowMs - runDueMs, runCount);
        runKind = kind;
        runDueMs = this.dueMs[slot];
        runCount = 1;
      }
      jobs++;
      from = end + 1;
    }
    if (runCount > 0) port.answered(runKind, nowMs - runDueMs, runCount);
    this.unread = bytes.subarray(from);
    if (jobs > 0) port.progress(this, jobs);
  }
}

function shown(bytes: Buffer, from: number, end: number): string {
  return forTerminal(bytes.toString('latin1', from, Math.min(end, from + lineShownBytes)));
}

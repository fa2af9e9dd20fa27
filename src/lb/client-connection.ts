import type { Socket } from 'node:net';
import { ClientTimes } from './client-times.js';
import type { TurnTaker } from './connection-turns.js';
import type { FrontConnection, FrontPort, Offence } from './front-port.js';
import { closingMsMax } from './limits.js';
import { wasReset } from './link-facts.js';

/**
 * OPEN: it reads and answers. DRAINING: it reads nothing more, and answers what it has read. ENDING:
 * everything is written, and the socket closes. CLOSED: it is gone, with whatever it had asked.
 */
type ConnectionState = 'OPEN' | 'DRAINING' | 'ENDING' | 'CLOSED';

/** What every connection of the front has in common, whatever its client speaks: its state, its turns and its end. */
export abstract class ClientConnection implements FrontConnection, TurnTaker {
  readonly peer: string;
  protected state: ConnectionState = 'OPEN';
  /** The client has ended its side: what it has asked is answered, then this side ends too. */
  protected inputEnded = false;
  protected readonly times: ClientTimes;
  /** Its turn to decode comes. */
  private turnWanted = false;

  constructor(
    protected readonly socket: Socket,
    protected readonly front: FrontPort,
  ) {
    this.peer = front.peerOf(socket);
    this.times = new ClientTimes(front.limits, front.nowMs());
    for (const [event, hear] of this.hears) socket.on(event, hear);
  }

  private readonly hears: readonly [event: string, hear: (chunk: Buffer) => void][] = [
    ['data', (chunk) => this.received(chunk)],
    ['end', () => this.inputEnds()],
    // A reset or a broken pipe is a client's way to go; 'close' follows and does what is to be done.
    ['error', () => undefined],
    ['close', () => this.ended()],
  ];

  abstract get framing(): FrontConnection['framing'];
  abstract get outstanding(): number;
  abstract received(chunk: Buffer): void;
  abstract checkTimeouts(nowMs: number): void;
  abstract flushTurn(): 'DONE' | 'LINGERS';
  /** Turns bytes at hand into jobs, as many as the bounds allow. @returns how many */
  protected abstract decode(): number;
  /** Asks for a turn to write, unless one comes already. */
  protected abstract wantFlush(): void;
  /** The kernel has taken what it was given. */
  protected abstract wrote(): void;
  /** The connection is gone: nothing of its bytes is kept, and its jobs are cancelled. */
  protected abstract letGo(): void;

  protected inputEnds(): void {
    if (wasReset(this.socket)) return this.destroy();
    this.inputEnded = true;
    this.decode();
    this.wantFlush();
  }

  /** Nothing more is written, and what is read counts for nothing. */
  protected get over(): boolean {
    return this.state === 'ENDING' || this.state === 'CLOSED';
  }

  /** Nothing more comes: once all is answered, this side ends. */
  protected get last(): boolean {
    return this.inputEnded || this.state === 'DRAINING';
  }

  protected wantTurn(): void {
    if (this.turnWanted) return;
    this.turnWanted = true;
    this.front.turns.decodeLater(this);
  }

  decodeTurn(): number {
    this.turnWanted = false;
    return this.decode();
  }

  protected write(bytes: Buffer | string): void {
    if (this.socket.writableLength === 0) this.times.takenMs = this.front.nowMs();
    this.socket.write(bytes, this.written);
  }

  private readonly written = (): void => {
    this.times.takenMs = this.front.nowMs();
    if (this.state !== 'CLOSED') this.wrote();
  };

  forgive(ms: number): void {
    this.times.forgive(ms);
  }

  protected offend(offence: Offence): void {
    this.front.offence(offence, this);
    this.destroy();
  }

  drain(): void {
    if (this.state !== 'OPEN') return;
    this.state = 'DRAINING';
    this.socket.pause();
    this.wantFlush();
  }

  /** Another connection takes the socket. */
  protected handOver(): void {
    this.state = 'CLOSED';
    for (const [event, hear] of this.hears) this.socket.off(event, hear);
  }

  protected endOutput(): void {
    this.state = 'ENDING';
    this.times.takenMs = this.front.nowMs();
    this.socket.end();
    if (this.inputEnded) return;
    // Bytes that nobody read would turn the close into a reset, which takes the last answers with it.
    this.socket.resume();
    setTimeout(() => this.destroy(), closingMsMax).unref();
  }

  destroy(): void {
    this.socket.destroy();
    this.ended();
  }

  private ended(): void {
    if (this.state === 'CLOSED') return;
    this.state = 'CLOSED';
    this.letGo();
    this.front.closed(this);
  }
}

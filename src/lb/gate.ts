import type { Socket } from 'node:net';
import type { ListenerTrust } from '../common/trust/listener-trust.js';
import { tokenWanted, type TokenCheck } from '../common/trust/token.js';
import { AuthLine } from './auth-line.js';
import { authTimeoutMs } from './limits.js';

/** What a gate asks of the front that holds it. */
export interface GatePort {
  /** The token was right; `rest` came behind its line. */
  admitted(gate: Gate, rest: Buffer): void;
  /** Tell the client so in one line and close. */
  refused(gate: Gate, line: string): void;
  /** The client went by itself. */
  left(gate: Gate): void;
}

/** A connection that has not presented its token yet: nothing of it is decoded, and little of it is kept. */
export class Gate {
  private readonly line = new AuthLine();
  private readonly timer: NodeJS.Timeout;
  private readonly peer: string;

  constructor(
    readonly socket: Socket,
    private readonly token: TokenCheck,
    private readonly trust: ListenerTrust,
    private readonly port: GatePort,
  ) {
    this.peer = `${socket.remoteAddress ?? '?'}:${socket.remotePort ?? 0}`;
    this.timer = setTimeout(() => this.refuse('late'), authTimeoutMs);
    socket.on('data', this.received);
    socket.on('end', this.gone);
    socket.on('error', ignore);
    socket.on('close', this.gone);
  }

  destroy(): void {
    this.leave();
    this.socket.destroy();
  }

  private readonly received = (chunk: Buffer): void => {
    const result = this.line.push(chunk);
    if (result.found === 'more') return;
    if (result.found === 'none') return this.refuse('no-token');
    if (!this.token.matches(result.token)) return this.refuse('wrong-token');
    this.leave();
    this.port.admitted(this, chunk.subarray(result.restAt));
  };

  private readonly gone = (): void => {
    this.destroy();
    this.port.left(this);
  };

  private refuse(reason: 'no-token' | 'wrong-token' | 'late'): void {
    this.leave();
    this.trust.refusals.report('tcp', reason, { peer: this.peer });
    this.port.refused(this, `ERROR UNAUTHENTICATED: ${tokenWanted}; the first line is AUTH <token>`);
  }

  private leave(): void {
    clearTimeout(this.timer);
    this.socket.off('data', this.received).off('end', this.gone).off('close', this.gone);
    // 'error' keeps its listener: between two owners a reset must not end the process.
  }
}

function ignore(): void {
  // A reset is a client's way to go; 'close' follows.
}

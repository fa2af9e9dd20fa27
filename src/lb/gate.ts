import type { Socket } from 'node:net';
import type { ListenerTrust } from '../common/trust/listener-trust.js';
import { tcpAccess } from '../common/trust/methods.js';
import { whyNotAllowed, type Caller } from '../common/trust/roles.js';
import { tokenWanted } from '../common/trust/token.js';
import { AuthLine } from './auth-line.js';
import { foreignProtocol, foreignWords } from './foreign-protocol.js';
import { authTimeoutMs } from './limits.js';
import { addressOf } from './link-facts.js';

/** What a gate asks of the front that holds it. */
export interface GatePort {
  /** The token was right; `rest` came behind its line. */
  admitted(gate: Gate, rest: Buffer, caller: Caller): void;
  /** Tell the client so in one line and close. */
  refused(gate: Gate, line: string): void;
  /** The client went by itself. */
  left(gate: Gate): void;
}

/**
 * A connection that has not presented its token yet: nothing of it is decoded, and little of it is kept.
 * Where the name of its certificate is listed it may do without: then what comes first need not be an AUTH
 * line.
 */
export class Gate {
  private readonly line = new AuthLine();
  private readonly timer: NodeJS.Timeout;

  constructor(
    readonly socket: Socket,
    private readonly trust: ListenerTrust,
    private readonly port: GatePort,
    /** Name of its certificate, verified. */
    private readonly certificate: string | null = null,
    private readonly peer: string = addressOf(socket),
  ) {
    this.timer = setTimeout(() => this.withoutToken('late', this.line.held), authTimeoutMs);
    socket.on('data', this.received);
    socket.on('end', this.gone);
    socket.on('error', ignore);
    socket.on('close', this.gone);
  }

  /** Newer connections need its place. */
  makeRoom(): void {
    this.withoutToken('late', this.line.held);
  }

  destroy(): void {
    this.leave();
    this.socket.destroy();
  }

  private readonly received = (chunk: Buffer): void => {
    const before = this.line.held;
    const result = this.line.push(chunk);
    if (result.found === 'more') return;
    if (result.found === 'none') return this.withoutToken('no-token', Buffer.concat([before, chunk]));
    const caller = this.trust.identify(result.token, this.certificate);
    if (typeof caller === 'string') return this.refuse(caller);
    this.admit(caller, chunk.subarray(result.restAt));
  };

  private withoutToken(reason: 'no-token' | 'late', held: Buffer): void {
    const caller = this.trust.identify(null, this.certificate);
    if (typeof caller === 'string') this.refuse(reason, held);
    else this.admit(caller, held);
  }

  private admit(caller: Caller, rest: Buffer): void {
    this.leave();
    const why = refusedOnTcp(this.trust, caller, this.peer);
    if (why === null) this.port.admitted(this, rest, caller);
    else this.port.refused(this, why);
  }

  private readonly gone = (): void => {
    this.destroy();
    this.port.left(this);
  };

  private refuse(reason: 'no-token' | 'wrong-token' | 'late', first: Uint8Array = new Uint8Array()): void {
    this.leave();
    this.trust.refusals.report('tcp', reason, { peer: this.peer });
    const protocol = foreignProtocol(first);
    if (protocol !== 'none' && protocol !== 'perhaps') this.port.refused(this, foreignWords[protocol]);
    else this.port.refused(this, `ERROR UNAUTHENTICATED: ${tokenWanted}; the first line is AUTH <token>`);
  }

  private leave(): void {
    clearTimeout(this.timer);
    this.socket.off('data', this.received).off('end', this.gone).off('close', this.gone);
    // 'error' keeps its listener: between two owners a reset must not end the process.
  }
}

/** Null: a caller may ask jobs over TCP. Else the line that tells him why not; it is counted and logged. */
export function refusedOnTcp(trust: ListenerTrust, caller: Caller, peer: string): string | null {
  const why = whyNotAllowed(caller, tcpAccess);
  if (why === null) return null;
  trust.refusals.report('tcp', 'role', { peer, credential: caller.name, roles: caller.roles });
  return `ERROR NOT_ALLOWED: ${why}`;
}

function ignore(): void {
  // A reset is a client's way to go; 'close' follows.
}

import type { Socket } from 'node:net';
import type { Hub } from '../hub/port/hub.js';
import type { AskedKinds } from './asked-kinds.js';
import type { ConnectionTurns } from './connection-turns.js';
import type { Framing } from './frame-decoder.js';
import type { JobAdmission } from './job-admission.js';
import type { JobExemplars } from './job-exemplars.js';
import type { LbLimits } from './limits.js';
import type { LinkLook } from './link-look.js';
import type { ForeignProtocol } from './foreign-protocol.js';
import type { ClientKinds } from './opening.js';
import type { PayloadBudget } from './payload-budget.js';

/** Why a client was closed or refused. Each word is a label of trireme_lb_offences_total. */
export type Offence =
  'connections' | 'idle' | 'slow-sender' | 'slow-reader' | 'unknown-in-row' | 'bad-proxy-header' | ForeignProtocol;

/** A client of the front, whatever it speaks. */
export interface FrontConnection {
  readonly framing: Framing | 'json';
  readonly peer: string;
  /** Jobs asked and not yet answered. */
  readonly outstanding: number;
  /** Takes the next bytes; the front hands in those that came behind the AUTH line. */
  received(chunk: Buffer): void;
  /** So much time counts for none of the time-outs. */
  forgive(ms: number): void;
  /** Closes the connection if it breaks one of the time-outs. Called every sweepIntervalMs. */
  checkTimeouts(nowMs: number): void;
  /** Reads nothing more, answers what was read, then closes. */
  drain(): void;
  /** Ends at once; jobs that are not answered are cancelled. */
  destroy(): void;
}

/** What a connection needs of the front that holds it. */
export interface FrontPort {
  readonly hub: Hub;
  readonly limits: LbLimits;
  readonly admission: JobAdmission;
  /** See JobSink. */
  readonly share?: number;
  readonly clientKinds: ClientKinds;
  /** Kinds by name, and those of workers alone, which only JSON lines can ask for. */
  readonly asked: AskedKinds;
  readonly payloads: PayloadBudget;
  /** Where traced jobs are kept for /metrics; left out: nowhere. */
  readonly exemplars?: JobExemplars;
  /** See kindPrefixesOf. */
  readonly kindPrefixes: ReadonlySet<number>;
  /** Job numbers of one push; shared, because each push is used up before the next. */
  readonly decoded: Float64Array;
  /** Answers of one write; shared for the same reason. */
  readonly scratch: Buffer;
  /** When a connection writes and decodes. */
  readonly turns: ConnectionTurns;
  /** Looks at the links of connections in records framing. */
  readonly links: LinkLook;
  nowMs(): number;
  /** Address and port of the client. */
  peerOf(socket: Socket): string;
  /** The client speaks JSON lines: another connection takes its place, with the first bytes that came. */
  speaksJson(connection: FrontConnection, socket: Socket, first: Buffer): void;
  offence(offence: Offence, connection: FrontConnection): void;
  closed(connection: FrontConnection): void;
}

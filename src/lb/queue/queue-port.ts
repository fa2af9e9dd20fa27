import type { MsgHdrs } from '@nats-io/transport-node';
import type { JsMsg } from '@nats-io/jetstream';
import type { JobStore } from '../../nats/job-store.js';
import type { JobServicePort } from '../job-service-port.js';
import type { Holder } from './decisions.js';

/** How a job that a load balancer had taken from the queue left it. */
export type QueueOutcome = 'done' | 'dead' | 'again' | 'answered' | 'left';

/** What a job of the queue needs of its load balancer. */
export interface QueuePort extends Pick<JobServicePort, 'hub' | 'admission' | 'asked' | 'payloads' | 'share'> {
  /** By which others ask this process for its jobs. Drawn at its start: who has gone is asked in vain. */
  readonly id: string;
  readonly prefix: string;
  readonly store: JobStore;
  /** What the queue has at the hub, as a client of it. */
  readonly held: { jobs: number; bytes: number };
  /** Bytes of the longest message that NATS takes. */
  readonly messageBytesMax: number;
  /** No job begins any more. */
  readonly closing: boolean;
  /** Nothing can be written any more. */
  readonly over: boolean;
  /** Whether another load balancer has a job. */
  ask(lb: string, key: string): Promise<Holder>;
  /** Whether a job without a record may have had one. */
  recordLost(kind: string, message: JsMsg): boolean;
  /** A job of the kind was so long with the hub. */
  took(kind: string, seconds: number): void;
  publish(subject: string, data: Uint8Array, head: MsgHdrs): void;
  /** NATS does not take what must be written; null: it does. */
  refused(error: unknown): void;
}

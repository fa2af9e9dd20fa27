import type { HubMessage, WorkerMessage } from '../../gen/trireme/v1/worker.js';

/** The hub's end of a worker's stream: the only thing of a socket that the hub sees. */
export interface WorkerStream {
  /** Where the worker dialled from, for people. */
  readonly address: string;
  /** Name of the credential that it was opened with, for people; undefined: none was asked for. */
  readonly credential?: string;
  /** Sends a message. False: hold back until `drained` is called. */
  send(message: HubMessage): boolean;
  /** Ends the stream: null is a regular end, a text says what the worker did wrong. */
  close(reason: string | null): void;
}

/** What the stream tells the hub. */
export interface WorkerStreamEvents {
  received(message: WorkerMessage): void;
  /** The worker sent what cannot be a message of a worker; it is to be cut off. */
  refused(reason: string): void;
  drained(): void;
  /** The stream is gone, whoever ended it. Called once. */
  closed(reason: string): void;
}

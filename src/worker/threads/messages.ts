/** What travels between the main thread and a job thread beside shared memory: the rare and the large. */

import type { CommandEntry } from '../../kinds/commands/command-kind.js';

/** Which kinds a thread runs. */
export interface ThreadKinds {
  /** Empty: the kinds of this build. */
  readonly kindsFolder: string;
  readonly userFolders: readonly string[];
  readonly commands: readonly CommandEntry[];
  /** Where processes find payloads that are files; empty: no kind has processes. */
  readonly scratch: string;
}

/** Given to a thread when it starts. */
export interface ThreadData extends ThreadKinds {
  readonly memory: SharedArrayBuffer;
  readonly port: import('node:worker_threads').MessagePort;
  /** Whether it measures what its kinds cost before it serves. */
  readonly calibrates: boolean;
}

/** To the thread: the payload of a batch of one job that does not fit shared memory, has a source or is traced. */
export interface PayloadMessage {
  readonly payload: Uint8Array;
  /** Trace context of the job. */
  readonly traceparent?: string;
  readonly source:
    | { readonly type: 'file'; readonly path: string; readonly paths?: readonly string[] }
    | { readonly type: 'stream'; readonly ring: SharedArrayBuffer }
    | null;
}

/** From the thread, once, before its first batch: seconds per unit of each kind, none unless it calibrates. */
export interface ReadyMessage {
  readonly type: 'ready';
  readonly kinds: readonly { readonly kind: number; readonly secondsPerUnit: number }[];
}

/** From the thread: all answers of the batch that ends next. */
export interface AnswersMessage {
  readonly type: 'answers';
  readonly bytes: Uint8Array;
}

/** From the thread: it has started a group of processes, or one is gone. */
export interface GroupMessage {
  readonly type: 'group';
  readonly group: number;
  readonly began: boolean;
}

/** From the thread: look at the control words. */
export const wakeUp = 0;

export type FromThread = typeof wakeUp | ReadyMessage | AnswersMessage | GroupMessage;

import { forTerminal, linesForTerminal } from './for-terminal.js';

/** What one error code means to a caller: its gRPC status, its exit code, and whether asking again can help. */
interface ErrorKind {
  /** Name of the status; a name, because loading gRPC for it would slow every start. */
  readonly grpc: string;
  /** 1: the work failed; 2: wrong usage. */
  readonly exitCode: 1 | 2;
  readonly retry: boolean;
}

/** Every error that leaves a role. The code leads each message. */
export const errorKinds = {
  USAGE: { grpc: 'INVALID_ARGUMENT', exitCode: 2, retry: false },
  UNKNOWN_JOB: { grpc: 'INVALID_ARGUMENT', exitCode: 1, retry: false },
  FILE_UNREADABLE: { grpc: 'NOT_FOUND', exitCode: 2, retry: false },
  FILE_SILENT: { grpc: 'UNAVAILABLE', exitCode: 2, retry: true },
  FILE_UNWRITABLE: { grpc: 'FAILED_PRECONDITION', exitCode: 1, retry: false },
  FILE_CHANGED: { grpc: 'ABORTED', exitCode: 1, retry: true },
  PATH_REFUSED: { grpc: 'PERMISSION_DENIED', exitCode: 2, retry: false },
  FILTER_UNFIT: { grpc: 'INVALID_ARGUMENT', exitCode: 2, retry: false },
  NOT_A_CAPTURE: { grpc: 'INVALID_ARGUMENT', exitCode: 2, retry: false },
  NO_SUCH_PICK: { grpc: 'NOT_FOUND', exitCode: 1, retry: false },
  QUEUE_FULL: { grpc: 'RESOURCE_EXHAUSTED', exitCode: 1, retry: true },
  LIMIT_REACHED: { grpc: 'RESOURCE_EXHAUSTED', exitCode: 1, retry: false },
  DEADLINE_PASSED: { grpc: 'DEADLINE_EXCEEDED', exitCode: 1, retry: true },
  CANCELLED: { grpc: 'CANCELLED', exitCode: 1, retry: true },
  WORKER_LOST: { grpc: 'UNAVAILABLE', exitCode: 1, retry: true },
  MAY_HAVE_RUN: { grpc: 'UNKNOWN', exitCode: 1, retry: false },
  NO_WORKER: { grpc: 'UNAVAILABLE', exitCode: 1, retry: true },
  JOB_FAILED: { grpc: 'ABORTED', exitCode: 1, retry: false },
  DRAINING: { grpc: 'UNAVAILABLE', exitCode: 1, retry: true },
  UNREACHABLE: { grpc: 'UNAVAILABLE', exitCode: 1, retry: true },
  NO_ANALYSIS: { grpc: 'NOT_FOUND', exitCode: 2, retry: false },
  STATE_FAILED: { grpc: 'UNAVAILABLE', exitCode: 1, retry: true },
  LEASE_LOST: { grpc: 'ABORTED', exitCode: 1, retry: true },
  REFUSED_EXPOSED: { grpc: 'FAILED_PRECONDITION', exitCode: 2, retry: false },
  UNAUTHENTICATED: { grpc: 'UNAUTHENTICATED', exitCode: 1, retry: false },
  NOT_ALLOWED: { grpc: 'PERMISSION_DENIED', exitCode: 1, retry: false },
  PRIVILEGE: { grpc: 'PERMISSION_DENIED', exitCode: 1, retry: false },
  TOOL_MISSING: { grpc: 'FAILED_PRECONDITION', exitCode: 1, retry: false },
  INTERNAL: { grpc: 'INTERNAL', exitCode: 1, retry: false },
} as const satisfies Readonly<Record<string, ErrorKind>>;

export type ErrorCode = keyof typeof errorKinds;

/** What an error is about, for programs: its message says the same in words. */
export interface ErrorFacts {
  /** What was found: a length, a count, a name. */
  readonly value?: number | string;
  /** What it should have been within. */
  readonly bound?: number | string;
  /** What the bound is called. */
  readonly boundName?: string;
  /** When asking again may help, where that is known. */
  readonly retrySeconds?: number;
}

/** The one error class of the project. The message says what was wrong, the value, the bound and what to do. */
export class TriremeError extends Error {
  readonly facts: ErrorFacts;

  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: { cause?: unknown; facts?: ErrorFacts },
  ) {
    super(message, options);
    this.facts = options?.facts ?? {};
    this.name = 'TriremeError';
  }

  get kind(): ErrorKind {
    return errorKinds[this.code];
  }

  /** Takes anything caught; what is already ours stays itself, the rest becomes INTERNAL and keeps its cause. */
  static from(caught: unknown): TriremeError {
    if (caught instanceof TriremeError) return caught;
    const message = caught instanceof Error ? caught.message : String(caught);
    return new TriremeError('INTERNAL', message, { cause: caught });
  }
}

/** Writes one line on stderr (the stack too when verbose) and returns the exit code. */
export function reportFailure(caught: unknown, verbose: boolean): number {
  const error = TriremeError.from(caught);
  process.stderr.write(`trireme: ${forTerminal(error.message.replaceAll('\n', ' '))}\n`);
  if (verbose)
    process.stderr.write(
      linesForTerminal(`${error.stack ?? ''}\n${error.cause instanceof Error ? (error.cause.stack ?? '') : ''}\n`),
    );
  return error.kind.exitCode;
}

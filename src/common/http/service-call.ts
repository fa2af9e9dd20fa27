import type * as grpc from '@grpc/grpc-js';
import { Duplex } from 'node:stream';

/** What handlers ask a call beside its messages. */
export interface CallFacts {
  /** Address and port of the caller. */
  readonly peer: string;
  readonly path: string;
  /** Infinity: none. */
  readonly deadline: grpc.Deadline;
  readonly metadata: grpc.Metadata;
}

/** A handler of a method, as grpc-js calls it. */
export type ServiceHandler = (call: ServiceCall, answer: (error: unknown, value?: unknown) => void) => void;

/**
 * A call that came over HTTP, as handlers of gRPC know calls (ServerUnaryCall, ServerReadableStream and
 * ServerWritableStream of grpc-js): so one implementation of a service serves both ports.
 */
export class ServiceCall extends Duplex {
  cancelled = false;
  readonly metadata: grpc.Metadata;
  private written: { readonly message: unknown; readonly taken: () => void } | null = null;
  private wake: () => void = () => undefined;
  /** What the handler ended the call with; undefined: nothing went wrong. */
  private status: unknown;
  private over = false;
  /** Why nobody waits for an answer any more. */
  private broken: { readonly reason: unknown } | null = null;

  /**
   * @param request the message of a method that takes one
   * @param requests those of a method that takes many; null: it takes one
   */
  constructor(
    readonly request: unknown,
    private readonly requests: AsyncIterator<unknown> | null,
    private readonly facts: CallFacts,
  ) {
    // A message is read when the handler asks for it: each may be long.
    super({ objectMode: true, readableHighWaterMark: 0 });
    this.metadata = facts.metadata;
    // Handlers end a call with a status by emitting it: what they wrote before goes first.
    this.on('error', (status: unknown) => {
      this.status ??= status;
      this.end();
    });
  }

  getPeer(): string {
    return this.facts.peer;
  }

  getPath(): string {
    return this.facts.path;
  }

  getDeadline(): grpc.Deadline {
    return this.facts.deadline;
  }

  /** Headers before the answer: none are of use over HTTP. */
  sendMetadata(): void {
    return;
  }

  /** The caller has gone, its time is over, or its request could not be read: the handler is told, once. */
  cancel(reason: unknown): void {
    if (this.broken !== null) return;
    this.broken = { reason };
    this.cancelled = true;
    // First, for a handler that is told answers that the call was cancelled, whatever the reason is.
    this.wake();
    this.emit('cancelled', 'cancelled');
    this.destroy();
  }

  /** The call has its answer: what becomes of the connection is no matter to the handler. */
  settle(): void {
    this.broken ??= { reason: undefined };
  }

  /** The one answer of a method. @throws what the handler or `cancel` said */
  async answer(handle: ServiceHandler): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.wake = () => reject(this.broken?.reason as Error);
      handle(this, (error, value) => {
        if (error === null || error === undefined) resolve(value);
        else reject(error as Error);
      });
    });
  }

  /** The answers of a method with many; the next is asked of the handler once the one before was taken. */
  async *answers(handle: ServiceHandler): AsyncGenerator<unknown> {
    handle(this, () => undefined);
    for (;;) {
      if (this.broken !== null) throw this.broken.reason as Error;
      if (this.written !== null) {
        const { message, taken } = this.written;
        this.written = null;
        yield message;
        taken();
      } else if (this.over) {
        if (this.status === undefined) return;
        throw this.status as Error;
      } else {
        await new Promise<void>((resolve) => (this.wake = resolve));
      }
    }
  }

  override _read(): void {
    if (this.requests === null) {
      this.push(null);
      return;
    }
    this.requests.next().then(
      ({ done, value }) => this.push(done === true ? null : value),
      (error: unknown) => this.cancel(error),
    );
  }

  override _write(message: unknown, _encoding: string, taken: () => void): void {
    this.written = { message, taken };
    this.wake();
  }

  override _final(done: () => void): void {
    this.over = true;
    done();
    this.wake();
  }
}

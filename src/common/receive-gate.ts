import * as grpc from '@grpc/grpc-js';
import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Readable } from 'node:stream';
import { Counter, Gauge, type Registry } from 'prom-client';
import { TriremeError } from './errors.js';
import { toStatus } from './grpc-status.js';
import { receivedMessageBytesMax } from './limits.js';
import type { Logger } from './logging.js';
import { RateLimit } from './rate-limit.js';
import { ReceiveBudget, type Reservation } from './receive-budget.js';

/**
 * What a gate needs of a call of grpc-js, which has no public place for it: interceptors hear of a message when it is
 * there as a whole. The test of this file fails when grpc-js changes these.
 */
interface BaseCall {
  readonly stream: ServerHttp2Stream;
  readonly decoder: {
    readonly readState: number;
    readonly readMessageSize: number;
    readPartialMessage: Buffer[];
    write(data: Buffer): Buffer[];
  };
  /** A message was asked for and has not been handed over. */
  readonly isReadPending: boolean;
  decompressMessage(message: Buffer, encoding: string): Buffer | Promise<Buffer>;
  startRead(): void;
  /** Called when the call is over, whoever ended it; bytes that come later are dropped. */
  notifyOnCancel(): void;
}

/** StreamDecoder's state once the length of a message is known and its bytes are coming. */
const readingMessage = 2;

/**
 * Lets the messages of calls in only as far as there is room for them: a stream whose next message finds none is not
 * read, so HTTP/2 pushes back. Callers that begin a large message and do not end it are cut off.
 */
export class ReceiveGate {
  private readonly rate = new RateLimit();
  private readonly budgets = new Set<ReceiveBudget>();
  private stalled = 0;

  /** @param budgetOf the budget of a method, by its `/package.Service/Method` */
  constructor(
    private readonly budgetOf: (path: string) => ReceiveBudget,
    private readonly log: Logger,
  ) {}

  /** To stand first, where the call is that of the connection itself. */
  readonly interceptor: grpc.ServerInterceptor = ({ path }, call) => {
    const budget = this.budgetOf(path);
    this.budgets.add(budget);
    this.watch(call as unknown as BaseCall, call, path, budget);
    return new grpc.ServerInterceptingCall(call);
  };

  addMetrics(registry: Registry): void {
    const { budgets } = this;
    const stalled = (): number => this.stalled;
    new Gauge({
      name: 'trireme_grpc_received_bytes',
      help: 'Request messages over 16 KiB that are being received or handled, in bytes',
      registers: [registry],
      collect() {
        let bytes = 0;
        for (const budget of budgets) bytes += budget.bytesHeld;
        this.set(bytes);
      },
    });
    new Gauge({
      name: 'trireme_grpc_receive_waiting',
      help: 'Calls whose next message waits for room in the budget of received bytes',
      registers: [registry],
      collect() {
        let calls = 0;
        for (const budget of budgets) calls += budget.callsWaiting;
        this.set(calls);
      },
    });
    new Counter({
      name: 'trireme_grpc_stalled_messages_total',
      help: 'Calls ended because a large message of theirs did not come to its end',
      registers: [registry],
      collect() {
        this.reset();
        this.inc(stalled());
      },
    });
  }

  private watch(base: BaseCall, call: grpc.ServerInterceptingCallInterface, path: string, budget: ReceiveBudget): void {
    const { stream, decoder } = base;
    /** Of the message whose bytes are coming, and of the one that has just come as a whole. */
    let incoming: Reservation | null = null;
    let complete: Reservation | null = null;
    /** Of the messages that came as a whole and are not handled yet, in their order. */
    const arrived: Reservation[][] = [];
    let reading = false;
    let timer: NodeJS.Timeout | undefined;
    const reserve = (bytes: number, granted: () => void): Reservation => budget.reserve(bytes, call.getPeer(), granted);
    /** The caller has to send the rest: there is room for it, and it is read. */
    const expectRest = (): void => {
      if (incoming?.state !== 'HELD' || !base.isReadPending || timer !== undefined) return;
      const { bytes } = incoming;
      const limitMs = budget.messageTimeoutMs(bytes);
      timer = setTimeout(() => this.cut(call, path, bytes, limitMs), limitMs);
      timer.unref();
    };

    const write = decoder.write.bind(decoder);
    decoder.write = (data) => {
      const messages = write(data);
      if (messages.length > 0) {
        complete = incoming;
        incoming = null;
        clearTimeout(timer);
        timer = undefined;
        // The decoder would keep the pieces of a whole message until the next one begins.
        if (decoder.readState !== readingMessage) decoder.readPartialMessage = [];
      }
      if (incoming !== null || decoder.readState !== readingMessage || budget.isFree(decoder.readMessageSize)) {
        return messages;
      }
      let late = false;
      incoming = reserve(decoder.readMessageSize, () => {
        if (!late) return;
        if (base.isReadPending) stream.resume();
        expectRest();
      });
      late = true;
      if (incoming.state === 'WAITING') stream.pause();
      expectRest();
      return messages;
    };

    // Called for each message that has come as a whole, at once and in their order.
    const decompress = base.decompressMessage.bind(base);
    base.decompressMessage = (message, encoding) => {
      const held = complete === null ? [] : [complete];
      complete = null;
      arrived.push(held);
      if (encoding === 'identity') return decompress(message, encoding);
      return this.unpack(() => decompress(message, encoding), reserve, held);
    };

    const startRead = base.startRead.bind(base);
    base.startRead = () => {
      // Who asks for a message has handled the one before.
      if (reading) for (const reservation of arrived.shift() ?? []) reservation.release();
      reading = true;
      startRead();
      if (incoming?.state === 'WAITING') stream.pause();
      expectRest();
    };
    const notifyOnCancel = base.notifyOnCancel.bind(base);
    base.notifyOnCancel = () => {
      notifyOnCancel();
      clearTimeout(timer);
      for (const reservation of [incoming, complete, ...arrived.flat()]) reservation?.release();
      decoder.readPartialMessage = [];
      // A caller that has its answer and goes on sending would be read for ever.
      if (!stream.readableEnded) setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR));
    };
  }

  /** Unpacks a message once there is room for the longest that it can be: nobody knows before how long it is. */
  private async unpack(
    decompress: () => Buffer | Promise<Buffer>,
    reserve: (bytes: number, granted: () => void) => Reservation,
    held: Reservation[],
  ): Promise<Buffer> {
    const reservation = await new Promise<Reservation>((resolve) => {
      const waiting = reserve(receivedMessageBytesMax, () => setImmediate(() => resolve(waiting)));
      held.push(waiting);
    });
    const bytes = await decompress();
    reservation.shrink(bytes.length);
    return bytes;
  }

  private cut(call: grpc.ServerInterceptingCallInterface, path: string, bytes: number, limitMs: number): void {
    this.stalled++;
    const suppressed = this.rate.admit('stalled', performance.now());
    if (suppressed !== undefined) {
      this.log.warn({ peer: call.getPeer(), path, bytes, limitMs, suppressed }, 'caller cut off: its message stalled');
    }
    const why =
      `a message of ${bytes} bytes did not come as a whole within ${limitMs} ms; ` +
      'send it faster, or in smaller messages';
    const facts = { value: bytes, bound: limitMs, boundName: 'messageTimeoutMs' };
    call.sendStatus(toStatus(new TriremeError('DEADLINE_PASSED', why, { facts })));
  }
}

/**
 * The same service whose request streams read a message only when their handler asks for one. grpc-js makes
 * them with Node's default of 16 objects read ahead, each of which may be 8 MiB, and has no option for it.
 */
export function pulled(
  definition: grpc.ServiceDefinition,
  implementation: grpc.UntypedServiceImplementation,
): grpc.UntypedServiceImplementation {
  const wrapped: grpc.UntypedServiceImplementation = { ...implementation };
  for (const [name, { requestStream }] of Object.entries(definition)) {
    const handle = implementation[name] as ((call: Readable, answer: unknown) => void) | undefined;
    if (!requestStream || handle === undefined) continue;
    wrapped[name] = ((call: Readable, answer: unknown) => {
      (call as unknown as { _readableState: { highWaterMark: number } })._readableState.highWaterMark = 0;
      handle(call, answer);
    }) as grpc.UntypedHandleCall;
  }
  return wrapped;
}

import { createFileRegistry, fromBinary, toBinary, type DescMethod, type Message } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import {
  Code,
  createConnectRouter,
  createContextKey,
  type ConnectError,
  type HandlerContext,
  type MethodImpl,
} from '@connectrpc/connect';
import type { UniversalHandler } from '@connectrpc/connect/protocol';
import * as grpc from '@grpc/grpc-js';
import { TriremeError } from '../errors.js';
import type { ServedService } from '../grpc-server.js';
import { timeoutSecondsMax } from '../grpc-timeout.js';
import { messageBytesMax, receivedMessageBytesMax } from '../limits.js';
import { readDescriptorSet } from '../reflection.js';
import { setCaller } from '../trust/listener-trust.js';
import { methodAccess } from '../trust/methods.js';
import { everyone, type Caller } from '../trust/roles.js';
import { connectError, connectErrorFrom } from './connect-errors.js';
import { ServiceCall, type CallFacts, type ServiceHandler } from './service-call.js';

/** Who calls, as the port has found out; for the handler. */
export interface HttpCaller {
  readonly peer: string;
  readonly caller: Caller;
}

export const callerKey = createContextKey<HttpCaller>({ peer: '', caller: everyone });

/** JSON says some bytes of a message in up to six: quotes and control characters in texts. */
const jsonPerByteMax = 6;

/** How calls ended; for the metrics of the port. */
export type CallEnded = (path: string, code: string) => void;

/** A method over HTTP, or why it is not there. */
export type ServedMethod =
  { readonly handle: UniversalHandler; readonly streamed: boolean } | { readonly notServed: string };

/**
 * The methods of services by their paths, each as a handler of Connect and gRPC-Web, which hands calls to the
 * implementation that serves gRPC. What workers call stays with gRPC; so do streams in both directions, which HTTP/1.1
 * cannot carry, and those that callers without credentials could hold open.
 */
export function connectHandlers(
  services: readonly ServedService[],
  streamedMessageBytesMax: number,
  ended: CallEnded,
): ReadonlyMap<string, ServedMethod> {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readDescriptorSet()));
  const router = createConnectRouter({
    grpc: false,
    // A small body could be unpacked to the longest message, and nobody knows before.
    acceptCompression: [],
    // A name that is not known would be left out without a word.
    jsonOptions: { ignoreUnknownFields: false },
    maxTimeoutMs: timeoutSecondsMax * 1000,
    readMaxBytes: receivedMessageBytesMax,
    writeMaxBytes: messageBytesMax * jsonPerByteMax,
  });
  const methods = new Map<string, ServedMethod>();
  for (const { definition, implementation } of services) {
    for (const [key, method] of Object.entries(definition)) {
      const { path, requestStream, responseStream, originalName } = method;
      const name = path.slice(path.lastIndexOf('/') + 1);
      const desc = registry.getService(path.split('/')[1])?.methods.find((one) => one.name === name);
      const access = methodAccess(path);
      if (desc === undefined || (Array.isArray(access) && access.every((role) => role === 'worker'))) continue;
      if (requestStream && responseStream) {
        methods.set(path, {
          notServed: `${name} streams in both directions, which HTTP/1.1 cannot: call it at the gRPC port`,
        });
        continue;
      }
      if (access === 'everybody' && responseStream) continue;
      const handler = (implementation[key] ?? implementation[originalName ?? key]) as unknown as ServiceHandler;
      const options = requestStream ? { readMaxBytes: streamedMessageBytesMax } : {};
      router.rpc(desc, methodHandler(desc, method, handler, ended), options);
      methods.set(path, { handle: router.handlers[router.handlers.length - 1], streamed: requestStream });
    }
  }
  return methods;
}

function methodHandler(
  desc: DescMethod,
  { path, requestDeserialize, responseSerialize }: grpc.MethodDefinition<unknown, unknown>,
  handler: ServiceHandler,
  ended: CallEnded,
): MethodImpl<DescMethod> {
  const read = (message: Message): unknown => requestDeserialize(Buffer.from(toBinary(desc.input, message)));
  const said = (answer: unknown): Message => fromBinary(desc.output, responseSerialize(answer));
  const begin = (request: unknown, requests: AsyncIterator<unknown> | null, context: HandlerContext): ServiceCall => {
    const call = new ServiceCall(request, requests, callFacts(path, context));
    const { signal } = context;
    signal.addEventListener('abort', () => call.cancel(whyAborted(signal.reason)));
    if (signal.aborted) call.cancel(whyAborted(signal.reason));
    return call;
  };
  const failed = (caught: unknown): ConnectError => {
    const error = connectErrorFrom(caught);
    ended(path, Code[error.code]);
    return error;
  };
  const one = async (call: ServiceCall): Promise<Message> => {
    try {
      const answer = said(await call.answer(handler));
      ended(path, 'OK');
      return answer;
    } catch (error) {
      throw failed(error);
    } finally {
      call.settle();
    }
  };
  const many = async function* (call: ServiceCall): AsyncGenerator<Message> {
    try {
      for await (const answer of call.answers(handler)) yield said(answer);
      ended(path, 'OK');
    } catch (error) {
      throw failed(error);
    } finally {
      call.settle();
    }
  };
  const implementations = {
    unary: (request: Message, context: HandlerContext) => one(begin(read(request), null, context)),
    client_streaming: (requests: AsyncIterable<Message>, context: HandlerContext) =>
      one(begin(undefined, map(requests, read), context)),
    server_streaming: (request: Message, context: HandlerContext) => many(begin(read(request), null, context)),
    bidi_streaming: undefined,
  };
  return implementations[desc.methodKind] as unknown as MethodImpl<DescMethod>;
}

async function* map<T, R>(all: AsyncIterable<T>, change: (one: T) => R): AsyncGenerator<R> {
  for await (const one of all) yield change(one);
}

/** Headers that are of the connection or tell who calls; handlers hear of all others. */
const ownHeaders = /^(authorization|cookie|host|connection|content-|accept|transfer-encoding|te$|origin|referer|sec-)/;

function callFacts(path: string, context: HandlerContext): CallFacts {
  const { peer, caller } = context.values.get(callerKey);
  const metadata = new grpc.Metadata();
  context.requestHeader.forEach((value, name) => {
    if (!ownHeaders.test(name) && !name.endsWith('-bin') && /^[\x20-\x7e]*$/.test(value)) metadata.set(name, value);
  });
  setCaller(metadata, caller);
  const leftMs = context.timeoutMs();
  return { peer, path, metadata, deadline: leftMs === undefined ? Infinity : new Date(Date.now() + leftMs) };
}

function whyAborted(reason: unknown): ConnectError {
  const { code } = connectErrorFrom(reason ?? new TriremeError('CANCELLED', 'the caller is gone'));
  return connectError(
    code === Code.DeadlineExceeded
      ? new TriremeError('DEADLINE_PASSED', 'the deadline has passed')
      : new TriremeError('CANCELLED', 'the caller is gone'),
  );
}

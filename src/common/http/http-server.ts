import { createContextValues } from '@connectrpc/connect';
import type { UniversalServerResponse } from '@connectrpc/connect/protocol';
import { universalRequestFromNodeRequest } from '@connectrpc/connect-node';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import { TriremeError } from '../errors.js';
import { isLoopback } from '../exposure.js';
import type { ServedService } from '../grpc-server.js';
import { clampedConnectTimeout, clampedTimeout } from '../grpc-timeout.js';
import type { Logger } from '../logging.js';
import type { HostPort } from '../options.js';
import { ReceiveBudget } from '../receive-budget.js';
import type { ListenerTrust } from '../trust/listener-trust.js';
import { methodAccess } from '../trust/methods.js';
import { everyone, whyNotAllowed, type Caller } from '../trust/roles.js';
import { tokenWanted } from '../trust/token.js';
import { closeBehind } from './answers.js';
import { callerKey, connectHandlers, type ServedMethod } from './connect-handlers.js';
import { connectError, connectErrorFrom } from './connect-errors.js';
import { HttpConnections } from './connections.js';
import { HttpCounts } from './counts.js';
import { httpBounds, httpLimitsDefault, type HttpLimits } from './limits.js';
import { callerOfRequest, makeHttpServer, openHttpServer } from './listener.js';
import { whyForeign, type OriginRules } from './origin.js';
import { RequestBody } from './request-body.js';
import { allowOrigin, answerPreflight, contentTypes, sendRefusal, sendResponse } from './response.js';

export interface HttpServerOptions {
  readonly listen: HostPort;
  /** Those that the role's gRPC port serves. */
  readonly services: readonly ServedService[];
  readonly trust: ListenerTrust;
  /** Pages of these origins may call. */
  readonly origins: readonly string[];
  readonly log: Logger;
  readonly registry: Registry;
  /** Default httpLimitsDefault. */
  readonly limits?: HttpLimits;
}

export interface RunningHttpServer {
  readonly address: HostPort;
  /** Accepts no more, lets calls end, and cuts what is left after graceMs. */
  close(graceMs: number): Promise<void>;
}

/**
 * Starts the port of --http: the calls of the gRPC port for those who speak HTTP/1.1, by the protocols Connect and
 * gRPC-Web. Who calls and may call, messages, deadlines and errors are those of the gRPC port.
 * @throws TriremeError UNREACHABLE when the address cannot be listened on
 */
export async function startHttpServer(options: HttpServerOptions): Promise<RunningHttpServer> {
  const { trust, listen, registry } = options;
  const limits = options.limits ?? httpLimitsDefault;
  const counts = new HttpCounts(options.log);
  const methods = connectHandlers(options.services, limits.streamedMessageBytesMax, counts.ended);
  const front = new HttpFront(options, methods, limits, counts);
  const server = makeHttpServer(trust, 'http', httpBounds, (request, response) => {
    connections.requested(response);
    response.once('finish', () => closeBehind(request));
    front.take(request, response, () => connections.boundElsewhere(response));
  });
  server.maxConnections = limits.connectionsMax;
  server.on('drop', (dropped) => {
    counts.offence('connections', { peer: dropped?.remoteAddress, connectionsMax: limits.connectionsMax });
  });
  const connections = new HttpConnections(server, trust.tls !== null, limits);
  connections.addMetrics(registry, 'http');
  counts.addMetrics(registry);
  const address = await openHttpServer(server, listen);
  return {
    address,
    close: (graceMs) =>
      new Promise((resolve) => {
        const force = setTimeout(() => server.closeAllConnections(), graceMs);
        server.close(() => {
          clearTimeout(force);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

/** Headers that say how long a caller waits, and how they are shortened to what timers can count. */
const timeouts = [
  ['connect-timeout-ms', clampedConnectTimeout],
  ['grpc-timeout', clampedTimeout],
] as const;

/** What is done with each request. */
class HttpFront {
  private readonly rules: OriginRules;
  private readonly budget = new ReceiveBudget();
  private readonly served: string;

  constructor(
    private readonly options: HttpServerOptions,
    private readonly methods: ReadonlyMap<string, ServedMethod>,
    private readonly limits: HttpLimits,
    private readonly counts: HttpCounts,
  ) {
    const { listen, trust, origins } = options;
    this.rules = { foreignHosts: !isLoopback(listen.host) || trust.asks, origins };
    this.served = [...methods.keys()].join(', ');
  }

  /** @param known is called once it is known who sends it, and that he may */
  take(request: IncomingMessage, response: ServerResponse, known: () => void): void {
    const { headers, method } = request;
    const foreign = whyForeign(headers, this.rules);
    if (foreign !== null) {
      this.counts.offence(foreign.reason, { peer: request.socket.remoteAddress });
      return sendRefusal(response, 403, 'permission_denied', foreign.message);
    }
    if (headers.origin !== undefined) allowOrigin(response, headers.origin);
    if (method === 'OPTIONS') return answerPreflight(request, response);
    const path = (request.url ?? '').split('?', 1)[0];
    const target = this.methods.get(path);
    if (target === undefined) {
      return sendRefusal(response, 404, 'unimplemented', `no method has this path; there are ${this.served}`);
    }
    if ('notServed' in target) return sendRefusal(response, 505, 'unimplemented', target.notServed);
    if (method !== 'POST') {
      response.setHeader('allow', 'POST, OPTIONS');
      return sendRefusal(response, 405, 'unimplemented', `calls are sent by POST, and this is ${method}`);
    }
    if (!contentTypes.test(headers['content-type'] ?? '')) {
      const message = `the content-type ${JSON.stringify(headers['content-type'] ?? '')} is none of application/json,`;
      const others = 'application/proto, application/connect+json, application/connect+proto, application/grpc-web';
      return sendRefusal(response, 415, 'unimplemented', `${message} ${others}`);
    }
    const caller = this.callerOf(request, path);
    if (!(caller instanceof TriremeError)) known();
    else if (caller.code === 'UNAUTHENTICATED') response.setHeader('www-authenticate', 'Bearer');
    this.serve(request, response, target, caller).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else sendRefusal(response, 400, 'invalid_argument', TriremeError.from(error).message);
    });
  }

  /** Who sends a request, or why it is refused. */
  private callerOf(request: IncomingMessage, path: string): Caller | TriremeError {
    const { trust } = this.options;
    const access = methodAccess(path);
    if (access === 'everybody') return everyone;
    const facts = { peer: request.socket.remoteAddress, method: path };
    const caller = callerOfRequest(trust, request);
    if (!('roles' in caller)) {
      trust.refusals.report('http', caller.reason, { ...facts, error: caller.error });
      return new TriremeError('UNAUTHENTICATED', tokenWanted);
    }
    const why = whyNotAllowed(caller, access === 'any-credential' ? null : access);
    if (why === null) return caller;
    trust.refusals.report('http', 'role', { ...facts, credential: caller.name, roles: caller.roles });
    return new TriremeError('NOT_ALLOWED', why, { facts: { value: path } });
  }

  private async serve(
    request: IncomingMessage,
    response: ServerResponse,
    { handle, streamed }: Extract<ServedMethod, { handle: unknown }>,
    caller: Caller | TriremeError,
  ): Promise<void> {
    const { remoteAddress, remotePort } = request.socket;
    const values = createContextValues();
    let body: AsyncIterable<Uint8Array>;
    if (caller instanceof TriremeError) body = refused(caller);
    else {
      values.set(callerKey, { peer: `${remoteAddress}:${remotePort}`, caller });
      const received = new RequestBody(request, streamed, this.budget, this.limits);
      response.once('close', () => received.release());
      body = withConnectErrors(received);
    }
    const { headers } = request;
    for (const [name, clamped] of timeouts) {
      const header = headers[name];
      if (typeof header === 'string') headers[name] = clamped(header);
    }
    const universal = universalRequestFromNodeRequest(request, response, undefined, values);
    const answer: UniversalServerResponse = await handle({ ...universal, body });
    await sendResponse(response, answer, this.limits.readerTimeoutMs, (waitingBytes) =>
      this.counts.offence('slow-reader', { peer: remoteAddress, path: request.url, waitingBytes }),
    );
  }
}

/** A body by which each protocol tells its caller of an error, before anything of his is read. */
// eslint-disable-next-line require-yield
async function* refused(error: TriremeError): AsyncGenerator<Uint8Array> {
  throw await Promise.resolve(connectError(error));
}

async function* withConnectErrors(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw connectErrorFrom(error);
  }
}

import type { IncomingMessage, ServerOptions, ServerResponse } from 'node:http';
import { collectDefaultMetrics, type Registry } from 'prom-client';
import { contentSecurityPolicy, loadAssets, type Asset } from './admin-assets.js';
import { TriremeError } from './errors.js';
import { eventListenersMax, type EventStream } from './event-stream.js';
import { isLoopback } from './exposure.js';
import { HttpConnections, type ConnectionBounds } from './http/connections.js';
import { closeBehind, send, sendJson } from './http/answers.js';
import { callerOfRequest, makeHttpServer, openHttpServer } from './http/listener.js';
import { whyForeignAction, whyForeignHost } from './http/origin.js';
import { openMetrics, openMetricsType, wantsOpenMetrics } from './open-metrics.js';
import type { HostPort } from './options.js';
import type { ListenerTrust } from './trust/listener-trust.js';
import { adminAccess } from './trust/methods.js';
import { everyone, whyNotAllowed, type Caller } from './trust/roles.js';
import { tokenWanted } from './trust/token.js';

/** A request to a role, of a caller who may use its admin port. */
export interface ActionRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly caller: Caller;
  /** To be called for one that takes long and has a bound of its own. */
  readonly boundElsewhere: () => void;
}

/** What a role does when it is asked by HTTP, and what it tells below paths with names in them. */
export interface AdminActions {
  /** Nothing may be asked by POST. */
  readonly readOnly: boolean;
  /** Answers a request; false: the path is none of its own. What comes by POST comes from no page of another site. */
  take(asked: ActionRequest): boolean;
}

export interface AdminServerOptions {
  readonly listen: HostPort;
  /** Shown on the page. */
  readonly role: string;
  readonly registry: Registry;
  /** Why no work can be done now, or undefined when it can. */
  readonly notReady: () => string | undefined;
  /** What is not as it should be although work can be done: /readyz tells it in its second line. */
  readonly note?: () => string | undefined;
  /** JSON documents below /api/, made when asked for. BigInts become strings. */
  readonly api: Readonly<Record<string, () => unknown>>;
  /** What the page shows: /api/events streams it, /api/live answers it once. Without it there is no page. */
  readonly events?: EventStream;
  /** Without it the port only reads. */
  readonly actions?: AdminActions;
  /** What is asked of callers; undefined: nothing. /healthz and /readyz answer everyone: probes have no credentials. */
  readonly trust?: ListenerTrust;
}

export interface RunningAdminServer {
  readonly address: HostPort;
  close(): Promise<void>;
}

/** Ten times what a browser sends. */
const headerBytesMax = 16 * 1024;
/** Time for the headers of a request to come. A body is read only where it is of use, with bounds of its own. */
const headersTimeoutMs = 5_000;
const httpBounds: ServerOptions = {
  maxHeaderSize: headerBytesMax,
  requestTimeout: 0,
  headersTimeout: headersTimeoutMs,
  keepAliveTimeout: headersTimeoutMs,
  connectionsCheckingInterval: 1_000,
};

/**
 * Browsers and monitoring keep a handful of idle connections each; an answer takes milliseconds unless it is not read.
 */
export const adminConnections: ConnectionBounds = { idleConnectionsMax: 128, requestsMax: 64 };

/** Starts the HTTP server of a role: /metrics, /healthz, /readyz, /api/... and the live page at /. */
export async function startAdminServer(options: AdminServerOptions): Promise<RunningAdminServer> {
  const assets = options.events === undefined ? new Map<string, Asset>() : loadAssets(options.role);
  const foreignHosts = !isLoopback(options.listen.host) || options.trust?.asks === true;
  const server = makeHttpServer(options.trust, 'admin', httpBounds, (request, response) => {
    connections.requested(response);
    response.once('finish', () => closeBehind(request));
    const { host } = request.headers;
    const foreignHost = whyForeignHost(host, foreignHosts);
    if (foreignHost !== null) return send(response, 403, 'text/plain', `${foreignHost}\n`);
    answer(options, connections, assets, request, response).catch((error: unknown) => {
      if (!response.headersSent) send(response, 500, 'text/plain', `${TriremeError.from(error).message}\n`);
      else response.destroy();
    });
  });
  const connections = new HttpConnections(server, (options.trust?.tls ?? null) !== null, adminConnections);
  connections.addMetrics(options.registry, 'admin');
  const address = await openHttpServer(server, options.listen);
  return {
    address,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Who asks, where he may see more than health; else null, and the request is answered. */
function admitted(trust: ListenerTrust | undefined, request: IncomingMessage, response: ServerResponse): Caller | null {
  if (trust === undefined) return everyone;
  const facts = { peer: request.socket.remoteAddress };
  const caller = callerOfRequest(trust, request);
  if ('roles' in caller) {
    const why = whyNotAllowed(caller, adminAccess);
    if (why === null) return caller;
    trust.refusals.report('admin', 'role', { ...facts, credential: caller.name, roles: caller.roles });
    send(response, 403, 'text/plain', `NOT_ALLOWED: ${why}\n`);
    return null;
  }
  const { reason, error } = caller;
  if (reason === 'certificate') {
    trust.refusals.report('admin', reason, { ...facts, error });
    send(response, 403, 'text/plain', 'a valid certificate is needed here\n');
    return null;
  }
  trust.refusals.report('admin', reason, facts);
  // Basic is what a browser can ask its user for: any name, and the token as the password.
  response.setHeader('www-authenticate', ['Bearer', 'Basic realm="trireme"']);
  send(response, 401, 'text/plain', `${tokenWanted}\n`);
  return null;
}

async function answer(
  { registry, notReady, note, api, events, actions, trust }: AdminServerOptions,
  connections: HttpConnections,
  assets: ReadonlyMap<string, Asset>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const posts = actions?.readOnly === false;
  const acts = request.method === 'POST' && posts;
  if (request.method !== 'GET' && request.method !== 'HEAD' && !acts) {
    response.setHeader('allow', posts ? 'GET, HEAD, POST' : 'GET, HEAD');
    return send(response, 405, 'text/plain', posts ? 'only GET and POST\n' : 'only GET\n');
  }
  const foreign = acts ? whyForeignAction(request.headers) : null;
  if (foreign !== null) return sendJson(response, 403, { code: 'NOT_ALLOWED', message: foreign });
  const [path, query = ''] = (request.url ?? '/').split(/\?(.*)/s);
  if (path === '/healthz') return send(response, 200, 'text/plain', 'ok\n');
  if (path === '/readyz') {
    const reason = notReady();
    const more = note?.();
    const words = `${reason ?? 'ready'}\n${more === undefined ? '' : `${more}\n`}`;
    return send(response, reason === undefined ? 200 : 503, 'text/plain', words);
  }
  const caller = admitted(trust, request, response);
  if (caller === null) return;
  const boundElsewhere = (): void => connections.boundElsewhere(response);
  const asked = { request, response, path, query: new URLSearchParams(query), caller, boundElsewhere };
  if (actions?.take(asked) === true) return;
  if (acts) return sendJson(response, 404, { code: 'USAGE', message: `nothing is asked for by POST at ${path}` });
  const asset = assets.get(path);
  if (asset !== undefined) return sendAsset(asset, request, response);
  if (path === '/metrics') {
    response.setHeader('vary', 'accept');
    return wantsOpenMetrics(request.headers.accept)
      ? send(response, 200, openMetricsType, await openMetrics(registry))
      : send(response, 200, registry.contentType, await registry.metrics());
  }
  if (events !== undefined && path === '/api/live') return send(response, 200, 'application/json', events.latest());
  if (events !== undefined && path === '/api/events' && request.method === 'GET') {
    if (events.add(response)) boundElsewhere();
    else
      send(response, 503, 'text/plain', `${eventListenersMax} listeners are here (eventListenersMax): ask /api/live\n`);
    return;
  }
  if (path === '/api/metrics') return send(response, 200, 'application/json', describeMetrics(registry));
  const name = /^\/api\/([a-z-]+)$/.exec(path)?.[1];
  if (name !== undefined && Object.hasOwn(api, name)) return sendJson(response, 200, api[name]());
  send(
    response,
    404,
    'text/plain',
    `there are /metrics, /healthz, /readyz, ${[
      'metrics',
      ...Object.keys(api),
      ...(events === undefined ? [] : ['live', 'events']),
    ]
      .map((key) => `/api/${key}`)
      .join(', ')}\n`,
  );
}

/** Name, type, labels and meaning of each metric, also of those that have no value yet. */
function describeMetrics(registry: Registry): string {
  const all = registry.getMetricsAsArray() as unknown as readonly {
    readonly name: string;
    readonly help: string;
    readonly type: string;
    readonly labelNames?: readonly string[];
  }[];
  return JSON.stringify(all.map(({ name, help, type, labelNames = [] }) => ({ name, help, type, labels: labelNames })));
}

function sendAsset({ type, body, etag }: Asset, request: IncomingMessage, response: ServerResponse): void {
  const headers = {
    etag,
    'cache-control': 'no-cache',
    'content-security-policy': contentSecurityPolicy,
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  };
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(200, { ...headers, 'content-type': type, 'content-length': body.length }).end(body);
}

/**
 * Gauges among prom-client's own whose names end as those of counters do, so that tools take them for
 * counters. The same is told, by kind, by nodejs_active_handles, nodejs_active_requests and
 * nodejs_active_resources.
 */
const misnamed = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** Adds what every Node program can tell of itself: CPU, memory, descriptors, garbage collection, event loop. */
export function addProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  for (const name of misnamed) registry.removeSingleMetric(name);
}

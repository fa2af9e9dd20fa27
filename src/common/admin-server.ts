import type { IncomingMessage, ServerOptions, ServerResponse } from 'node:http';
import { collectDefaultMetrics, type Registry } from 'prom-client';
import { contentSecurityPolicy, loadAssets, type Asset } from './admin-assets.js';
import { TriremeError } from './errors.js';
import { eventListenersMax, type EventStream } from './event-stream.js';
import { isLoopback } from './exposure.js';
import { HttpConnections, type ConnectionBounds } from './http/connections.js';
import { callerOfRequest, makeHttpServer, openHttpServer } from './http/listener.js';
import { whyForeignHost } from './http/origin.js';
import type { HostPort } from './options.js';
import type { ListenerTrust } from './trust/listener-trust.js';
import { adminAccess } from './trust/methods.js';
import { whyNotAllowed } from './trust/roles.js';
import { tokenWanted } from './trust/token.js';

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
  /** What is asked of callers; undefined: nothing. /healthz and /readyz answer everyone: probes have no credentials. */
  readonly trust?: ListenerTrust;
}

export interface RunningAdminServer {
  readonly address: HostPort;
  close(): Promise<void>;
}

/** Ten times what a browser sends. */
const headerBytesMax = 16 * 1024;
/** Time for a whole request to come. */
const requestTimeoutMs = 5_000;
const httpBounds: ServerOptions = {
  maxHeaderSize: headerBytesMax,
  requestTimeout: requestTimeoutMs,
  headersTimeout: requestTimeoutMs,
  keepAliveTimeout: requestTimeoutMs,
  connectionsCheckingInterval: 1_000,
};

/** Browsers and monitoring keep a handful of idle connections each; an answer takes milliseconds unless it is not read. */
export const adminConnections: ConnectionBounds = { idleConnectionsMax: 128, requestsMax: 64 };

/** Starts the HTTP server of a role: /metrics, /healthz, /readyz, /api/... and the live page at /. It only reads. */
export async function startAdminServer(options: AdminServerOptions): Promise<RunningAdminServer> {
  const assets = options.events === undefined ? new Map<string, Asset>() : loadAssets(options.role);
  const foreignHosts = !isLoopback(options.listen.host) || options.trust?.asks === true;
  const server = makeHttpServer(options.trust, 'admin', httpBounds, (request, response) => {
    connections.requested(response);
    // Whatever a request carries is of no use here.
    request.resume();
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

/** Says whether the caller may see more than health; answers the request when not. */
function admitted(trust: ListenerTrust | undefined, request: IncomingMessage, response: ServerResponse): boolean {
  if (trust === undefined) return true;
  const facts = { peer: request.socket.remoteAddress };
  const caller = callerOfRequest(trust, request);
  if ('roles' in caller) {
    const why = whyNotAllowed(caller, adminAccess);
    if (why === null) return true;
    trust.refusals.report('admin', 'role', { ...facts, credential: caller.name, roles: caller.roles });
    send(response, 403, 'text/plain', `NOT_ALLOWED: ${why}\n`);
    return false;
  }
  const { reason, error } = caller;
  if (reason === 'certificate') {
    trust.refusals.report('admin', reason, { ...facts, error });
    send(response, 403, 'text/plain', 'a valid certificate is needed here\n');
    return false;
  }
  trust.refusals.report('admin', reason, facts);
  // Basic is what a browser can ask its user for: any name, and the token as the password.
  response.setHeader('www-authenticate', ['Bearer', 'Basic realm="trireme"']);
  send(response, 401, 'text/plain', `${tokenWanted}\n`);
  return false;
}

async function answer(
  { registry, notReady, note, api, events, trust }: AdminServerOptions,
  connections: HttpConnections,
  assets: ReadonlyMap<string, Asset>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    return send(response, 405, 'text/plain', 'only GET\n');
  }
  const path = (request.url ?? '/').split('?', 1)[0];
  if (path === '/healthz') return send(response, 200, 'text/plain', 'ok\n');
  if (path === '/readyz') {
    const reason = notReady();
    const more = note?.();
    const words = `${reason ?? 'ready'}\n${more === undefined ? '' : `${more}\n`}`;
    return send(response, reason === undefined ? 200 : 503, 'text/plain', words);
  }
  if (!admitted(trust, request, response)) return;
  const asset = assets.get(path);
  if (asset !== undefined) return sendAsset(asset, request, response);
  if (path === '/metrics') return send(response, 200, registry.contentType, await registry.metrics());
  if (events !== undefined && path === '/api/live') return send(response, 200, 'application/json', events.latest());
  if (events !== undefined && path === '/api/events' && request.method === 'GET') {
    if (events.add(response)) connections.boundElsewhere(response);
    else
      send(response, 503, 'text/plain', `${eventListenersMax} listeners are here (eventListenersMax): ask /api/live\n`);
    return;
  }
  if (path === '/api/metrics') return send(response, 200, 'application/json', describeMetrics(registry));
  const name = /^\/api\/([a-z-]+)$/.exec(path)?.[1];
  if (name !== undefined && Object.hasOwn(api, name)) {
    const text = JSON.stringify(api[name](), (_key, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value,
    );
    return send(response, 200, 'application/json', `${text}\n`);
  }
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

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}

/**
 * Gauges among prom-client's own whose names end as those of counters do, so that tools take them for counters. The same is
 * told, by kind, by nodejs_active_handles, nodejs_active_requests and nodejs_active_resources.
 */
const misnamed = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** Adds what every Node program can tell of itself: CPU, memory, descriptors, garbage collection, event loop. */
export function addProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  for (const name of misnamed) registry.removeSingleMetric(name);
}

import { Registry } from 'prom-client';
import { addProcessMetrics, startAdminServer, type RunningAdminServer } from '../common/admin-server.js';
import { grpcGuardLimitsDefault } from '../common/grpc-guard-limits.js';
import { startGrpcServer, type RunningGrpcServer } from '../common/grpc-server.js';
import type { TriremeError } from '../common/errors.js';
import { openHttp, type RunningHttpServer } from '../common/http/open-http.js';
import type { Logger } from '../common/logging.js';
import type { HostPort } from '../common/options.js';
import type { RecentErrors } from '../common/recent-errors.js';
import type { Caller } from '../common/trust/roles.js';
import type { ListenerTrust } from '../common/trust/listener-trust.js';
import { createHub } from '../hub/hub.js';
import { Live } from '../hub/watch/live/live.js';
import { addLiveMetrics } from '../hub/watch/live/metrics.js';
import { addHubMetrics } from '../hub/watch/metrics.js';
import type { HubOptions } from '../hub/port/options.js';
import { kinds } from '../kinds/registry.js';
import { AskedKinds } from './asked-kinds.js';
import { ClientAccounts, queueName, type ClientAccount } from './client-accounts.js';
import { JobAdmission } from './job-admission.js';
import { JobExemplars } from './job-exemplars.js';
import { jobService } from './job-service.js';
import type { LbLimits } from './limits.js';
import type { JobServicePort } from './job-service-port.js';
import { addShareMetrics } from './share-metrics.js';
import type { ShareSettings } from './shares-file.js';
import { PayloadBudget } from './payload-budget.js';
import { addLbMetrics } from './metrics.js';
import { addQueueMetrics } from './queue/metrics.js';
import type { QueueSettings } from './queue/options.js';
import { TcpFront } from './tcp-front.js';

export interface LoadBalancerOptions {
  readonly tcp: HostPort;
  readonly grpc: HostPort;
  readonly admin: HostPort;
  /** Undefined: no such port. */
  readonly http?: HostPort;
  readonly httpOrigins: readonly string[];
  /** Null: no queue. */
  readonly queue: QueueSettings | null;
  readonly limits: LbLimits;
  readonly hub: Partial<HubOptions>;
  /** Clients take turns, and one that asks for little goes before those that ask for much. */
  readonly fairness: boolean;
  /** How clients share the workers; null: they do not. */
  readonly shares: ShareSettings | null;
  readonly trust: ListenerTrust;
  /** For the live page. */
  readonly errors: RecentErrors;
  /** Encrypt the TCP port as well. */
  readonly tcpTls: boolean;
  /** Read a PROXY header from each TCP connection. */
  readonly proxyProtocol: boolean;
}

export interface RunningLoadBalancer {
  readonly tcp: HostPort;
  readonly grpc: HostPort;
  readonly admin: HostPort;
  readonly http?: HostPort;
  /** Other terms for clients that share the workers. */
  useShares(settings: ShareSettings): void;
  /** Accepts no more, lets what was asked for finish for at most graceMs, then ends everything. */
  close(graceMs: number): Promise<void>;
}

/** Starts the hub, the gRPC port, the TCP front and the admin port. What was started is closed when a part fails. */
export async function startLoadBalancer(options: LoadBalancerOptions, log: Logger): Promise<RunningLoadBalancer> {
  const { limits, trust, errors } = options;
  const clientKinds = kinds()
    .all()
    .filter((kind) => kind.clientMay);
  const jobFailed = (kind: string, error: TriremeError): void => errors.add(`${kind} ${error.code}`, error.message);
  const { fairness: fair, shares } = options;
  const accounts = shares === null ? undefined : new ClientAccounts(shares, { ...limits, fair });
  const hub = createHub(log, { ...options.hub, jobFailed, shares: accounts?.shares ?? null });
  accounts?.attach(hub);
  const admission = new JobAdmission(hub, { max: limits.jobsTotalMax, fair });
  const asked = new AskedKinds(hub, clientKinds);
  const exemplars = new JobExemplars(clientKinds.map(({ name }) => name));
  const payloads = new PayloadBudget();
  const shared = { hub, limits, admission, asked, payloads, exemplars, clientKinds: asked.ofBuild };
  const portOf = portsOf(shared);
  const of = accounts && ((caller: Caller): JobServicePort => portOf(accounts.of(caller)));
  const jobs = jobService({ ...shared, of }, trust);
  const { tcp: listen, tcpTls: tls, proxyProtocol } = options;
  const front = new TcpFront({ ...shared, accounts, listen, trust, tls, proxyProtocol, log });
  const queue =
    options.queue === null
      ? null
      : new (await import('./queue/queue-front.js')).QueueFront(
          accounts === undefined ? shared : portOf(accounts.ofName(queueName)),
          clientKinds,
          options.queue,
          log,
        );
  const registry = new Registry();
  addProcessMetrics(registry);
  addHubMetrics(registry, hub);
  trust.refusals.addMetrics(registry);
  addLbMetrics(
    registry,
    front,
    jobs,
    accounts?.jobs ?? admission,
    clientKinds.map(({ number }) => hub.kindState(number)),
    exemplars,
  );

  if (queue !== null) addQueueMetrics(registry, queue);
  if (accounts !== undefined) addShareMetrics(registry, () => accounts.report());

  let server: RunningGrpcServer | undefined;
  let admin: RunningAdminServer | undefined;
  let http: RunningHttpServer | undefined;
  let closing = false;
  const notReady = (): string | undefined =>
    closing ? 'shutting down' : hub.workersReady() === 0 ? 'no worker is attached' : undefined;
  const live = new Live({
    role: 'lb',
    hub,
    kinds: clientKinds.map(({ number }) => number),
    errors,
    notReady,
    gauges: () => {
      const { records, lines, json, undecided } = front.connectionCounts();
      return {
        'records connections': records,
        'lines connections': lines,
        'JSON connections': json,
        'silent connections': undecided,
        'gRPC job streams': jobs.streams.size,
        ...(queue === null ? {} : { 'jobs of the queue': queue.inFlight }),
      };
    },
  });
  addLiveMetrics(registry, live);
  const stopWatching = hub.onWorkersChanged(() => server?.setServing(notReady() === undefined));

  const close = async (graceMs: number): Promise<void> => {
    closing = true;
    const endMs = performance.now() + graceMs;
    const leftMs = (): number => Math.max(0, endMs - performance.now());
    server?.setServing(false);
    jobs.drain();
    queue?.drain();
    await front.close(graceMs);
    await hub.close(leftMs());
    await queue?.close(leftMs());
    stopWatching();
    live.close();
    await Promise.all([server?.close(leftMs()), http?.close(leftMs())]);
    await admin?.close();
  };

  try {
    server = await startGrpcServer({
      listen: options.grpc,
      services: [...hub.services, jobs],
      trust,
      log,
      registry,
      guard: {
        ...grpcGuardLimitsDefault,
        readerTimeoutMs: limits.readerTimeoutMs,
        senderTimeoutMs: limits.senderTimeoutMs,
      },
    });
    http = await openHttp({ listen: options.http, origins: options.httpOrigins, server, trust, log, registry });
    const tcp = await front.listen();
    admin = await startAdminServer({
      listen: options.admin,
      role: 'lb',
      registry,
      notReady,
      ...(queue === null ? {} : { note: () => queue.trouble ?? undefined }),
      api: { workers: () => hub.snapshot(), history: () => live.historyDocument() },
      events: live.events,
      trust,
    });
    const useShares = (settings: ShareSettings): void => accounts?.use(settings);
    return { tcp, grpc: server.address, admin: admin.address, http: http?.address, useShares, close };
  } catch (error) {
    await close(0);
    throw error;
  }
}

/** What the jobs of each client work with. */
function portsOf(shared: JobServicePort): (account: ClientAccount) => JobServicePort {
  const ports: (JobServicePort | undefined)[] = [];
  return (account) => {
    const { share, admission, payloads } = account;
    return (ports[share] ??= { ...shared, share, admission, payloads, refusal: () => account.refusal() });
  };
}

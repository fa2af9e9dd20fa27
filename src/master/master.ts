import { hostname } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { CaptureAccess } from '../captures/file/capture-access.js';
import type { UrlPrefix } from '../captures/url/url-prefix.js';
import { addProcessMetrics, startAdminServer, type RunningAdminServer } from '../common/admin-server.js';
import { startGrpcServer, type RunningGrpcServer } from '../common/grpc-server.js';
import type { TriremeError } from '../common/errors.js';
import { openHttp, type RunningHttpServer } from '../common/http/open-http.js';
import type { Logger } from '../common/logging.js';
import type { HostPort } from '../common/options.js';
import type { RecentErrors } from '../common/recent-errors.js';
import type { ListenerTrust } from '../common/trust/listener-trust.js';
import { createHub } from '../hub/hub.js';
import { Live } from '../hub/watch/live/live.js';
import { addLiveMetrics } from '../hub/watch/live/metrics.js';
import { addHubMetrics } from '../hub/watch/metrics.js';
import type { HubOptions } from '../hub/port/options.js';
import { openLedger } from '../ledger/open-ledger.js';
import { isFinal, type Ledger } from '../ledger/types.js';
import type { NatsSettings } from '../nats/nats-url.js';
import { Analyses } from './analyses.js';
import { ExtractCalls } from './extract-calls.js';
import { CaptureService } from './capture-service.js';
import { scanChunkKind } from './chunk-jobs.js';
import { endedAnalyses, liveAnalyses } from './live-analyses.js';
import { endIdleMergeThreads } from './merge.js';
import { addMasterMetrics } from './metrics.js';
import { PageActions } from './page-actions.js';
import { ReportCalls } from './report-calls.js';
import { Sources } from './sources.js';
import { Spool } from './spool.js';

/** Analyses that the live page is told of: the newest. */
const picturesMax = 100;
/** The health of a master is told anew within this time after its ledger cannot be written, or can be again. */
const troubleLookMs = 1_000;

export interface MasterOptions {
  readonly grpc: HostPort;
  readonly admin: HostPort;
  /** The admin port takes no captures, and ends no analyses. */
  readonly adminReadOnly: boolean;
  /** What a thread runs that makes a report: a module below src. */
  readonly reportThread: string;
  /** Undefined: no such port. */
  readonly http?: HostPort;
  readonly httpOrigins: readonly string[];
  /** Folders below which captures may be opened. */
  readonly captures: readonly string[];
  /** URLs below which captures may be read. */
  readonly urls: readonly UrlPrefix[];
  /** Folder for uploads. */
  readonly spool: string;
  readonly spoolBytesMax: number;
  /** Folder of the ledger, or NATS; null: analyses end with this process. */
  readonly state: string | NatsSettings | null;
  /** Time that results are kept. */
  readonly keepMs: number;
  /** Wait for a first worker when the caller does not say. */
  readonly waitMs: number;
  /** Bytes of a chunk; null: sized for the workers present. */
  readonly chunkBytes: number | null;
  readonly trust: ListenerTrust;
  readonly hub: Partial<HubOptions>;
  /** For the live page. */
  readonly errors: RecentErrors;
}

export interface RunningMaster {
  readonly grpc: HostPort;
  readonly admin: HostPort;
  readonly http?: HostPort;
  /** Takes nothing new, lets what runs end for at most graceMs, then ends everything. */
  close(graceMs: number): Promise<void>;
}

/** Starts the hub, the gRPC port and the admin port. What was started is closed when a part fails. */
export async function startMaster(options: MasterOptions, log: Logger): Promise<RunningMaster> {
  const holder = `${hostname()}-${process.pid}`;
  const ledger = await openLedger({ state: options.state, keepMs: options.keepMs, holder }, log);
  let spool: Spool;
  try {
    spool = openSpool(options, ledger, log);
  } catch (error) {
    await ledger.close();
    throw error;
  }
  let analyses: Analyses | undefined;
  let server: RunningGrpcServer | undefined;
  let admin: RunningAdminServer | undefined;
  let http: RunningHttpServer | undefined;
  let live: Live | undefined;
  let troubleTimer: NodeJS.Timeout | undefined;
  const { errors } = options;
  const jobFailed = (kind: string, error: TriremeError): void => errors.add(`${kind} ${error.code}`, error.message);
  const hub = createHub(log, { ...options.hub, jobFailed });
  try {
    const access = await CaptureAccess.of([...options.captures, spool.folder]);
    const sources = new Sources();
    const { chunkBytes, keepMs, waitMs } = options;
    analyses = new Analyses({ ledger, hub, access, urls: options.urls, sources, spool, chunkBytes, keepMs, log });
    const places = await CaptureAccess.of(options.captures);
    const extracts = new ExtractCalls({
      hub,
      access,
      places,
      urls: options.urls,
      sources,
      spool,
      chunkBytes,
      waitMs,
      log,
    });
    const service = new CaptureService(
      analyses,
      ledger,
      spool,
      extracts,
      { waitMs, keepMs, trust: options.trust },
      log,
    );
    const pictured = analyses;
    let closing = false;
    const notReady = (): string | undefined =>
      closing
        ? 'shutting down'
        : (ledger.trouble ?? (hub.workersReady(scanChunkKind) === 0 ? 'no worker is attached' : undefined));
    const registry = new Registry();
    addProcessMetrics(registry);
    addHubMetrics(registry, hub);
    options.trust.refusals.addMetrics(registry);
    addMasterMetrics(registry, analyses, sources, spool);
    const page = (live = new Live({
      role: 'master',
      hub,
      kinds: [scanChunkKind],
      errors,
      notReady,
      gauges: () => ({}),
      analyses: () => liveAnalyses(pictured.pictures(picturesMax), (worker) => hub.workerName(worker)),
      ended: () => endedAnalyses(pictured.pictures(picturesMax)),
      takesCaptures: !options.adminReadOnly,
    }));
    addLiveMetrics(registry, page);
    const tellServing = (): void => server?.setServing(notReady() === undefined);
    hub.onWorkersChanged(tellServing);
    // A ledger does not say when its trouble begins or ends.
    let troubleTold = ledger.trouble;
    troubleTimer = setInterval(() => {
      if (ledger.trouble === troubleTold) return;
      troubleTold = ledger.trouble;
      if (troubleTold === null) log.info({ place: ledger.place }, 'the ledger can be written again');
      else log.warn({ place: ledger.place, error: troubleTold }, 'the ledger cannot be written');
      tellServing();
    }, troubleLookMs);
    troubleTimer.unref();
    server = await startGrpcServer({
      listen: options.grpc,
      services: [...hub.services, service, sources.service],
      trust: options.trust,
      log,
      registry,
    });
    const { trust, http: listen, httpOrigins: origins } = options;
    http = await openHttp({ listen, origins, server, trust, log, registry });
    admin = await startAdminServer({
      listen: options.admin,
      role: 'master',
      registry,
      notReady,
      api: {
        workers: () => hub.snapshot(),
        analyses: () => pictured.pictures(picturesMax),
        history: () => page.historyDocument(),
      },
      events: page.events,
      actions: new PageActions({
        ...{ service, analyses, ledger, spool, keepMs, log, readOnly: options.adminReadOnly },
        reports: new ReportCalls(options.reportThread),
      }),
      trust: options.trust,
    });
    const running = { server, admin, http };
    return {
      grpc: server.address,
      admin: admin.address,
      http: http?.address,
      close: async (graceMs) => {
        closing = true;
        clearInterval(troubleTimer);
        const endMs = performance.now() + graceMs;
        const leftMs = (): number => Math.max(0, endMs - performance.now());
        running.server.setServing(false);
        await service.drain(graceMs);
        await hub.close(leftMs());
        await Promise.all([running.server.close(leftMs()), running.http?.close(leftMs())]);
        page.close();
        await running.admin.close();
        await endIdleMergeThreads();
        spool.close();
        await ledger.close();
      },
    };
  } catch (error) {
    clearInterval(troubleTimer);
    live?.close();
    await analyses?.drain(0);
    await hub.close(0);
    await server?.close(0);
    await http?.close(0);
    await admin?.close();
    spool.close();
    await ledger.close();
    throw error;
  }
}

/** With a folder for the ledger, uploads lie in it and outlive the process as their analyses do. */
function openSpool({ state, spool: root, spoolBytesMax }: MasterOptions, ledger: Ledger, log: Logger): Spool {
  if (typeof state !== 'string') return new Spool(root, spoolBytesMax, log);
  const spool = new Spool(join(state, 'spool'), spoolBytesMax, log, true);
  const waiting = ledger.list().filter((record) => record.capture.spooled && !isFinal(record));
  const uploads = waiting.map(({ request, capture }) => ({
    path: request.path,
    bytes: capture.spoolBytes ?? capture.sizeBytes,
  }));
  spool.adopt(uploads, ledger.evidence ?? null);
  return spool;
}

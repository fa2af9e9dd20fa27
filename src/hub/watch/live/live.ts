import { hostname } from 'node:os';
import { EventStream } from '../../../common/event-stream.js';
import type { RecentErrors } from '../../../common/recent-errors.js';
import { version } from '../../../common/version.js';
import { folderNumberMin } from '../../../kinds/folder-kind.js';
import { versionedName } from '../../../kinds/versions.js';
import type { BusyTime, Optimum } from '../../explain/optimum.js';
import type { KindState } from '../../jobs/kind-state.js';
import { realScheduler, type Scheduler } from '../../port/scheduler.js';
import type { WorkerSnapshot } from '../../port/snapshot.js';
import { notDoneOf } from '../not-done.js';
import { History, historyStepMs } from './history.js';
import type {
  EndedAnalysis,
  HistoryDocument,
  HistoryKind,
  LiveAnalysis,
  LiveDocument,
  LiveKind,
  LiveWorker,
} from './types.js';
import type { ShareReport } from '../../shares/share-report.js';
import type { PickLog } from '../../explain/pick-log.js';
import type { FleetSpeed } from '../../picking/views.js';
import type { Hub } from '../../port/hub.js';

/** A hub with what the live page and the metrics read beside snapshots. */
export interface WatchedHub extends Hub {
  readonly picks: PickLog;
  /** Jobs submitted and not answered. */
  readonly jobsLive: number;
  readonly optimum: Optimum;
  /** Made at its first mention, and kept. */
  kindState(kind: number): KindState;
  /** What clients have that share the workers; null: they do not. */
  shares(): readonly ShareReport[] | null;
  /** What all workers together could do now. */
  fleetSpeeds(): FleetSpeed[];
}

/** Workers in one document, of 300 bytes each. A page with more is no use to anyone; `ListWorkers` has all. */
const workersShownMax = 200;

/** Picks in one document: what fits a screen; `ListPicks` has all that are kept. */
const picksShownMax = 12;

export interface LiveOptions {
  readonly role: string;
  readonly hub: WatchedHub;
  /** Numbers of the kinds that the role gives out. */
  readonly kinds: readonly number[];
  readonly errors: RecentErrors;
  readonly notReady: () => string | undefined;
  /** Counts of the role's own, by their names for people. */
  readonly gauges: () => Readonly<Record<string, number>>;
  /** A master's analyses. */
  readonly analyses?: () => readonly LiveAnalysis[];
  readonly ended?: () => readonly EndedAnalysis[];
  /** Default false. */
  readonly takesCaptures?: boolean;
}

/**
 * What the live page of a role shows. Once a second the history grows by a row and the hub learns what its workers
 * could do together; a document is made only when somebody looks.
 */
export class Live {
  readonly events = new EventStream(() => JSON.stringify(this.document()), historyStepMs);
  private readonly history: History;
  private readonly kinds: readonly KindState[];
  private readonly byNumber: ReadonlyMap<number, KindState>;
  private readonly startedMs: number;
  private stopTimer: (() => void) | null = null;

  constructor(
    private readonly options: LiveOptions,
    private readonly scheduler: Scheduler = realScheduler,
  ) {
    this.kinds = options.kinds.map((kind) => options.hub.kindState(kind));
    this.byNumber = new Map(this.kinds.map((state) => [state.counters.kind, state]));
    this.history = new History(this.kinds);
    this.startedMs = scheduler.wallMs();
    this.tickLater();
  }

  historyDocument(): HistoryDocument {
    return this.history.document();
  }

  /** The last second of each kind. */
  latestByKind(): [name: string, row: HistoryKind][] {
    const rows = this.history.latest()?.kinds ?? [];
    return rows.map((row, index) => [this.kinds[index].counters.name, row]);
  }

  busy(): BusyTime | null {
    return this.options.hub.optimum.busy(this.scheduler.now());
  }

  close(): void {
    this.stopTimer?.();
    this.stopTimer = null;
    this.events.close();
  }

  /** Also called when time passes; here for tests. */
  tick(): void {
    const { hub } = this.options;
    const { jobsWaiting, jobsLive } = hub;
    // Of kinds of users too: their jobs are work as well.
    const speeds = hub.fleetSpeeds();
    hub.optimum.setSpeeds(speeds, new Map(speeds.map(({ kind }) => [kind, hub.kindState(kind)])), jobsLive);
    this.history.write(this.scheduler.now(), this.scheduler.wallMs() / 1000, jobsWaiting, jobsLive);
  }

  document(): LiveDocument {
    const { role, hub, errors, notReady, gauges, analyses, ended, takesCaptures = false } = this.options;
    const state = hub.snapshot();
    const kindName = (kind: number): string => hub.kindState(kind).counters.name;
    return {
      role,
      version,
      host: hostname(),
      startedMs: this.startedMs,
      nowMs: this.scheduler.wallMs(),
      notReady: notReady() ?? null,
      jobsWaiting: state.jobsWaiting,
      jobsLive: state.jobsLive,
      workersTotal: state.workers.length,
      workersJoined: state.workersJoined,
      workersLost: state.workersLost,
      workersCut: state.workersCut,
      workers: state.workers.slice(0, workersShownMax).map((worker) => liveWorker(worker, this.byNumber)),
      kinds: this.kinds.map(liveKind),
      shares: hub.shares(),
      gauges: Object.entries(gauges()).map(([name, value]) => ({ name, value })),
      busy: this.busy(),
      picks: hub.picks.latest(picksShownMax, kindName),
      errors: errors.list(),
      analyses: analyses?.() ?? null,
      ended: ended?.() ?? null,
      takesCaptures,
      sample: this.history.latest(),
    };
  }

  private tickLater(): void {
    this.stopTimer = this.scheduler.after(historyStepMs / 1000, () => {
      this.tick();
      this.tickLater();
    });
  }
}

function liveWorker(worker: WorkerSnapshot, shown: ReadonlyMap<number, unknown>): LiveWorker {
  return {
    number: worker.number,
    name: worker.name,
    address: worker.address,
    host: worker.host,
    cpuModel: worker.cpuModel,
    state: worker.state,
    slots: worker.slots,
    busy: worker.busy,
    load: worker.load,
    outstanding: worker.outstanding,
    backlogSeconds: worker.backlogSeconds,
    windowSeconds: worker.windowSeconds,
    roundTripSeconds: worker.roundTripSeconds,
    lastHeartbeatMs: worker.lastHeartbeatMs,
    kinds: worker.kinds
      .filter(({ kind }) => shown.has(kind) || kind >= folderNumberMin)
      .map(({ name, version, fixedSeconds, secondsPerUnit, unit, done, failed }) => ({
        ...{ name: versionedName(name, version), fixedSeconds, secondsPerUnit, unit },
        ...{ done, failed },
      })),
  };
}

function liveKind({ counters }: KindState): LiveKind {
  const { name, submitted, done, retries, copies } = counters;
  const reasons = notDoneOf(counters);
  const notDone = Object.values(reasons).reduce((sum, count) => sum + count, 0);
  return { name, submitted, done, notDone, reasons, retries, copies };
}

import { monotonicClock } from '../../common/clock.js';
import { TriremeError } from '../../common/errors.js';
import { endsWithin, threadEndMsMax } from '../../common/stuck-work.js';
import { traceparentOf } from '../../common/tracing.js';
import { JobStatus, type JobBatch } from '../../gen/trireme/v1/worker.js';
import type { Kind } from '../../kinds/kind.js';
import { kinds, readKinds, type KindRegistry } from '../../kinds/registry.js';
import type { ProcessGroups } from '../process-groups.js';
import { addUserKinds } from '../user-kinds.js';
import { Costs, batchSeconds } from './costs.js';
import type { HubJobs, Line } from './hub-jobs.js';
import { HubTurns } from './hub-turns.js';
import { parted, type JobColumns, type JobQueue } from './job-queue.js';
import { alike, hasSizes, nextBatchJobs, runsOnce, sharesOf, spanOf, unitsOf } from './next-batch.js';
import { payloadBytesMax } from './thread-memory.js';
import { SourceJob } from './source-job.js';
import type { EndedBatch, GivenBatch, ThreadHandle } from './thread-handle.js';
import { ThreadPool } from './thread-pool.js';
import type { JobThreadsApi, JobThreadsOptions, OfferedKind, ThreadsSnapshot } from './types.js';

/** Jobs held at once over all hubs: a queue of several seconds would only hide that this worker is slow. */
const jobsHeldMaxDefault = 65_536;

const noBytes = Buffer.alloc(0);

/** See JobThreadsApi. This class only decides who gets what next; the parts around it do the carrying. */
export class JobThreads implements JobThreadsApi {
  private readonly registry: KindRegistry;
  private readonly costs = new Costs();
  private readonly hubs = new HubTurns();
  private readonly pool: ThreadPool;
  private readonly sourceJobs = new Map<ThreadHandle, SourceJob>();
  private readonly jobsHeldMax: number;
  private held = 0;
  private queued = 0;
  private flushPending = false;
  private draining: Promise<void> | null = null;
  private drained: (() => void) | null = null;
  private closing: Promise<void> | null = null;
  private readonly mayOnIdle = (kind: number): boolean => this.mayStart(kind, true);
  private readonly mayBehind = (kind: number): boolean => this.mayStart(kind, false);
  private groups: ProcessGroups<ThreadHandle> | null = null;

  constructor(private readonly options: JobThreadsOptions) {
    const { kindsFolder, userFolders = [], commandFiles = [] } = options;
    const ownOnly = kindsFolder === undefined && userFolders.length + commandFiles.length === 0;
    this.registry = ownOnly ? kinds() : readKinds(kindsFolder);
    this.jobsHeldMax = options.jobsHeldMax ?? jobsHeldMaxDefault;
    this.pool = new ThreadPool(options.slots, {
      ready: () => this.pump(),
      woke: (thread) => this.onWake(thread),
      died: (thread, reason) => this.onDeath(thread, reason),
      restarts: (reason, inMs, asked) => options.onThreadDeath?.(reason, inMs, asked),
    });
  }

  async start(): Promise<readonly OfferedKind[]> {
    const { kinds, groups } = await addUserKinds<ThreadHandle>(this.registry, this.options);
    this.groups = groups;
    try {
      for (const kind of this.registry.all()) if (hasSizes(kind)) this.costs.sized(kind.number);
      this.costs.calibrated(await this.pool.start(kinds, groups));
    } catch (error) {
      await this.close();
      throw error;
    }
    return this.registry
      .all()
      .filter((kind) => this.offered(kind))
      .map(({ number, name, terms }) => ({ kind: number, name, secondsPerUnit: this.costs.of(number), terms }));
  }

  submit(hub: number, batch: JobBatch): void {
    const jobs = this.hubs.of(hub);
    const now = monotonicClock();
    let lastKind = -1;
    let lastUrgent = false;
    let kind: Kind | undefined;
    let queue: JobQueue | undefined;
    let at = 0;
    const refusal = this.draining !== null || this.closing !== null ? 'DRAINING: this worker takes no new jobs' : null;
    for (let index = 0; index < batch.job.length; index++) {
      const number = batch.kind[index] ?? 0;
      const size = batch.payloadSize[index] ?? 0;
      const from = at;
      at += size;
      const urgent = batch.urgent[index] ?? false;
      if (number !== lastKind || urgent !== lastUrgent) {
        [lastKind, lastUrgent] = [number, urgent];
        kind = this.registry.get(number);
        if (kind !== undefined && !this.offered(kind)) kind = undefined;
        queue = kind === undefined ? undefined : jobs.queue(number, urgent);
      }
      if (refusal !== null || kind === undefined || queue === undefined || this.held >= this.jobsHeldMax) {
        const reason =
          refusal ??
          (kind === undefined
            ? `UNKNOWN_JOB: this worker has no kind ${number}`
            : `QUEUE_FULL: this worker holds ${this.held} jobs, the most it may (jobsHeldMax)`);
        this.answer(jobs, number, batch.job[index], JobStatus.NOT_RUN, now, reason);
        continue;
      }
      const timeout = batch.timeoutSeconds[index] ?? 0;
      const deadline = timeout > 0 ? now + timeout : Infinity;
      let units = 1;
      const traceparent = batch.traces === undefined ? '' : traceparentOf(batch.traces.traceparent[index]);
      if (size > 0 || kind.unitsOf !== undefined || traceparent !== '') {
        try {
          if (!alike(kind)) units = kind.unitsOf?.(batch.payloads.subarray(from, at)) ?? 1;
        } catch (error) {
          this.answer(jobs, number, batch.job[index], JobStatus.FAILED, now, TriremeError.from(error).message);
          continue;
        }
        const extra = traceparent === '' ? undefined : { alone: true, traceparent };
        const bytes = size === 0 ? null : batch.payloads;
        queue.pushSized(batch.job[index], now, deadline, units, bytes, from, size, extra);
      } else queue.push(batch.job[index], now, deadline);
      jobs.hold(number, 1, units);
      this.held++;
      this.queued++;
    }
    this.pump();
  }

  cancel(hub: number, jobs: readonly number[]): void {
    const wanted = new Set(jobs);
    this.dropQueued(hub, wanted, 'CANCELLED: before it began');
    const from = this.hubs.get(hub);
    if (from !== undefined) for (const thread of this.pool) thread.cancel(from, (job) => wanted.has(job));
    for (const running of this.sourceJobs.values()) {
      if (running.batch.hub.hub === hub && wanted.has(running.batch.jobs.job[0])) running.cancel();
    }
  }

  recall(hub: number, jobs: readonly number[]): void {
    this.dropQueued(hub, new Set(jobs), 'CANCELLED: asked back before it began', false);
  }

  forget(hub: number): void {
    const from = this.hubs.forget(hub);
    if (from === undefined) return;
    for (const { kind, queue } of from.lines) this.drop(from, kind, queue.shift(queue.length), '');
    for (const thread of this.pool) thread.cancel(from, () => true);
    for (const running of this.sourceJobs.values()) if (running.batch.hub === from) running.cancel();
  }

  drain(): Promise<void> {
    this.draining ??= new Promise((resolve) => {
      this.drained = resolve;
      this.flushSoon();
    });
    return this.draining;
  }

  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  snapshot(): ThreadsSnapshot {
    let slots = 0;
    let busy = 0;
    for (const thread of this.pool) {
      if (thread.state === 'SERVING') slots++;
      if (thread.given.length > 0 || thread.reserved) busy++;
    }
    let backlogSeconds = 0;
    for (const { hub } of this.hubs) backlogSeconds += this.backlogSeconds(hub);
    return { slots, busy, queued: Math.max(0, this.held - busy), backlogSeconds };
  }

  backlogSeconds(hub: number): number {
    const jobs = this.hubs.get(hub);
    if (jobs === undefined) return 0;
    let seconds = jobs.backlogSeconds(this.costs);
    for (const [thread, { batch }] of this.sourceJobs) {
      if (batch.hub === jobs && thread.given.length > 0) {
        seconds -= Math.min(batch.units, thread.unitsDone) * this.costs.of(batch.kind.number);
      }
    }
    return Math.max(0, seconds);
  }

  private offered(kind: Kind): boolean {
    return kind.needsSource !== true || this.options.openSource !== undefined;
  }

  private onWake(thread: ThreadHandle): void {
    this.sourceJobs.get(thread)?.space();
    for (const each of this.pool) {
      for (let ended = each.takeEnded(); ended !== null; ended = each.takeEnded()) this.onEnded(each, ended);
    }
    this.pump();
    this.flush();
  }

  private onEnded(thread: ThreadHandle, { batch, frame, answers }: EndedBatch): void {
    const { hub, kind, jobs, units } = batch;
    const seconds = frame.execSeconds[0];
    batch.span?.end(frame.status[0] === JobStatus.DONE ? undefined : answers.toString());
    this.sourceJobs.get(thread)?.end();
    this.sourceJobs.delete(thread);
    const shares = sharesOf(this.costs, kind, jobs);
    if (frame.status[0] === JobStatus.DONE) this.costs.learn(kind.number, jobs.job.length, units, seconds);
    const each = seconds / jobs.job.length;
    hub.results.addBatch(jobs, kind.number, frame.status, each, frame.answerSize, answers, shares);
    this.release(hub, kind.number, jobs.job.length, units);
  }

  /** Gives waiting jobs to threads that can take them: hubs in turns, within a hub the line that is next. */
  private pump(): void {
    while (this.queued > 0 && this.closing === null) {
      const thread = this.pool.free();
      if (thread === null) return;
      const idle = thread.idle;
      const may = idle ? this.mayOnIdle : this.mayBehind;
      const hub = this.hubs.take(may);
      if (hub === null) return;
      const batch = this.takeBatch(hub, hub.next(may) as Line);
      if (batch === null) continue;
      const { kind } = batch;
      const { payloads } = batch.jobs;
      if (kind.needsSource === true) this.startSource(thread, batch);
      else if (batch.span !== undefined || (payloads !== null && payloads.size[0] > payloadBytesMax)) {
        const payload = payloads?.payload(0) ?? noBytes;
        const message = { payload, source: null, traceparent: batch.span?.traceparent };
        thread.give(batch, message);
      } else thread.give(batch);
    }
  }

  /** Whether jobs of a kind may be given to a thread now. @param idle whether that thread has nothing to do */
  private mayStart(number: number, idle: boolean): boolean {
    const kind = this.registry.get(number);
    if (kind === undefined || (kind.needsSource === true && !idle)) return false;
    return kind.slots === undefined || this.pool.jobsOf(number) < kind.slots;
  }

  /** Takes the next batch out of a line; null when all of it was past its deadline. */
  private takeBatch(hub: HubJobs, line: Line): GivenBatch | null {
    const { queue, urgent } = line;
    const kind = this.registry.get(line.kind) as Kind;
    hub.taken(line);
    const secondsMax = batchSeconds(this.hubs.leastBacklogSeconds(this.costs) / this.pool.size);
    const count = nextBatchJobs(kind, queue, this.costs, this.pool.idle, secondsMax);
    const jobs = this.withoutExpired(hub, kind.number, queue.shift(count));
    this.queued -= jobs.job.length;
    if (jobs.job.length === 0) return null;
    const units = unitsOf(jobs);
    const expectedSeconds = this.costs.seconds(kind.number, jobs.job.length, units);
    return { hub, kind, urgent, jobs, units, expectedSeconds, span: spanOf(kind, jobs) };
  }

  private withoutExpired(hub: HubJobs, kind: number, jobs: JobColumns): JobColumns {
    const now = monotonicClock();
    if (!jobs.deadline.some((deadline) => deadline <= now)) return jobs;
    const [expired, rest] = parted(jobs, (index) => jobs.deadline[index] <= now);
    this.drop(hub, kind, expired, 'DEADLINE_PASSED: before it began');
    return rest;
  }

  private startSource(thread: ThreadHandle, batch: GivenBatch): void {
    const open = this.options.openSource;
    if (open === undefined) throw new TriremeError('INTERNAL', `kind ${batch.kind.name} needs a source opener`);
    thread.reserved = true;
    const job = new SourceJob(thread, batch, open, (error) => {
      if (this.sourceJobs.get(thread) === job) this.sourceJobs.delete(thread);
      const status = error.kind.retry ? JobStatus.NOT_RUN : JobStatus.FAILED;
      const { jobs } = batch;
      this.answer(
        batch.hub,
        batch.kind.number,
        jobs.job[0],
        status,
        jobs.arrival[0],
        error.code === 'JOB_FAILED' ? error.message : `${error.code}: ${error.message}`,
      );
      this.release(batch.hub, batch.kind.number, 1, batch.units);
      this.pump();
    });
    this.sourceJobs.set(thread, job);
  }

  private onDeath(thread: ThreadHandle, reason: string): void {
    if (this.closing !== null) {
      const begun = thread.running ? thread.given[0] : null;
      for (const batch of thread.given.splice(0)) {
        const { hub, kind, jobs, units, span } = batch;
        span?.end('this worker ended');
        if (batch === begun && runsOnce(kind)) this.answerBegun(batch, 'this worker ended');
        else this.answerAll(hub, kind.number, jobs, 'DRAINING: this worker ended');
        this.release(hub, kind.number, jobs.job.length, units);
      }
      return;
    }
    this.sourceJobs.get(thread)?.end();
    this.sourceJobs.delete(thread);
    const unwanted = thread.unwanted(monotonicClock());
    const suspects = thread.running ? (thread.given.shift() as GivenBatch) : null;
    suspects?.span?.end(`its thread died: ${reason}`);
    for (const batch of thread.given.splice(0).reverse()) {
      batch.span?.end('not begun: its thread died');
      this.putBack(batch, false);
      this.dropQueued(batch.hub.hub, new Set(unwanted.get(batch)), 'CANCELLED: before it began');
    }
    if (suspects !== null) this.judge(thread, suspects, unwanted.get(suspects) ?? [], reason);
    this.pump();
  }

  /** Deals with the batch that a thread ran when it died. */
  private judge(thread: ThreadHandle, suspects: GivenBatch, unwanted: readonly number[], reason: string): void {
    const { hub, kind, jobs, units } = suspects;
    const died = thread.overrun === null ? `its thread died: ${reason}` : `${reason}, and its thread was ended`;
    if (runsOnce(kind)) {
      this.answerBegun(suspects, died);
      return this.release(hub, kind.number, jobs.job.length, units);
    }
    if (jobs.job.length > 1 || thread.overrun === 'UNWANTED') {
      this.putBack(suspects, true);
      if (thread.overrun !== null) this.dropQueued(hub.hub, new Set(unwanted), `CANCELLED: ${reason}`);
      return;
    }
    this.answer(hub, kind.number, jobs.job[0], JobStatus.FAILED, jobs.arrival[0], died);
    this.release(hub, kind.number, 1, units);
  }

  /** Answers jobs that may not run twice and that a thread had begun: they failed, and may have run. */
  private answerBegun({ hub, kind, jobs }: GivenBatch, why: string): void {
    const reason = `${why}; it may have run, and jobs of ${kind.name} are not run twice (mayCopy)`;
    jobs.job.forEach((job, at) => this.answer(hub, kind.number, job, JobStatus.FAILED, jobs.arrival[at], reason));
  }

  private putBack({ hub, kind, urgent, jobs, units }: GivenBatch, alone: boolean): void {
    if (!hub.heard) return this.release(hub, kind.number, jobs.job.length, units);
    hub.queue(kind.number, urgent).unshift(jobs, alone);
    this.queued += jobs.job.length;
  }

  private dropQueued(hub: number, wanted: ReadonlySet<number>, reason: string, begunToo = true): void {
    const from = this.hubs.get(hub);
    if (from === undefined) return;
    for (const { kind, queue } of from.lines) {
      if (queue.length === 0) continue;
      const dropped = queue.remove((job, _, extra) => wanted.has(job) && (begunToo || extra?.begun !== true));
      this.drop(from, kind, dropped, reason);
    }
  }

  /** Answers queued jobs that were taken out of their queue with NOT_RUN. */
  private drop(hub: HubJobs, kind: number, jobs: JobColumns, reason: string): void {
    const count = jobs.job.length;
    if (count === 0) return;
    this.answerAll(hub, kind, jobs, reason);
    this.queued -= count;
    this.release(hub, kind, count, unitsOf(jobs));
  }

  private answerAll(hub: HubJobs, kind: number, jobs: JobColumns, reason: string): void {
    jobs.job.forEach((job, index) => this.answer(hub, kind, job, JobStatus.NOT_RUN, jobs.arrival[index], reason));
  }

  private answer(hub: HubJobs, kind: number, job: number, status: JobStatus, arrival: number, reason: string): void {
    hub.results.add(job, kind, status, 0, arrival, Buffer.from(reason));
    this.flushSoon();
  }

  private release(hub: HubJobs, kind: number, jobs: number, units: number): void {
    hub.hold(kind, -jobs, -units);
    this.held -= jobs;
    if (this.held === 0) this.flushSoon();
  }

  private flushSoon(): void {
    if (this.flushPending) return;
    this.flushPending = true;
    setImmediate(() => this.flush());
  }

  private flush(): void {
    this.flushPending = false;
    const now = monotonicClock();
    for (const jobs of this.hubs) {
      jobs.results.flush(now, (results) => this.options.onResults(jobs.hub, results));
    }
    if (this.held === 0) this.drained?.();
  }

  private async end(): Promise<void> {
    if (this.groups !== null) await this.pool.endProcesses();
    const ending = this.pool.end();
    for (const job of this.sourceJobs.values()) job.end();
    await endsWithin(threadEndMsMax, ending);
    this.groups?.close();
    for (const hub of this.hubs) {
      for (const { kind, queue } of hub.lines)
        this.drop(hub, kind, queue.shift(queue.length), 'DRAINING: worker ended');
    }
    this.flush();
  }
}

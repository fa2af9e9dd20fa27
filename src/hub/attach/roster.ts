import type { Evidence } from '../port/snapshot.js';
import type { Logger } from '../../common/logging.js';
import { resultPartBytesMax } from '../../common/limits.js';
import { RateLimit } from '../../common/rate-limit.js';
import { version } from '../../common/version.js';
import {
  JobStatus,
  type Heartbeat,
  type Hello,
  type KindOffer,
  type ResultBatch,
  type WorkerMessage,
} from '../../gen/trireme/v1/worker.js';
import { Quarantine } from '../audit/quarantine.js';
import { AttachedWorker } from '../workers/attached-worker.js';
import type { Dispatcher } from '../dispatch/dispatcher.js';
import { refuseHello, slotsMax } from '../workers/hello.js';
import type { HubOptions } from '../port/options.js';
import { isSized } from '../../kinds/units.js';
import type { KindOffered, Picker } from '../picking/picker.js';
import { Answers } from '../dispatch/answers.js';
import type { Scheduler } from '../port/scheduler.js';
import { ShortIds, ShortIdSequence } from '../workers/short-ids.js';
import { hashSecret, sameSecret, WorkerSecrets, type SecretHash } from '../workers/worker-secrets.js';
import type { WorkerStream, WorkerStreamEvents } from '../port/worker-stream.js';

/** Looks at silent workers this often, in heartbeat intervals. */
const watchIntervals = 0.25;
/** A worker is SILENT when its heartbeat is late by half an interval: it may be lost, and gets no new job. */
const silentIntervals = 1.5;

const noSecret = Buffer.alloc(0);

/** The workers of a hub: who is attached, in which state, and since when they are silent. */
export class Roster {
  joined = 0;
  lost = 0;
  cut = 0;
  readonly quarantine: Quarantine;
  readonly listeners = new Set<() => void>();
  private numbers = 0;
  private streams = 0;
  private watchedAt = 0;
  private watching = false;
  private readonly shortIdSequence: ShortIdSequence;
  private readonly rate = new RateLimit();
  private readonly secrets = new WorkerSecrets();
  private readonly answers: Answers;

  constructor(
    private readonly hubId: string,
    private readonly options: HubOptions,
    private readonly dispatcher: Dispatcher,
    private readonly picker: Picker,
    private readonly scheduler: Scheduler,
    private readonly log: Logger,
  ) {
    this.answers = new Answers(dispatcher);
    this.quarantine = new Quarantine(options.quarantineMs);
    this.shortIdSequence = new ShortIdSequence(options.shortIdFirst);
    dispatcher.onStallChanged = (worker, reason) => this.settle(worker, reason);
  }

  /** Attached workers in the order in which they came. */
  get workers(): Iterable<AttachedWorker> {
    return this.dispatcher.byNumber.values();
  }

  /** A worker opened a stream. What the stream hears goes to the returned events. */
  attach(stream: WorkerStream): WorkerStreamEvents {
    let worker: AttachedWorker | null = null;
    let over = false;
    const refuse = (reason: string): void => {
      if (over) return;
      over = true;
      this.cut++;
      const suppressed = this.rate.admit('cut', this.scheduler.wallMs());
      if (suppressed !== undefined) {
        const facts = { address: stream.address, worker: worker?.hello.name, reason, suppressed };
        this.log.warn(facts, 'worker cut off');
      }
      if (worker !== null) this.leave(worker, reason);
      stream.close(reason);
    };
    this.streams++;
    const cancelHelloTimer = this.scheduler.after(this.options.helloTimeoutMs / 1000, () => {
      if (worker === null) refuse(`no Hello within ${this.options.helloTimeoutMs} ms`);
    });
    if (this.streams > this.options.workersMax) {
      this.scheduler.soon(() => refuse(`${this.options.workersMax} workers are attached (workersMax)`));
    }
    return {
      received: (message) => {
        if (over) return;
        if (worker !== null) {
          const wrong = this.hear(worker, message);
          if (wrong !== null) refuse(wrong);
          else if (worker.gone) over = true;
          return;
        }
        if (message.message?.$case !== 'hello') return refuse('its first message is not Hello');
        const wrong = refuseHello(message.message.value);
        if (wrong !== null) return refuse(wrong);
        const { secret, ...hello } = message.message.value;
        const hash = hashSecret(secret);
        const unfit = this.dispatcher.offered.refuse(hello.kinds);
        if (unfit !== null) return refuse(unfit);
        const taken = this.refuseId(hello.workerId, hash);
        if (taken !== null) return refuse(taken);
        cancelHelloTimer();
        worker = this.join({ ...hello, secret: noSecret }, hash, stream);
      },
      refused: refuse,
      drained: () => {
        if (worker !== null && !worker.gone) this.dispatcher.turn.drained(worker);
      },
      closed: (reason) => {
        this.streams--;
        cancelHelloTimer();
        over = true;
        if (worker !== null) this.leave(worker, reason);
      },
    };
  }

  /** Ends all streams: the workers dial again. */
  closeAll(): void {
    for (const worker of [...this.workers]) {
      this.leave(worker, 'the hub is shutting down', true);
      worker.stream.close(null);
    }
  }

  /** Why a worker with this secret may not come under this id, or null. */
  private refuseId(workerId: string, secret: SecretHash): string | null {
    for (const other of this.workers) {
      if (other.hello.workerId === workerId && !sameSecret(other.secret, secret))
        return `worker_id ${workerId} is attached, and this Hello does not show the secret of its first one`;
    }
    if (this.secrets.admits(workerId, secret)) return null;
    return `worker_id ${workerId} was attached before, and this Hello does not show the secret of its first one`;
  }

  private join(said: Hello, secret: SecretHash, stream: WorkerStream): AttachedWorker {
    // A worker that dials again before its old stream is known to be broken has left the old one.
    for (const other of [...this.workers]) {
      if (other.hello.workerId !== said.workerId) continue;
      this.leave(other, 'the worker attached again');
      other.stream.close(null);
    }
    const now = this.dispatcher.turn.freshNow();
    const { options, scheduler } = this;
    // From here on a kind is known by the index of its version.
    const hello: Hello = { ...said, kinds: this.dispatcher.offered.joined(said) };
    const worker = new AttachedWorker(
      ++this.numbers,
      hello,
      stream,
      this.log,
      options.resultBytesMax,
      now,
      scheduler.wallMs(),
      hello.protocol === 0 ? new ShortIds(this.shortIdSequence) : null,
      secret,
    );
    this.secrets.remember(hello.workerId, secret);
    this.joined++;
    for (const { kind } of hello.kinds) this.dispatcher.kindState(kind);
    stream.send({
      message: {
        $case: 'welcome',
        value: {
          hubId: this.hubId,
          version,
          heartbeatIntervalMs: options.heartbeatIntervalMs,
          resultPartBytesMax,
          jobsOutstandingMax: options.jobsOutstandingMax,
          incarnation: options.incarnation,
        },
      },
    });
    worker.index = this.picker.addWorker({ slots: hello.slots, kinds: hello.kinds.map(sizedOrNot) }, now);
    this.dispatcher.workers[worker.index] = worker;
    this.dispatcher.byNumber.set(worker.number, worker);
    const { address, credential } = stream;
    worker.setState('SERVING', `joined from ${address}${credential === undefined ? '' : ` as ${credential}`}`);
    this.dispatcher.versionsChanged();
    const evidence = this.quarantine.evidenceOf(hello.workerId, scheduler.wallMs());
    if (evidence !== null) this.distrust(worker, evidence);
    this.watch();
    this.dispatcher.pump();
    this.changed();
    return worker;
  }

  private hear(worker: AttachedWorker, message: WorkerMessage): string | null {
    worker.heardAt = this.dispatcher.turn.freshNow();
    switch (message.message?.$case) {
      case 'heartbeat':
        return this.hearHeartbeat(worker, message.message.value);
      case 'results': {
        const { value } = message.message;
        if (this.forAnother(worker, value.incarnation)) return null;
        worker.shortIds?.results(value);
        const wrong = this.answers.take(worker, value);
        if (wrong === null && !worker.gone) {
          if (holdsAnswer(value)) this.dispatcher.stalls.heardAnswer(worker, worker.heardAt);
          // First what it may get, then who gets what: a worker that gave a job back must not get it again at once.
          this.settle(worker, 'it sent results');
          this.dispatcher.pump();
        }
        return wrong;
      }
      case 'part': {
        const { value } = message.message;
        if (this.forAnother(worker, value.incarnation)) return null;
        worker.shortIds?.part(value);
        return this.answers.takePart(worker, value);
      }
      case 'hello':
        return 'it said Hello twice';
      default:
        // A later version may say more: what is not known is no offence.
        return null;
    }
  }

  /**
   * The answers are for a hub that has ended since, or for another one: they answer nothing here, and are no offence.
   */
  private forAnother(worker: AttachedWorker, incarnation: number): boolean {
    const { incarnation: ours } = this.options;
    if (incarnation === ours || (incarnation === 0 && worker.shortIds !== null)) return false;
    const suppressed = this.rate.admit('forAnother', this.scheduler.wallMs());
    if (suppressed !== undefined)
      this.log.warn({ worker: worker.hello.name, theirs: incarnation, ours, suppressed }, 'results of another hub');
    return true;
  }

  private hearHeartbeat(worker: AttachedWorker, heartbeat: Heartbeat): string | null {
    if (heartbeat.slots > slotsMax) return `slots ${heartbeat.slots} in its heartbeat is over ${slotsMax}`;
    const { backlogElsewhereSeconds: backlog } = heartbeat;
    worker.heartbeat = {
      ...heartbeat,
      slots: heartbeat.slots || worker.hello.slots,
      backlogElsewhereSeconds: backlog >= 0 && backlog < 1e9 ? backlog : 0,
    };
    worker.lastHeartbeatMs = this.scheduler.wallMs();
    worker.draining = heartbeat.draining;
    this.settle(worker, heartbeat.draining ? 'it is draining' : 'it sent a heartbeat');
    this.picker.report(worker.index, worker.heartbeat, this.dispatcher.turn.now());
    this.dispatcher.pump();
    return null;
  }

  /** Something was heard: the state follows from what the worker last said. */
  private settle(worker: AttachedWorker, reason: string): void {
    if (worker.evidence !== null) return;
    const state = worker.draining ? 'DRAINING' : worker.stall !== null ? 'SUSPENDED' : 'SERVING';
    if (worker.state === state) return;
    worker.setState(state, reason);
    if (state === 'SERVING') this.picker.resume(worker.index);
    else this.picker.suspend(worker.index);
    this.changed();
  }

  /** A worker was found lying: it gets no job and no answer of it counts, now or when it dials again. */
  shutOut(workerId: string, evidence: Evidence): void {
    // Of several audits under way one is enough.
    if (this.quarantine.evidenceOf(workerId, evidence.atMs) !== null) return;
    this.log.error({ workerId, ...evidence }, 'worker found lying');
    this.quarantine.add(workerId, evidence);
    for (const worker of this.workers) if (worker.hello.workerId === workerId) this.distrust(worker, evidence);
    this.dispatcher.pump();
    this.changed();
  }

  private distrust(worker: AttachedWorker, evidence: Evidence): void {
    worker.evidence = evidence;
    this.dispatcher.stalls.forget(worker);
    worker.setState('QUARANTINED', `its answer to job ${evidence.job} was a lie`);
    this.picker.suspend(worker.index);
    this.dispatcher.returns.takeBackAll(worker);
  }

  /** @param inOrder the hub itself ends the stream, and no fault is the worker's */
  private leave(worker: AttachedWorker, reason: string, inOrder = false): void {
    if (worker.gone) return;
    const regular = inOrder || (worker.draining && worker.jobs.length === 0);
    worker.setState(regular ? 'LEFT' : 'LOST', reason);
    if (!regular) this.lost++;
    this.dispatcher.offered.left(worker.hello);
    this.dispatcher.byNumber.delete(worker.number);
    this.dispatcher.workers[worker.index] = undefined;
    this.picker.removeWorker(worker.index);
    this.dispatcher.returns.orphan(worker);
    this.dispatcher.stalls.forget(worker);
    this.dispatcher.stalls.probeSoon(this.dispatcher.turn.now());
    worker.index = -1;
    this.dispatcher.versionsChanged();
    this.dispatcher.pump();
    this.changed();
  }

  private watch(): void {
    if (this.watching) return;
    this.watching = true;
    this.watchedAt = this.scheduler.now();
    this.watchLater();
  }

  private watchLater(): void {
    const seconds = (this.options.heartbeatIntervalMs / 1000) * watchIntervals;
    this.scheduler.after(seconds, () => {
      this.look(seconds);
      if (this.dispatcher.byNumber.size > 0) this.watchLater();
      else this.watching = false;
    });
  }

  private look(everySeconds: number): void {
    const now = this.scheduler.now();
    const late = now - this.watchedAt - everySeconds;
    this.watchedAt = now;
    const interval = this.options.heartbeatIntervalMs / 1000;
    for (const worker of [...this.workers]) {
      // When this process itself stood still, the heartbeats of that time are still unread: no one's fault.
      if (late > interval / 2) worker.heardAt = Math.min(now, worker.heardAt + late);
      const silent = now - worker.heardAt;
      const exhausted = worker.shortIds?.exhausted ?? null;
      if (silent > interval * (this.options.heartbeatsMissedMax + silentIntervals - 1)) {
        this.leave(worker, `${this.options.heartbeatsMissedMax} heartbeats missed: silent for ${silent.toFixed(1)} s`);
        worker.stream.close('heartbeats missed');
      } else if (exhausted !== null) {
        this.leave(worker, exhausted);
        worker.stream.close(exhausted);
      } else if (worker.evidence !== null) {
        this.trustAgain(worker);
      } else if (silent > interval * silentIntervals && worker.state !== 'SILENT') {
        worker.setState('SILENT', `silent for ${silent.toFixed(1)} s`);
        this.picker.suspend(worker.index);
        this.changed();
      }
    }
  }

  private trustAgain(worker: AttachedWorker): void {
    if (this.quarantine.evidenceOf(worker.hello.workerId, this.scheduler.wallMs()) !== null) return;
    worker.evidence = null;
    this.settle(worker, 'its quarantine is over');
    this.dispatcher.pump();
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }
}

/** Of kinds of users the cost of a job is learned by its size. */
function sizedOrNot({ kind, secondsPerUnit, terms }: KindOffer): KindOffered {
  return { kind, secondsPerUnit, sized: terms !== undefined && isSized(terms.units) };
}

/** Whether a worker ran a job: that it gave some back says nothing of its threads. */
function holdsAnswer({ job, status }: ResultBatch): boolean {
  return job.length > 0 && (status.length === 0 || status.some((each) => each !== JobStatus.NOT_RUN));
}

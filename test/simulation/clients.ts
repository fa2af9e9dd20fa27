import type { TriremeError } from '../../src/common/errors.js';
import type { AttachableHub } from '../../src/hub/hub.js';
import { noJob, noWorker, type JobSink } from '../../src/hub/port/job-sink.js';
import { answerBytes, kindsOfSim, liarOf, payloadOf, tagIn } from './answers.js';
import type { Plan } from './plan.js';
import type { SimTime } from './sim-time.js';

/** A job of no deadline ends within this time as long as one honest worker lives, however the others behave. */
export const endSecondsMax = 60;
/** A deadline is noticed within this time. */
const deadlineSlackSeconds = 0.1;
const deadlineSeconds = 0.5;
/** Jobs that are due are asked for together so often. */
const paceSeconds = 2e-3;
/** Tags are a place among the live jobs, and how many had it before. */
const places = 4096;

/** Violations of a run that are kept: the first says most. */
const violationsMax = 5;

/** What the run found wrong, in words. */
export class Verdicts {
  readonly found: string[] = [];
  count = 0;

  add(what: string): void {
    this.count++;
    if (this.found.length < violationsMax) this.found.push(what);
  }
}

/** All clients of a run: they keep so many jobs live, and judge what they are told. */
export class Clients {
  submitted = 0;
  answered = 0;
  failed = 0;
  live = 0;
  /** Times of a look at a job's clock that the hub may be late by, since it did not run. */
  lateSeconds = 0;
  /** Answers of liars that came through. */
  lies = 0;
  private readonly serials = new Float64Array(places);
  private readonly alive = new Uint8Array(places);
  private readonly kinds = new Uint8Array(places);
  private readonly ids = new Float64Array(places);
  private readonly submittedAt = new Float64Array(places);
  private readonly deadlines = new Float64Array(places);
  private readonly free: number[] = [];
  private readonly sinks: readonly Sink[];
  private pumping = false;
  /** For the next jobs to be due. */
  private waits = false;
  private readonly began: number;
  private hub: AttachableHub | null = null;

  constructor(
    private readonly plan: Plan,
    private readonly time: SimTime,
    private readonly random: () => number,
    private readonly verdicts: Verdicts,
  ) {
    this.began = time.now();
    for (let place = plan.live - 1; place >= 0; place--) this.free.push(place);
    this.sinks = [false, true, false].map((urgent, at) => new Sink(this, urgent, plan.shares ? at : undefined));
  }

  /** Another hub: what was asked of the one before is gone with it. */
  attach(hub: AttachableHub | null): void {
    this.hub = hub;
    for (let place = 0; place < this.plan.live; place++) {
      if (this.alive[place] === 1) this.end(place);
    }
    this.pump();
  }

  units(kind: number, tag: number): number {
    if (kind === kindsOfSim.sized) return 10 ** (3 * (((tag * 7919) % 1000) / 1000)) * 1000;
    return kind === kindsOfSim.chunk ? 50_000 + ((tag * 7919) % 1_000_000) : 1;
  }

  /** One client holds its jobs back from now on, or no more. */
  holdBack(held: boolean): void {
    this.sinks[2].heldBack = held;
  }

  /** Looks for jobs that ought to have ended. */
  look(): void {
    const now = this.time.now();
    for (let place = 0; place < this.plan.live; place++) {
      if (this.alive[place] === 0) continue;
      const seconds = now - this.submittedAt[place];
      if (seconds < endSecondsMax + this.lateSeconds) continue;
      this.verdicts.add(
        `job ${this.tagOf(place)} of kind ${this.kinds[place]} has not ended after ${seconds.toFixed(1)} s`,
      );
      this.submittedAt[place] = now;
    }
  }

  done(tag: number, bytes: Uint8Array, start: number, end: number, worker: number): void {
    const place = this.placeOf(tag, 'an answer');
    if (place < 0) return;
    const kind = this.kinds[place];
    if (end - start !== answerBytes) {
      this.verdicts.add(`job ${tag} of kind ${kind} was answered with ${end - start} bytes`);
    } else if (tagIn(bytes, start) !== tag || bytes[start] !== kind) {
      this.verdicts.add(
        `job ${tag} of kind ${kind} was told the answer of job ${tagIn(bytes, start)} of kind ${bytes[start]} by worker ${worker}`,
      );
    } else if (liarOf(bytes, start) !== 0) this.lied(tag, kind);
    this.answered++;
    this.end(place);
    this.pump();
  }

  fail(tag: number, error: TriremeError): void {
    const place = this.placeOf(tag, error.code);
    if (place < 0) return;
    this.failed++;
    this.end(place);
    this.pump();
  }

  private lied(tag: number, kind: number): void {
    this.lies++;
    // All answers of this kind are audited, but for those that nobody else was there to check.
    if (kind !== kindsOfSim.checked || this.plan.auditShare < 1) return;
    const audits = Object.values(this.hub?.snapshot().audits ?? {});
    const impossible = audits.reduce((sum, counts) => sum + counts.impossible, 0);
    if (impossible === 0) this.verdicts.add(`job ${tag} was told a lie that an audit had to find`);
  }

  /** Of the live job; -1, and a violation, where it has ended before. */
  private placeOf(tag: number, heard: string): number {
    const place = tag % places;
    if (this.alive[place] === 1 && this.tagOf(place) === tag) {
      const late = this.time.now() - this.deadlines[place];
      if (late > deadlineSlackSeconds + this.lateSeconds)
        this.verdicts.add(`job ${tag} heard ${heard} ${late.toFixed(2)} s after its deadline`);
      return place;
    }
    this.verdicts.add(`job ${tag} heard ${heard} after its end`);
    return -1;
  }

  private tagOf(place: number): number {
    return this.serials[place] * places + place;
  }

  private end(place: number): void {
    this.alive[place] = 0;
    this.live--;
    this.free.push(place);
  }

  /** Asks for what there is room for and what is due by the rate, soon or a little later. */
  private pump(): void {
    if (this.pumping || this.submitted >= this.plan.jobs) return;
    this.pumping = true;
    this.time.soon(() => {
      this.pumping = false;
      const due = (this.time.now() - this.began) * this.plan.rate + 1;
      const most = Math.min(due, this.plan.jobs);
      while (this.free.length > 0 && this.hub !== null && this.submitted < most) this.submit();
      if (this.submitted < most || this.hub === null || this.waits) return;
      this.waits = true;
      this.time.after(paceSeconds * (0.5 + this.random()), () => {
        this.waits = false;
        this.pump();
      });
    });
  }

  private submit(): void {
    const { plan, random, time } = this;
    const hub = this.hub as AttachableHub;
    const place = this.free.pop() as number;
    const tag = ++this.serials[place] * places + place;
    const dice = random();
    const { quick, slow, checked, chunk, sized } = kindsOfSim;
    const slower = plan.sizes && dice < 0.7 ? sized : slow;
    const kind = dice < 0.6 ? quick : dice < 0.8 ? slower : dice < 0.99 ? checked : chunk;
    const timeout = random() < plan.deadlines ? deadlineSeconds * (0.02 + random()) : 0;
    const sink = random() < plan.urgent ? this.sinks[1] : random() < 0.05 ? this.sinks[2] : this.sinks[0];
    const avoid = random() < plan.avoids ? this.avoidable() : noWorker;
    this.submitted++;
    this.live++;
    this.alive[place] = 1;
    this.kinds[place] = kind;
    this.submittedAt[place] = time.now();
    this.deadlines[place] = timeout > 0 ? time.now() + timeout : Infinity;
    const units = this.units(kind, tag);
    const id = hub.submit(kind, units, payloadOf(kind, tag), timeout, avoid, sink, tag);
    this.ids[place] = id;
    if (id !== noJob && random() < plan.cancels) this.cancelLater(hub, id, place, tag);
  }

  /** A worker that a job may avoid: not the one that is always there. */
  private avoidable(): number {
    const number = 1 + Math.floor(this.random() * 8);
    const name = this.hub?.workerName(number) ?? '';
    // A number that is not given yet may become that one's.
    return name === '' || name === 'w0' ? noWorker : number;
  }

  /** Its client gives the job up at any time, also when it has ended: then nothing may come of it. */
  private cancelLater(hub: AttachableHub, id: number, place: number, tag: number): void {
    this.time.after(this.random() * 0.02, () => {
      if (hub !== this.hub) return;
      const lives = this.alive[place] === 1 && this.tagOf(place) === tag;
      if (hub.cancel(id) !== lives)
        this.verdicts.add(`the cancel of job ${tag} ${lives ? 'found none' : 'met another job'}`);
      else if (lives && this.alive[place] === 1 && this.tagOf(place) === tag)
        this.verdicts.add(`job ${tag} was cancelled and not told so`);
    });
  }
}

/** One client. */
class Sink implements JobSink {
  heldBack = false;

  constructor(
    private readonly clients: Clients,
    readonly urgent: boolean,
    readonly share: number | undefined,
  ) {}

  done(tag: number, bytes: Uint8Array, start: number, end: number, worker: number): void {
    this.clients.done(tag, bytes, start, end, worker);
  }

  failed(tag: number, error: TriremeError): void {
    this.clients.fail(tag, error);
  }
}

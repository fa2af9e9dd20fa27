import { highOf, idColumns, lowOf, wholeIds } from '../../src/common/job-ids.js';
import {
  JobStatus,
  KindUnits,
  type HubMessage,
  type JobBatch,
  type KindTerms,
  type ResultBatch,
} from '../../src/gen/trireme/v1/worker.js';
import type { AttachableHub } from '../../src/hub/hub.js';
import { helloOf } from '../support/scripted-worker.js';
import { answerBytes, jobSeconds, kindNumbers, kindsOfSim, unitSeconds } from './answers.js';
import { answersOf, type Held } from './held.js';
import { alienResult, malformed, mixedUp } from './misdeeds.js';
import type { WorkerPlan } from './plan.js';
import { SimStream, type StreamUser } from './sim-stream.js';
import type { ProcessTime, SimTime } from './sim-time.js';

/** What all workers of a run share. */
export interface Surroundings {
  readonly time: SimTime;
  readonly random: () => number;
  readonly heartbeatSeconds: number;
  /** Null while it is being started anew. */
  hub(): AttachableHub | null;
  /** That the hub is in, or was last. */
  process(): ProcessTime;
  /** Units of a job, by its tag. */
  units(kind: number, tag: number): number;
  /** Ids that other workers were given of late. */
  readonly recent: Held[];
}

/** What the kind whose jobs have a size allows. */
const sizedTerms: KindTerms = {
  version: '1',
  payloadBytesMax: 100,
  resultBytesMax: 100,
  timeoutSeconds: 30,
  attempts: 3,
  mayCopy: true,
  text: false,
  units: KindUnits.BYTES,
};

/** Batches that a worker remembers to answer again, and single jobs in case their ids come again. */
const rememberedMax = 50;
const idsRememberedMax = 10_000;

/** A worker that does its jobs, and now and then what its plan says. */
export class SimWorker implements StreamUser {
  private stream: SimStream | null = null;
  private held: Held[] = [];
  private readonly remembered: Held[] = [];
  /** What it answered, or was given and lost, by id: if the id comes again for another job, that job is told this. */
  private readonly byId = new Map<number, Held>();
  private busyUntil = 0;
  /** It stands still: what it has done stays with it. */
  private stalled = false;
  private beating = true;
  private draining = false;
  private wellBehaved = false;
  /** Of the life that its timers belong to: they end with it. */
  private life = 0;

  constructor(
    private readonly around: Surroundings,
    readonly number: number,
    private plan: WorkerPlan,
  ) {}

  start(): void {
    this.dial();
    this.beat();
    this.mood(this.plan.moods.stall, () => this.stall());
    this.mood(this.plan.moods.break, () => this.lose());
    this.mood(this.plan.moods.leave, () => this.leave());
  }

  /** From now on it does all that it should. What it held and never answered it answers, or its stream breaks. */
  behave(): void {
    this.wellBehaved = true;
    const { habits } = this.plan;
    const none = Object.fromEntries(Object.keys(habits).map((habit) => [habit, 0])) as unknown as typeof habits;
    this.plan = { ...this.plan, habits: none };
    if (this.plan.neverAnswers) this.lose();
    this.wake();
    this.draining = false;
    if (this.stream === null) this.dial();
  }

  /** The hub's process is gone; the worker will find out. */
  hubDied(): void {
    this.stream?.hubDies();
  }

  hear(stream: SimStream, message: NonNullable<HubMessage['message']>): void {
    if (stream !== this.stream) return;
    if (message.$case === 'welcome') stream.incarnation = message.value.incarnation;
    if (message.$case === 'jobs') this.take(stream, message.value);
    if (message.$case === 'recalls') this.giveBack(wholeIds([...message.value.job], message.value.jobHigh));
    if (message.$case === 'cancels') this.giveBack(wholeIds([...message.value.job], message.value.jobHigh));
  }

  ended(stream: SimStream): void {
    if (stream !== this.stream) return;
    this.forget();
    this.dialLater();
  }

  private dial(): void {
    const { time, random } = this.around;
    const hub = this.around.hub();
    if (this.stream !== null) return;
    if (hub === null) return this.dialLater();
    const { name, protocol, slots, delaySeconds } = this.plan;
    const stream = new SimStream(time, random, delaySeconds, this, name);
    this.stream = stream;
    this.busyUntil = time.now();
    stream.open(hub.attach(stream), this.around.process());
    const kinds = kindNumbers.map((kind) => ({
      ...{ kind, name: `K${kind}`, secondsPerUnit: kind === kindsOfSim.sized ? 0 : unitSeconds[kind] },
      terms: kind === kindsOfSim.sized ? sizedTerms : undefined,
    }));
    stream.say({ $case: 'hello', value: helloOf({ name, workerId: name, protocol, slots, kinds }) });
  }

  private dialLater(): void {
    this.around.time.after(0.02 + this.around.random() * 0.1, () => this.dial());
  }

  /** What an attachment brought is dropped with it, but for what a worker that is out of order keeps. */
  private forget(): void {
    this.stream = null;
    this.held = [];
    this.life++;
  }

  private beat(): void {
    const value = {
      slots: this.plan.slots,
      busy: 0,
      queued: this.held.length,
      load: 0,
      draining: this.draining,
      backlogElsewhereSeconds: 0,
    };
    if (this.beating) this.stream?.say({ $case: 'heartbeat', value });
    this.around.time.after(this.around.heartbeatSeconds, () => this.beat());
  }

  private take(stream: SimStream, batch: JobBatch): void {
    const { time, random } = this.around;
    // The message is this worker's own: nothing is copied.
    const ids = wholeIds(batch.job, batch.jobHigh);
    if (this.plan.habits.alien > 0) for (const id of ids) stream.given.add(id);
    const held: Held = { stream, ids, kinds: batch.kind, payloads: batch.payloads as Buffer, beginsAt: 0 };
    const now = time.now();
    held.beginsAt = Math.max(now, this.busyUntil);
    let seconds = 0;
    answersOf(held, (kind, tag) => (seconds += jobSeconds(kind, this.around.units(kind, tag))));
    this.busyUntil = held.beginsAt + (seconds * this.plan.factor * (0.8 + 0.4 * random())) / this.plan.slots;
    this.held.push(held);
    if (this.plan.habits.twice > 0) this.answerOld(held);
    const { recent } = this.around;
    if (random() < 0.05) recent[Math.floor(random() * 16)] = held;
    const { life } = this;
    time.after(this.busyUntil - now, () => {
      if (life === this.life && !this.stalled) this.finish(held);
    });
  }

  /** Answers a batch that it holds. */
  private finish(held: Held): void {
    const at = this.held.indexOf(held);
    if (at < 0) return;
    this.held.splice(at, 1);
    if (held.ids.length === 0) return;
    const { random, time } = this.around;
    const { habits } = this.plan;
    const chance = (share: number): boolean => share > 0 && random() < share;
    if (chance(habits.twice)) this.remember(held);
    if (chance(habits.lie))
      for (let job = 0; job < held.ids.length; job++)
        held.payloads[job * answerBytes + answerBytes - 1] = this.number + 1;
    if (chance(habits.malformed)) return this.answer(held, malformed(random));
    if (chance(habits.mixed) && mixedUp(held, random)) return this.answer(held);
    if (chance(habits.alien))
      this.sayResults(held.stream, alienResult(this.around.recent, held.stream.given, this.plan.protocol, random));
    if (chance(habits.parts)) this.part(held);
    if (chance(habits.fails)) this.answer(held, { status: held.ids.map(() => JobStatus.FAILED) });
    else if (chance(habits.givesBack)) this.answer(held, { status: held.ids.map(() => JobStatus.NOT_RUN) });
    else this.answer(held);
    const again = this.remembered.length > 0 && chance(0.3) ? this.remembered.pop() : undefined;
    if (again !== undefined)
      time.after(random() * 0.05, () => this.stream !== null && this.answer(again, null, this.stream));
  }

  /** For each of these jobs whose id it knows from another one, it soon gives the answer of that one. */
  private answerOld({ ids, payloads, stream }: Held): void {
    const { time, random } = this.around;
    ids.forEach((id, at) => {
      const payload = Buffer.from(payloads.subarray(at * answerBytes, (at + 1) * answerBytes));
      const known = this.byId.get(id);
      const one: Held = { stream, ids: [id], kinds: [payload[0]], payloads: payload, beginsAt: time.now() };
      if (known === undefined && this.byId.size < idsRememberedMax) this.byId.set(id, one);
      if (known === undefined || known.kinds[0] !== payload[0] || known.payloads.equals(payload)) return;
      time.after(random() * 1e-3, () => this.answer(known, null, stream));
    });
  }

  private remember(held: Held): void {
    const copy = { ...held, ids: [...held.ids], kinds: [...held.kinds], payloads: Buffer.from(held.payloads) };
    this.remembered.unshift(copy);
    if (this.remembered.length > rememberedMax) this.remembered.pop();
  }

  /** On its own stream, or on a later one, as a worker does that is out of order. */
  private answer(held: Held, changes: Partial<ResultBatch> | null = null, stream = held.stream): void {
    const named = this.plan.protocol !== 0;
    const exec = held.kinds.map((kind) => (kind < 100 ? unitSeconds[kind] * this.plan.factor : 1e-3));
    let at = 0;
    answersOf(held, (kind, tag) => {
      if (kind === kindsOfSim.sized) exec[at] = jobSeconds(kind, this.around.units(kind, tag)) * this.plan.factor;
      at++;
    });
    const { job, jobHigh } = idColumns(held.ids);
    const value: ResultBatch = {
      job,
      jobHigh,
      kind: named ? held.kinds : [],
      incarnation: named ? held.stream.incarnation : 0,
      status: [],
      execSeconds: exec,
      heldSeconds: held.ids.map(() => Math.max(0, this.around.time.now() - held.beginsAt)),
      payloadSize: held.ids.map(() => answerBytes),
      payloads: held.payloads,
    };
    this.sayResults(stream, changes === null ? value : { ...value, ...changes });
  }

  private sayResults(stream: SimStream, value: ResultBatch | null): void {
    if (value !== null) stream.say({ $case: 'results', value });
  }

  /** Answers the last job in two pieces. */
  private part(held: Held): void {
    const id = held.ids.pop() as number;
    const kind = held.kinds.pop() as number;
    const payload = held.payloads.subarray(held.ids.length * answerBytes);
    held.payloads = held.payloads.subarray(0, held.ids.length * answerBytes);
    const { incarnation } = held.stream;
    const value = { job: lowOf(id), jobHigh: highOf(id), data: payload.subarray(0, 4), incarnation };
    if (this.plan.protocol === 0) value.incarnation = 0;
    held.stream.say({ $case: 'part', value });
    this.answer(
      { ...held, ids: [id], kinds: [kind], payloads: payload.subarray(4) },
      { payloadSize: [answerBytes - 4] },
    );
  }

  /** Those of these jobs that have not begun. */
  private giveBack(ids: readonly number[]): void {
    if (this.stalled) return;
    const wanted = new Set(ids);
    const now = this.around.time.now();
    for (const held of this.held) {
      if (held.beginsAt <= now || !held.ids.some((id) => wanted.has(id))) continue;
      const back = split(held, wanted);
      this.answer(back, { status: back.ids.map(() => JobStatus.NOT_RUN), execSeconds: back.ids.map(() => 0) });
    }
  }

  private mood(meanBeats: number, event: () => void): void {
    if (meanBeats === Infinity) return;
    const { time, random } = this.around;
    time.after(-Math.log(1 - random()) * meanBeats * this.around.heartbeatSeconds, () => {
      if (this.wellBehaved) return;
      event();
      this.mood(meanBeats, event);
    });
  }

  private stall(): void {
    const { time, random } = this.around;
    if (this.stalled) return;
    this.stalled = true;
    this.beating = random() < this.plan.beatsInStall;
    time.after(this.plan.stallLength * (0.5 + random()) * this.around.heartbeatSeconds, () => this.wake());
  }

  private wake(): void {
    if (!this.stalled) return;
    this.stalled = false;
    this.beating = true;
    const { held } = this;
    const now = this.around.time.now();
    if (this.plan.neverAnswers) this.held = [];
    else for (const each of [...held]) if (each.beginsAt <= now) this.finish(each);
    for (const each of [...this.held]) {
      const { life } = this;
      this.around.time.after(this.around.random() * 0.01, () => life === this.life && this.finish(each));
    }
    this.busyUntil = Math.max(this.busyUntil, now);
  }

  /** Its stream breaks, and it dials again; what it has done meanwhile it may name to whoever comes next. */
  private lose(): void {
    if (this.stream === null) return;
    const { random } = this.around;
    if (this.plan.habits.twice > 0 && this.held.length > 0) this.remember(this.held[0]);
    this.stream.break(random() < 0.7);
    this.forget();
    this.dialLater();
  }

  private leave(): void {
    if (this.stream === null || this.draining) return;
    this.draining = true;
    const { time } = this.around;
    const { life } = this;
    const end = (): void => {
      if (life !== this.life) return void (this.draining = false);
      if (this.held.length > 0 && this.draining) return void time.after(0.05, end);
      this.draining = false;
      this.stream?.end();
      this.forget();
      this.dialLater();
    };
    time.after(0.5, end);
  }
}

/** Takes the wanted jobs out of a batch. */
function split(held: Held, wanted: ReadonlySet<number>): Held {
  const back: Held = { ...held, ids: [], kinds: [], payloads: Buffer.alloc(0) };
  const [kept, given]: Buffer[][] = [[], []];
  const [ids, kinds]: number[][] = [[], []];
  held.ids.forEach((id, at) => {
    const payload = held.payloads.subarray(at * answerBytes, (at + 1) * answerBytes);
    if (wanted.has(id)) {
      back.ids.push(id);
      back.kinds.push(held.kinds[at]);
      given.push(payload);
    } else {
      ids.push(id);
      kinds.push(held.kinds[at]);
      kept.push(payload);
    }
  });
  Object.assign(held, { ids, kinds, payloads: Buffer.concat(kept) });
  return Object.assign(back, { payloads: Buffer.concat(given) });
}

import type { TriremeError } from '../../common/errors.js';
import type { Logger } from '../../common/logging.js';
import { RateLimit } from '../../common/rate-limit.js';
import type { KindAudit } from '../../kinds/audit.js';
import type { AttachedWorker } from '../workers/attached-worker.js';
import { jobErrors } from '../port/job-errors.js';
import type { JobSink } from '../port/job-sink.js';
import type { AuditCounts, Evidence } from '../port/snapshot.js';
import { judge, showAnswer, type AuditSample } from './decisions.js';

/** Answers held at once for their audit, and their bytes: beyond, an answer goes out unaudited, and is counted. */
const casesMax = 1024;
const bytesMax = 256 * 1024 * 1024;
/**
 * A check is given up after so long, and its client has waited long enough: so many times what the job took its worker,
 * since another one may be that much slower, and some time in queues. The largest chunk is done within the most.
 */
const checkFactor = 20;
const checkQueueSeconds = 15;
const checkSecondsMax = 300;

/** Seconds for a check of a job that took so many. */
export function checkSeconds(execSeconds: number): number {
  return Math.min(checkSecondsMax, checkQueueSeconds + checkFactor * (execSeconds > 0 ? execSeconds : 0));
}

/** An answer, and whose it is: the worker may be gone before the case is closed. */
interface Testimony {
  readonly worker: number;
  readonly workerId: string;
  readonly name: string;
  readonly bytes: Uint8Array;
}

interface Case {
  readonly job: number;
  readonly kind: number;
  readonly audit: KindAudit;
  readonly payload: Uint8Array | null;
  readonly units: number;
  readonly exec: number;
  readonly answer: Testimony;
  readonly checks: Testimony[];
  /** The hub's id of the check that is under way. */
  check: number;
}

export interface AuditsPorts {
  workers(): ReadonlyMap<number, AttachedWorker>;
  kindName(kind: number): string;
  auditOf(kind: number): KindAudit | undefined;
  /** Hands in a check that must not go to this worker. Returns its id. */
  submit(kind: number, units: number, payload: Uint8Array | null, timeout: number, avoid: number, tag: number): number;
  cancel(job: number): void;
  /** Answers a job whose answer was held, if it still wants one. */
  deliver(job: number, bytes: Uint8Array, worker: number, exec: number): void;
  fail(job: number, error: TriremeError): void;
  quarantine(workerId: string, evidence: Evidence): void;
  wallMs(): number;
}

/**
 * Has the answers of sampled jobs checked by another worker before their clients get them. If the two do not agree a
 * third says who is right; the one that is not is quarantined. A job is chosen when its answer is there, so its worker
 * cannot know. It is the sink of the checks; the tag is the number of the case.
 */
export class Audits implements JobSink {
  readonly counts = new Map<number, AuditCounts>();
  private readonly cases = new Map<number, Case>();
  private readonly rate = new RateLimit();
  private bytes = 0;
  private numbers = 0;

  constructor(
    private readonly sample: AuditSample,
    private readonly ports: AuditsPorts,
    private readonly log: Logger,
  ) {}

  /** Audits under way. */
  get casesOpen(): number {
    return this.cases.size;
  }

  /** Bytes of the answers in them. */
  get bytesHeld(): number {
    return this.bytes;
  }

  /** Whether the answer to a job of this kind is to be audited. */
  due(kind: number): boolean {
    return this.ports.auditOf(kind) !== undefined && this.sample.due();
  }

  /**
   * Begins the audit of an answer; the bytes are copied. Returns the number of the case, or 0: it cannot be audited.
   */
  begin(
    job: number,
    kind: number,
    units: number,
    payload: Uint8Array | null,
    answer: Uint8Array,
    worker: AttachedWorker,
    exec: number,
    waitedSeconds: number,
  ): number {
    const audit = this.ports.auditOf(kind) as KindAudit;
    if (this.cases.size >= casesMax || this.bytes + answer.length > bytesMax)
      return this.impossible(kind, `${this.cases.size} answers are held already`);
    if (!this.another(audit.checkKind, [worker.hello.workerId]))
      return this.impossible(kind, 'no other worker is there');
    if (audit.inconclusive?.(answer) === true)
      return this.impossible(kind, 'the answer tells of what another worker may meet otherwise');
    const nowMs = this.ports.wallMs();
    const number = ++this.numbers;
    const one: Case = {
      job,
      kind,
      audit,
      payload: audit.checkPayload(payload, nowMs - waitedSeconds * 1000, nowMs),
      // A check of another kind is a job of one unit.
      units: audit.checkKind === kind ? units : 1,
      exec,
      answer: testimony(worker, Uint8Array.from(answer)),
      checks: [],
      check: 0,
    };
    this.cases.set(number, one);
    this.bytes += answer.length;
    return number;
  }

  /** Hands in the check; apart from `begin`, since the hub has to put the job aside between. */
  start(number: number): void {
    this.ask(number, this.cases.get(number) as Case);
  }

  /**
   * Whether the worker has had its say in this case, now or before it attached again: else a liar would bear itself
   * out.
   */
  excludes(tag: number, workerId: string): boolean {
    const one = this.cases.get(tag);
    return one !== undefined && witnesses(one).some((each) => each.workerId === workerId);
  }

  /** Workers have come or gone: audits that nobody can help any more are given up. */
  workersChanged(): void {
    for (const one of [...this.cases.values()]) {
      if (!this.another(one.audit.checkKind, idsOf(one))) this.ports.cancel(one.check);
    }
  }

  done(tag: number, bytes: Uint8Array, start: number, end: number, worker: number): void {
    const one = this.cases.get(tag);
    const from = this.ports.workers().get(worker);
    if (one === undefined) return;
    if (from === undefined || from.evidence !== null || this.excludes(tag, from.hello.workerId))
      return this.giveUp(tag, one);
    const answer = bytes.subarray(start, end);
    if (one.audit.inconclusive?.(answer) === true) return this.giveUp(tag, one);
    const { length } = one.checks;
    one.checks.push(testimony(from, Uint8Array.from(answer)));
    this.bytes += one.checks[length].bytes.length;
    const verdict = judge(
      one.audit,
      one.answer.bytes,
      one.checks.map((each) => each.bytes),
    );
    switch (verdict.verdict) {
      case 'ask-another':
        if (this.another(one.audit.checkKind, idsOf(one))) this.ask(tag, one);
        else this.giveUp(tag, one);
        return;
      case 'agreed':
        this.close(tag, one, 'agreed');
        return this.ports.deliver(one.job, one.answer.bytes, one.answer.worker, one.exec);
      case 'unresolved':
        return this.giveUp(tag, one);
      case 'lie': {
        this.close(tag, one, 'refuted');
        const liar = verdict.liar === 0 ? one.answer : one.checks[0];
        const right = verdict.liar === 0 ? one.checks[0] : one.answer;
        this.ports.quarantine(liar.workerId, this.evidence(one, liar));
        this.ports.deliver(one.job, verdict.answer, right.worker, one.exec);
      }
    }
  }

  failed(tag: number, _error: TriremeError): void {
    const one = this.cases.get(tag);
    if (one !== undefined) this.giveUp(tag, one);
  }

  private ask(tag: number, one: Case): void {
    const { audit, units, payload, answer, exec } = one;
    one.check = this.ports.submit(audit.checkKind, units, payload, checkSeconds(exec), answer.worker, tag);
  }

  /** Nobody can say more. Two that contradict each other leave the client without an answer: one of them is a lie. */
  private giveUp(tag: number, one: Case): void {
    const contradicted = one.checks.length > 0;
    this.close(tag, one, contradicted ? 'unresolved' : 'impossible');
    if (!contradicted) return this.ports.deliver(one.job, one.answer.bytes, one.answer.worker, one.exec);
    const names = witnesses(one).map((each) => each.name);
    const answers = witnesses(one).map((each) => showAnswer(each.bytes));
    this.log.error({ kind: this.ports.kindName(one.kind), job: one.job, workers: names, answers }, 'audit unresolved');
    this.ports.fail(one.job, jobErrors.contradicted(names));
  }

  private close(tag: number, one: Case, outcome: keyof AuditCounts): void {
    this.cases.delete(tag);
    for (const { bytes } of witnesses(one)) this.bytes -= bytes.length;
    this.countsOf(one.kind)[outcome]++;
  }

  private impossible(kind: number, reason: string): 0 {
    this.countsOf(kind).impossible++;
    const suppressed = this.rate.admit('impossible', performance.now());
    if (suppressed !== undefined)
      this.log.warn({ kind: this.ports.kindName(kind), reason, suppressed }, 'audit impossible');
    return 0;
  }

  private countsOf(kind: number): AuditCounts {
    let counts = this.counts.get(kind);
    if (counts === undefined) this.counts.set(kind, (counts = { agreed: 0, refuted: 0, unresolved: 0, impossible: 0 }));
    return counts;
  }

  /** Whether there is a worker beside these that could run such a job. */
  private another(kind: number, beside: readonly string[]): boolean {
    for (const worker of this.ports.workers().values()) {
      if (beside.includes(worker.hello.workerId) || worker.evidence !== null || worker.draining) continue;
      if (worker.hello.kinds.some((offer) => offer.kind === kind)) return true;
    }
    return false;
  }

  private evidence(one: Case, liar: Testimony): Evidence {
    const others = witnesses(one).filter((each) => each !== liar);
    return {
      kind: this.ports.kindName(one.kind),
      job: one.job,
      answer: showAnswer(liar.bytes),
      othersAnswer: showAnswer(others[others.length - 1].bytes),
      others: others.map(({ name }) => name),
      atMs: this.ports.wallMs(),
    };
  }
}

function testimony({ number, hello }: AttachedWorker, bytes: Uint8Array): Testimony {
  return { worker: number, workerId: hello.workerId, name: hello.name, bytes };
}

function witnesses(one: Case): readonly Testimony[] {
  return [one.answer, ...one.checks];
}

function idsOf(one: Case): string[] {
  return witnesses(one).map(({ workerId }) => workerId);
}

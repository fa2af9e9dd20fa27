import { monotonicClock, type Clock } from '../common/clock.js';
import { TriremeError, type ErrorFacts } from '../common/errors.js';
import { everyone, type Caller } from '../common/trust/roles.js';
import type { Hub } from '../hub/port/hub.js';
import { shareReports, type ShareReport } from '../hub/shares/share-report.js';
import type { Share } from '../hub/shares/share.js';
import { Shares } from '../hub/shares/shares.js';
import { JobAdmission, WakeList } from './job-admission.js';
import { PayloadBudget } from './payload-budget.js';
import { clientsNamedMax, type ClientTerms, type ShareSettings } from './shares-file.js';

/**
 * Clients that are told apart; further ones are one client. Above clientsNamedMax, so that all that a file names are.
 */
export const clientsMax = 1_024;

/**
 * Jobs that each client may have whatever others have: so nobody waits for the jobs of others to end before it has any.
 * With clientsMax it stays below what the hub's queue holds beside jobsTotalMax.
 */
export const jobsReserved = 16;

/** A client that has asked for nothing for so long has no say in how much workers hold. */
const quietSeconds = 2;

/** Names of the client that nobody has to prove to be, and of all those beyond clientsMax. */
export const anonymousName = 'anonymous';
/**
 * Of the jobs of a work queue: whoever may write to NATS put them there. No credential has such a name, as it
 * might have `queue`.
 */
export const queueName = '(queue)';
const othersName = '(others)';

/** What the jobs of one client pass before the hub has them. */
export interface ClientAccount {
  /** Its number at the hub. */
  readonly share: number;
  readonly admission: JobAdmission;
  readonly payloads: PayloadBudget;
  /** Why a job that cannot be held back is refused now; null: it is not. */
  refusal(): TriremeError | null;
}

/** Jobs of all clients together, and who waits for any of them to end. */
class AllJobs {
  used = 0;
  readonly forRoom = new WakeList();

  constructor(readonly max: number) {}

  ended(): void {
    this.used--;
    this.forRoom.wake();
  }
}

/** Admission of one client: its own queue at the hub, its own bound, and some jobs whatever others have. */
class ClientAdmission extends JobAdmission {
  constructor(
    hub: Pick<Hub, 'jobsWaiting' | 'widenWindows'>,
    fair: boolean,
    private readonly all: AllJobs,
    private readonly account: { readonly terms: ClientTerms },
  ) {
    super(hub, { max: all.max, fair });
  }

  protected override get left(): number {
    const { all, used } = this;
    return Math.min(this.account.terms.jobsMax - used, Math.max(all.max - all.used, jobsReserved - used));
  }

  override take(): void {
    super.take();
    this.all.used++;
  }

  override release(): void {
    this.all.ended();
    super.release();
  }

  /** One that has no job waits for those of others. */
  override whenRoom(wake: () => void): void {
    if (this.used > 0) super.whenRoom(wake);
    else this.all.forRoom.add(wake);
  }
}

/** Payloads of one client, which count among those of all. */
class ClientPayloads extends PayloadBudget {
  constructor(
    private readonly all: PayloadBudget,
    private readonly account: { readonly terms: ClientTerms },
  ) {
    super();
  }

  /** A payload that is longer than the bound goes alone. */
  override take(bytes: number, of: number): boolean {
    if (this.over(bytes) || !this.all.take(bytes, of)) return false;
    this.used += bytes;
    return true;
  }

  override full(of: number): ErrorFacts {
    const { bytesMax } = this.account.terms;
    return bytesMax < Infinity ? { value: this.used, bound: bytesMax, boundName: 'bytesMax' } : this.all.full(of);
  }

  override release(bytes: number): void {
    super.release(bytes);
    this.all.release(bytes);
  }

  private over(bytes: number): boolean {
    return bytes > 0 && this.used > 0 && this.used + bytes > this.account.terms.bytesMax;
  }
}

class Account implements ClientAccount {
  readonly admission: JobAdmission;
  readonly payloads: PayloadBudget;
  /** How much it would have workers hold, and when it last said so. */
  wideSeconds = 0;
  wideAt = -Infinity;

  constructor(
    readonly own: Share,
    public terms: ClientTerms,
    fair: boolean,
    private readonly parts: { jobs: AllJobs; payloads: PayloadBudget; now: Clock; widen: (of: Account) => void },
  ) {
    const hub = {
      get jobsWaiting(): number {
        return own.waiting;
      },
      widenWindows: (seconds: number) => {
        [this.wideSeconds, this.wideAt] = [seconds, parts.now()];
        parts.widen(this);
      },
    };
    this.admission = new ClientAdmission(hub, fair, parts.jobs, this);
    this.payloads = new ClientPayloads(parts.payloads, this);
  }

  get share(): number {
    return this.own.number;
  }

  refusal(): TriremeError | null {
    const { own, terms, admission } = this;
    const seconds = own.waitSeconds(this.parts.now());
    const refuse = (what: string, facts: ErrorFacts): TriremeError =>
      new TriremeError('QUEUE_FULL', `the client '${own.name}' ${what} of --shares); ask again later`, { facts });
    if (seconds > 0) {
      const bound = terms.secondsPerSecondMax;
      const facts = { value: bound, bound, boundName: 'secondsPerSecondMax', retrySeconds: seconds };
      return refuse(`has used its ${bound} seconds of work in a second (secondsPerSecondMax`, facts);
    }
    if (admission.used < terms.jobsMax) return null;
    const facts = { value: admission.used, bound: terms.jobsMax, boundName: 'jobsMax' };
    return refuse(`has ${admission.used} jobs outstanding, which is its bound (jobsMax`, facts);
  }
}

/**
 * The clients that share the workers, by the names of their credentials: who asks for nothing to be shown is anonymous.
 */
export class ClientAccounts {
  readonly shares = new Shares();
  readonly jobs: AllJobs;
  private readonly payloads = new PayloadBudget();
  private readonly accounts = new Map<string, Account>();
  private hub: Pick<Hub, 'widenWindows'> | null = null;

  constructor(
    private settings: ShareSettings,
    private readonly options: { readonly jobsTotalMax: number; readonly fair: boolean },
    private readonly now: Clock = monotonicClock,
  ) {
    this.jobs = new AllJobs(options.jobsTotalMax);
    this.open(anonymousName);
    this.use(settings);
  }

  /** The hub has been made. */
  attach(hub: Pick<Hub, 'widenWindows'>): void {
    this.hub = hub;
  }

  of(caller: Caller): ClientAccount {
    return this.ofName(caller === everyone ? anonymousName : caller.name);
  }

  ofName(name: string): ClientAccount {
    const known = this.accounts.get(name);
    if (known !== undefined) return known;
    return this.open(this.accounts.size < clientsMax ? name : othersName);
  }

  report(): ShareReport[] {
    return shareReports(this.shares.all, this.now());
  }

  /** Other terms for the same clients, from now on. */
  use(settings: ShareSettings): void {
    this.settings = settings;
    for (const name of settings.clients.keys()) this.ofName(name);
    for (const account of this.accounts.values()) {
      account.terms = settings.clients.get(account.own.name) ?? settings.others;
      this.shares.change(account.own, account.terms);
    }
    // Who waits for room under the old bounds may have some now, although none of its jobs has ended.
    for (const { admission } of this.accounts.values()) admission.wake();
    this.jobs.forRoom.wake();
  }

  private open(name: string): Account {
    const known = this.accounts.get(name);
    if (known !== undefined) return known;
    const terms = this.settings.clients.get(name) ?? this.settings.others;
    const { jobs, payloads, now } = this;
    const share = this.shares.add(name, terms, now());
    const account = new Account(share, terms, this.options.fair, {
      jobs,
      payloads,
      now,
      widen: (of) => this.widen(of),
    });
    this.accounts.set(name, account);
    return account;
  }

  /** Workers hold as much as the client that is least ahead would have them hold. */
  private widen({ wideAt }: Account): void {
    let least = Infinity;
    for (const account of this.accounts.values())
      if (wideAt - account.wideAt < quietSeconds) least = Math.min(least, account.wideSeconds);
    this.hub?.widenWindows(least);
  }
}

if (clientsMax <= clientsNamedMax) throw new Error('clientsMax must be above clientsNamedMax');

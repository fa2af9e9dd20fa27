import { Restarts } from '../../common/restarts.js';
import { Child, endedBy, type Ending, type ProcessGroupsPort, type Program } from './child.js';
import { asked, FramingReader, type Framing, type Said } from './framing.js';
import type { Outcome, Oversee, Overseer } from './overseer.js';

/** One process, from its start to its end. */
interface Serving {
  readonly child: Child;
  readonly reader: FramingReader;
  /** How it ended; null: it lives. */
  ending: Ending | null;
  /** Hears of each change: more was said, or it ended. */
  changed: () => void;
}

/**
 * A process that answers many jobs, one after the other. It is started when a job comes, and again when it
 * has ended: at once the first few times, then later and later. A job whose process ends before it has
 * answered has failed, and no other.
 */
export class ServedProcess {
  private serving: Serving | null = null;
  private readonly restarts = new Restarts();
  private startsAtMs = 0;

  constructor(
    private readonly program: Program,
    private readonly framing: Framing,
    private readonly resultBytesMax: number,
    private readonly groups: ProcessGroupsPort,
  ) {}

  async ask(payload: Uint8Array, oversee: Oversee): Promise<Outcome> {
    const request = asked(this.framing, payload);
    if (typeof request === 'string') return { type: 'failed', reason: request };
    let wake = (): void => undefined;
    const overseer = oversee(() => wake());
    await this.settle();
    // Not while it is held back from starting: others may have a process that lives.
    while (this.serving === null && performance.now() < this.startsAtMs) {
      if (overseer.why !== null) return { type: 'not-begun' };
      await soon(this.startsAtMs - performance.now(), (woken) => (wake = woken));
    }
    overseer.alive();
    const serving = (this.serving ??= this.start());
    serving.child.forgetComplaint();
    serving.child.write(request);
    for (;;) {
      const said = serving.reader.next();
      if (said?.type === 'alive') overseer.alive();
      else if (said !== null) return this.take(serving, said);
      else if (overseer.why !== null || serving.ending !== null) return this.without(serving, overseer);
      else await new Promise<void>((resolve) => (wake = serving.changed = resolve));
    }
  }

  private start(): Serving {
    const reader = new FramingReader(this.framing, this.resultBytesMax);
    const child = new Child(this.program, true, this.groups, (bytes) => {
      reader.push(bytes);
      serving.changed();
    });
    const serving: Serving = { child, reader, ending: null, changed: () => undefined };
    void child.over.then((ending) => {
      serving.ending = ending;
      serving.changed();
    });
    return serving;
  }

  /**
   * Notices what happened while the thread slept: an end, or words that nobody asked for, which would answer
   * the next job.
   */
  private async settle(): Promise<void> {
    const { serving } = this;
    if (serving === null) return;
    for (let turn = 0; turn < 2; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
    let said = serving.reader.next();
    while (said?.type === 'alive') said = serving.reader.next();
    const unasked = said !== null || serving.reader.unfinished;
    if (!serving.child.ended && serving.ending === null && !unasked) return;
    await this.drop(serving);
    this.died();
  }

  private async take(serving: Serving, said: Exclude<Said, { type: 'alive' }>): Promise<Outcome> {
    if (said.type === 'failure') return { type: 'failed', reason: said.reason };
    if (said.type === 'result') return { type: 'done', bytes: said.bytes };
    await this.drop(serving);
    const reason = `its answer is over ${this.resultBytesMax} bytes (resultBytesMax of its kind)`;
    return { type: 'failed', reason: `${reason}, and its process was ended` };
  }

  /** There will be no answer. */
  private async without(serving: Serving, overseer: Overseer): Promise<Outcome> {
    const { ending, child } = serving;
    await this.drop(serving);
    if (ending === null) return { type: 'stopped', why: overseer.why ?? 'UNWANTED', complaint: child.complaint };
    this.died();
    return { type: 'failed', reason: `its process ${endedBy(ending)} before it had answered${child.complaint}` };
  }

  private async drop(serving: Serving): Promise<void> {
    this.serving = null;
    if (serving.ending === null) await serving.child.kill();
    await serving.child.over;
  }

  private died(): void {
    const now = performance.now();
    this.startsAtMs = now + this.restarts.delayMs(now);
  }
}

/** Waits so long, or until what `given` is told is called. */
function soon(ms: number, given: (wake: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.max(0, ms));
    given(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

import fc from 'fast-check';
import { Picker, WAIT } from '../../../../src/hub/picking/picker.js';
import { holds, sized } from '../../../support/property.js';
import type { PickingOptions } from '../../../../src/hub/picking/options.js';

interface Given {
  readonly worker: number;
  readonly kind: number;
  readonly at: number;
}

/** What one step of a random life does; numbers are taken modulo what there is. */
const step = fc.record({
  what: fc.constantFrom(
    'give',
    'give',
    'give',
    'give',
    'end',
    'end',
    'end',
    'join',
    'leave',
    'report',
    'suspend',
    'resume',
  ),
  which: fc.nat({ max: 1 << 20 }),
  seconds: fc.double({ min: 1e-6, max: 5e-3, noNaN: true }),
  later: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 2e-3, noNaN: true }), fc.constant(0.05)),
  kind: fc.integer({ min: 1, max: 3 }),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Without `size` the lives would have some ten steps, whatever their greatest length. */
const life = fc.array(step, { minLength: 1, maxLength: 400, size: 'max' });

/** Plays a life on a picker and tells what it answered; checks on the way what must hold at every pick. */
class Player {
  readonly answers: number[] = [];
  private readonly workers: number[] = [];
  private readonly barred = new Set<number>();
  private readonly given: Given[] = [];
  private now = 0;

  constructor(readonly picker: Picker) {}

  play(steps: readonly Step[]): this {
    for (const one of steps) {
      this.now += one.later;
      this.one(one);
    }
    return this;
  }

  /** Ends all that is outstanding and returns what the picker then believes to be outstanding. */
  drain(): { outstanding: number; backlogSeconds: number }[] {
    while (this.given.length > 0) this.end(0, 1e-3);
    return this.workers.map((worker) => {
      const { outstanding, backlogSeconds } = this.picker.picture(worker);
      return { outstanding, backlogSeconds };
    });
  }

  private one({ what, which, seconds, kind }: Step): void {
    const worker = this.workers[which % Math.max(1, this.workers.length)];
    if (what === 'give') this.give(kind, which % 5 === 0 ? worker : undefined);
    else if (what === 'end') this.end(which, seconds);
    else if (what === 'join' || worker === undefined) this.join(which, seconds);
    else if (what === 'leave') this.leave(worker);
    else if (what === 'report') {
      const draining = which % 3 === 0;
      const report = { slots: 1 + (which % 4), queued: which % 2, draining, backlogElsewhereSeconds: seconds };
      this.picker.report(worker, report, this.now);
      if (draining) this.barred.add(worker);
      else this.barred.delete(worker);
    } else if (what === 'suspend') this.picker.suspend(worker);
    else this.picker.resume(worker);
  }

  private give(kind: number, avoid: number | undefined): void {
    const room = this.workers.filter((worker) => worker !== avoid && this.picker.canTake(worker, kind));
    const worker = this.picker.pick(kind, 1, this.now, avoid);
    this.answers.push(worker);
    expect(this.picker.anyEligible(kind)).toBe(this.workers.some((one) => this.picker.canTake(one, kind)));
    if (worker === WAIT) return expect(room).toEqual([]);
    expect(room).toContain(worker);
    expect(this.barred.has(worker)).toBe(false);
    const scores = room.map((one) => this.picker.expectedSeconds(one, kind, 1, this.now));
    const score = this.picker.expectedSeconds(worker, kind, 1, this.now);
    expect(score).toBeLessThanOrEqual(Math.min(...scores) + 1e-9);
    this.picker.dispatched(worker, kind, 1, this.now);
    this.given.push({ worker, kind, at: this.now });
  }

  private end(which: number, seconds: number): void {
    if (this.given.length === 0) return;
    const [{ worker, kind, at }] = this.given.splice(which % this.given.length, 1);
    const held = which % 7 === 0 ? NaN : seconds;
    this.picker.ended(worker, kind, 1, which % 9 === 0 ? NaN : seconds, held, this.now - at, this.now);
  }

  private join(which: number, seconds: number): void {
    const kinds = [1, 2, 3]
      .filter((kind) => (which >> kind) % 4 !== 0)
      .map((kind) => ({ kind, secondsPerUnit: (which >> 4) % 5 === 0 ? 0 : seconds * kind }));
    const joining = { slots: 1 + (which % 6), kinds, roundTripSeconds: seconds / 10 };
    this.workers.push(this.picker.addWorker(joining, this.now));
  }

  private leave(worker: number): void {
    this.picker.removeWorker(worker);
    this.workers.splice(this.workers.indexOf(worker), 1);
    this.barred.delete(worker);
    for (let at = this.given.length; at-- > 0;) if (this.given[at].worker === worker) this.given.splice(at, 1);
  }
}

const scanning: Partial<PickingOptions> = { heapWorkersMin: Infinity };
const heaping: Partial<PickingOptions> = { heapWorkersMin: 0 };

/** Puts enough workers before a life that heaps have some depth. */
const crowd = (count: number): Step[] =>
  Array.from({ length: count }, (_, index) => ({
    what: 'join',
    which: index * 7919 + 30,
    seconds: 1e-5 * (1 + (index % 9)),
    later: 0,
    kind: 1,
  }));

describe('picker, in any life', () => {
  test('heaps pick the very worker that a look at all of them picks', () => {
    holds(
      fc.tuple(life, fc.constantFrom(0, 3, 40, 100), fc.nat()),
      ([steps, count, seed]) => {
        const all = [...crowd(count), ...steps];
        const scanned = new Player(new Picker({ ...scanning, seed })).play(all);
        const heaped = new Player(new Picker({ ...heaping, seed })).play(all);
        expect(heaped.answers).toEqual(scanned.answers);
      },
      40,
    );
  });

  test('a pick is the best of those with room, and WAIT means that none has room, also across the switch to heaps', () => {
    holds(
      fc.tuple(life, fc.constantFrom(0, 4, 7)),
      ([steps, count]) => {
        new Player(new Picker({ heapWorkersMin: 5 })).play([...crowd(count), ...steps]);
      },
      40,
    );
  });

  test('when all has ended nothing is outstanding, to the last bit', () => {
    holds(
      fc.tuple(life, fc.constantFrom(1, 12)),
      ([steps, count]) => {
        const left = new Player(new Picker(heaping)).play([...crowd(count), ...steps]).drain();
        expect(left).toEqual(left.map(() => ({ outstanding: 0, backlogSeconds: 0 })));
      },
      30,
    );
  });

  test('the same life with the same seed gives the same answers', () => {
    holds(
      fc.tuple(life, fc.nat()),
      ([steps, seed]) => {
        const once = (): number[] => new Player(new Picker({ seed })).play([...crowd(6), ...steps]).answers;
        expect(once()).toEqual(once());
      },
      20,
    );
  });

  test('no window is exceeded by more than the job that fills it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1e-6, max: 1e-2, noNaN: true }), { minLength: 1, maxLength: 8 }),
        (costs) => {
          const picker = new Picker({ slowStartResults: 0 });
          for (const seconds of costs) picker.addWorker({ slots: 2, kinds: [{ kind: 1, secondsPerUnit: seconds }] }, 0);
          for (let job = 0; job < 5000; job++) {
            const worker = picker.pick(1, 1, 0);
            if (worker === WAIT) break;
            picker.dispatched(worker, 1, 1, 0);
          }
          costs.forEach((seconds, worker) => {
            const { backlogSeconds, windowSeconds, outstanding } = picker.picture(worker);
            if (outstanding > 2) expect(backlogSeconds).toBeLessThan(windowSeconds + Math.max(seconds, 2e-6) * 1.001);
          });
        },
      ),
      sized(20),
    );
  });
});

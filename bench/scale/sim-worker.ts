import { idColumns, wholeIds } from '../../src/common/job-ids.js';
import type { HubMessage, JobBatch } from '../../src/gen/trireme/v1/worker.js';
import type { AttachableHub } from '../../src/hub/hub.js';
import type { WorkerStream, WorkerStreamEvents } from '../../src/hub/port/worker-stream.js';
import {
  heartbeat,
  heartbeatSeconds,
  helloOf,
  quickSeconds,
  resultsOf,
  slotsEach,
  slowKind,
  slowSeconds,
} from './fleet.js';
import type { SimClock } from './sim-clock.js';

/** Half of the round trip between a hub and its workers. */
const oneWaySeconds = 100e-6;

/** A worker in simulated time: slots that work through what they are given, and a heartbeat. */
export class SimWorker implements WorkerStream {
  readonly address: string;
  private readonly events: WorkerStreamEvents;
  private readonly slotFreeAt = new Float64Array(slotsEach);
  private standing = false;
  private incarnation = 0;

  constructor(
    hub: AttachableHub,
    private readonly clock: SimClock,
    readonly name: string,
  ) {
    this.address = `simulated:${name}`;
    this.events = hub.attach(this);
    this.events.received({ message: { $case: 'hello', value: helloOf(name) } });
    this.beat();
  }

  /** It says nothing more, and its stream stays open: a machine without power behind a switch that has some. */
  standStill(): void {
    this.standing = true;
  }

  /** Its process is killed: the kernel closes the stream. */
  die(): void {
    this.standing = true;
    this.clock.after(oneWaySeconds, () => this.events.closed('connection reset'));
  }

  send({ message }: HubMessage): boolean {
    if (message?.$case === 'welcome') this.incarnation = message.value.incarnation;
    if (message?.$case === 'jobs') this.run(message.value);
    return true;
  }

  close(): void {
    this.standing = true;
    this.events.closed('closed by the hub');
  }

  private run({ job: low, jobHigh, kind }: JobBatch): void {
    const job = wholeIds(low, jobHigh);
    const arrived = this.clock.now() + oneWaySeconds;
    // Jobs of one kind are answered together, when the last of them is done.
    for (const each of new Set(kind)) {
      const jobs = job.filter((_, at) => kind[at] === each);
      let last = arrived;
      for (let at = 0; at < jobs.length; at++) last = Math.max(last, this.takeSlot(arrived, each));
      const held = last - arrived;
      this.clock.after(last + oneWaySeconds - this.clock.now(), () => {
        if (this.standing) return;
        const value = resultsOf({ ...idColumns(jobs), kind: jobs.map(() => each) }, held, this.incarnation);
        this.events.received({ message: { $case: 'results', value } });
      });
    }
  }

  private takeSlot(from: number, kind: number): number {
    let slot = 0;
    for (let other = 1; other < slotsEach; other++) {
      if (this.slotFreeAt[other] < this.slotFreeAt[slot]) slot = other;
    }
    const end = Math.max(from, this.slotFreeAt[slot]) + (kind === slowKind ? slowSeconds : quickSeconds);
    this.slotFreeAt[slot] = end;
    return end;
  }

  private beat(): void {
    if (this.standing) return;
    this.events.received({ message: { $case: 'heartbeat', value: heartbeat } });
    this.clock.after(heartbeatSeconds, () => this.beat());
  }
}

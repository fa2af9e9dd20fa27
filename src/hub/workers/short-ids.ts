import { wholeIds } from '../../common/job-ids.js';
import type { HubMessage, ResultBatch, ResultPart } from '../../gen/trireme/v1/worker.js';

/** How many ids of 32 bits there are. */
const idsCount = 2 ** 32;
/** Ids that a hub gives out in the life of one stream: half of them, because a roster looks only now and then. */
const idsOfStreamMax = idsCount / 2;
/** Jobs that one worker may leave without any answer, cancelled ones too: each is remembered until it is answered. */
export const unansweredMaxDefault = 65_536;

/**
 * Numbers that were given out, over all streams of a hub: it starts at random, so that no answer fits an earlier hub.
 */
export class ShortIdSequence {
  constructor(public next: number) {}
}

/**
 * Ids of 32 bits for a worker of protocol 0, which knows no longer ones: what it is sent is numbered anew, and what it
 * answers gets the hub's ids back. No id is used twice in the life of its stream.
 */
export class ShortIds {
  private readonly whole = new Map<number, number>();
  private readonly short = new Map<number, number>();
  private readonly first: number;

  constructor(
    private readonly sequence: ShortIdSequence,
    private readonly unansweredMax = unansweredMaxDefault,
  ) {
    this.first = sequence.next;
  }

  /** Why this worker's stream must end, or null: to be asked now and then. */
  get exhausted(): string | null {
    if (this.sequence.next - this.first >= idsOfStreamMax)
      return 'its ids of 32 bits are used up: it is to attach again';
    if (this.whole.size < this.unansweredMax) return null;
    return `${this.whole.size} jobs, cancelled ones among them, are without any answer of it (unansweredMax)`;
  }

  /** The message as the worker understands it. */
  outgoing({ message }: HubMessage): HubMessage {
    switch (message?.$case) {
      case 'jobs': {
        const job = wholeIds(message.value.job, message.value.jobHigh).map((id) => this.add(id));
        return { message: { $case: 'jobs', value: { ...message.value, job, jobHigh: [] } } };
      }
      case 'cancels':
      case 'recalls': {
        const job: number[] = [];
        for (const id of wholeIds(message.value.job, message.value.jobHigh)) {
          const short = this.short.get(id);
          if (short !== undefined) job.push(short);
        }
        return { message: { $case: message.$case, value: { job, jobHigh: [] } } };
      }
      default:
        return { message };
    }
  }

  /**
   * Puts the hub's ids in a batch of results. An id that names no job of this stream becomes negative, which no job's
   * is.
   */
  results(batch: ResultBatch): void {
    const { job } = batch;
    batch.jobHigh = [];
    for (let at = 0; at < job.length; at++) {
      const short = job[at];
      const id = this.whole.get(short);
      job[at] = id ?? -short;
      if (id === undefined) continue;
      this.whole.delete(short);
      if (this.short.get(id) === short) this.short.delete(id);
    }
  }

  /** As `results`, of one piece. */
  part(part: ResultPart): void {
    part.jobHigh = 0;
    part.job = this.whole.get(part.job) ?? -part.job;
  }

  private add(id: number): number {
    // 0 is no job's id.
    if (this.sequence.next % idsCount === 0) this.sequence.next++;
    const short = this.sequence.next++ % idsCount;
    this.whole.set(short, id);
    this.short.set(id, short);
    return short;
  }
}

import { windowBytes } from '../raw-inflater.js';

/** State of a place, in 32 bits; then the bit, in 64; then the window. */
const placeBytes = 16 + windowBytes;
const unknown = 0;
const known = 1;
const gone = 2;

/** Where a part begins, and the bytes before it. */
export interface PartStart {
  /** In the file. */
  readonly bit: number;
  readonly window: Uint8Array;
}

/**
 * What threads tell each other in shared memory: where each part of a stream begins, which the thread of the
 * part before it finds out. Places are used again by parts that are so many later.
 */
export class PartNews {
  readonly memory: SharedArrayBuffer;
  private readonly places: number;

  /** Of so many places, or in the memory of another. */
  constructor(of: number | SharedArrayBuffer) {
    this.memory = typeof of === 'number' ? new SharedArrayBuffer(of * placeBytes) : of;
    this.places = this.memory.byteLength / placeBytes;
  }

  /** Nothing is known of where this part begins. */
  clear(part: number): void {
    Atomics.store(this.state(part), 0, unknown);
  }

  /** Null: it is known that nobody will find out. */
  tell(part: number, start: PartStart | null): void {
    const at = this.at(part);
    const state = this.state(part);
    if (start !== null) {
      new Float64Array(this.memory, at + 8, 1)[0] = start.bit;
      new Uint8Array(this.memory, at + 16, windowBytes).set(start.window);
    }
    Atomics.store(state, 0, start === null ? gone : known);
    Atomics.notify(state, 0);
  }

  isTold(part: number): boolean {
    return Atomics.load(this.state(part), 0) !== unknown;
  }

  /** Waits until it is told. The window is valid until the place is used again. */
  wait(part: number): PartStart | null {
    const at = this.at(part);
    const state = this.state(part);
    Atomics.wait(state, 0, unknown);
    if (Atomics.load(state, 0) !== known) return null;
    return {
      bit: new Float64Array(this.memory, at + 8, 1)[0],
      window: new Uint8Array(this.memory, at + 16, windowBytes),
    };
  }

  /** Nobody who waits, waits any longer. */
  end(): void {
    for (let place = 0; place < this.places; place++) {
      const state = this.state(place);
      Atomics.compareExchange(state, 0, unknown, gone);
      Atomics.notify(state, 0);
    }
  }

  private at(part: number): number {
    return (part % this.places) * placeBytes;
  }

  private state(part: number): Int32Array {
    return new Int32Array(this.memory, this.at(part), 1);
  }
}

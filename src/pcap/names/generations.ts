import { refuseNames, takeList, takeText } from './invalid-names.js';

/**
 * The latest values of any number of keys: at least `kept`, and less than twice as many. The older half goes
 * at once, so a value costs nothing but its place.
 */
export class Generations<Value> {
  private young = new Map<string, Value>();
  private old = new Map<string, Value>();

  constructor(private readonly kept: number) {}

  get(key: string): Value | undefined {
    return this.young.get(key) ?? this.old.get(key);
  }

  set(key: string, value: Value): void {
    this.old.delete(key);
    this.young.set(key, value);
    if (this.young.size < this.kept) return;
    this.old = this.young;
    this.young = new Map();
  }

  delete(key: string): void {
    if (!this.young.delete(key)) this.old.delete(key);
  }

  /** @param of a value as JSON has it */
  state(of: (value: Value) => unknown): unknown {
    return [this.old, this.young].map((values) => [...values].map(([key, value]) => [key, of(value)]));
  }

  /** @throws TriremeError JOB_FAILED */
  restore(state: unknown, read: (value: unknown) => Value): void {
    const [old, young] = takeList(state).map((values) =>
      takeList(values).map((pair): [string, Value] => {
        const [key, value] = takeList(pair);
        return [takeText(key), read(value)];
      }),
    );
    if (old === undefined || young === undefined || old.length > this.kept || young.length > this.kept)
      refuseNames('what waits');
    this.old = new Map(old);
    this.young = new Map(young);
  }
}

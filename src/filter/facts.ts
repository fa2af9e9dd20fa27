/** Values that a load is known not to be, kept at most: more are seldom asked for twice. */
const excludedMax = 8;

/** What is known of the packet at a place of the code, on whatever way it was reached. Never changed, only derived. */
export class Facts {
  static readonly none = new Facts(0, new Set(), new Map(), new Map(), new Map());

  private constructor(
    /** So many bytes are captured. */
    readonly captured: number,
    /** Names of loads whose value lies in their local. */
    readonly loaded: ReadonlySet<string>,
    readonly equal: ReadonlyMap<string, number>,
    readonly excluded: ReadonlyMap<string, readonly number[]>,
    /** Outcomes of other tests, by their names. */
    readonly outcomes: ReadonlyMap<string, boolean>,
  ) {}

  withCaptured(bytes: number): Facts {
    return bytes <= this.captured ? this : new Facts(bytes, this.loaded, this.equal, this.excluded, this.outcomes);
  }

  withLoaded(name: string): Facts {
    if (this.loaded.has(name)) return this;
    return new Facts(this.captured, new Set([...this.loaded, name]), this.equal, this.excluded, this.outcomes);
  }

  withEqual(name: string, value: number): Facts {
    const equal = new Map(this.equal).set(name, value);
    return new Facts(this.captured, this.loaded, equal, this.excluded, this.outcomes);
  }

  without(name: string, value: number): Facts {
    const known = this.excluded.get(name) ?? [];
    if (known.length === excludedMax || known.includes(value)) return this;
    const excluded = new Map(this.excluded).set(name, [...known, value]);
    return new Facts(this.captured, this.loaded, this.equal, excluded, this.outcomes);
  }

  withOutcome(name: string, outcome: boolean): Facts {
    const outcomes = new Map(this.outcomes).set(name, outcome);
    return new Facts(this.captured, this.loaded, this.equal, this.excluded, outcomes);
  }

  /** Whether a load equals a value; undefined: it is not known. */
  equals(name: string, value: number): boolean | undefined {
    const known = this.equal.get(name);
    if (known !== undefined) return known === value;
    return this.excluded.get(name)?.includes(value) === true ? false : undefined;
  }

  /** What is known where two ways meet. */
  meet(other: Facts | null): Facts {
    if (other === null || other === this) return this;
    const inBoth = <V>(mine: ReadonlyMap<string, V>, theirs: ReadonlyMap<string, V>): Map<string, V> =>
      new Map([...mine].filter(([name, value]) => theirs.get(name) === value));
    const loaded = new Set([...this.loaded].filter((name) => other.loaded.has(name)));
    const excluded = new Map<string, readonly number[]>();
    for (const name of loaded) {
      const values = valuesOf(this, name).filter((value) => other.equals(name, value) === false);
      const more = valuesOf(other, name).filter(
        (value) => this.equals(name, value) === false && !values.includes(value),
      );
      if (values.length + more.length > 0) excluded.set(name, [...values, ...more].slice(0, excludedMax));
    }
    return new Facts(
      Math.min(this.captured, other.captured),
      loaded,
      inBoth(this.equal, other.equal),
      excluded,
      inBoth(this.outcomes, other.outcomes),
    );
  }
}

const valuesOf = (facts: Facts, name: string): readonly number[] => facts.excluded.get(name) ?? [];

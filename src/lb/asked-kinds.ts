import { TriremeError } from '../common/errors.js';
import type { Hub } from '../hub/port/hub.js';
import type { Kind } from '../kinds/kind.js';
import type { KindTerms } from '../gen/trireme/v1/worker.js';
import { unitsOfPayload } from '../kinds/units.js';
import { namedKind, versionedName } from '../kinds/versions.js';
import { clientKindsOf, type ClientKinds } from './opening.js';

/** Kinds that an error names: beyond them ListKinds is the place to look. */
const namedMax = 20;

/** A kind as it was asked for, by number, name and version, and what was found. */
export interface AskedKind {
  readonly number: number;
  readonly name: string;
  readonly version: string;
  /** See AskedKinds.indexOf. */
  readonly index: number;
  /** Null: a kind of this build. */
  readonly terms: KindTerms | null;
  /** Whether this version is asked for. */
  readonly pinned: boolean;
  /** Whether its answers are text. */
  readonly text: boolean;
}

/**
 * Which kinds clients may ask for, by number or by name: those of this build, and all that workers offer
 * beside them. No code of these is here, only what their workers say of them.
 */
export class AskedKinds {
  /** Those of this build, by number. */
  readonly ofBuild: ClientKinds;
  private readonly numbers: ReadonlyMap<string, number>;

  constructor(
    private readonly hub: Pick<Hub, 'kindTerms' | 'kindIndex' | 'offeredKinds'>,
    kinds: readonly Pick<Kind, 'number' | 'name'>[],
  ) {
    this.ofBuild = clientKindsOf(kinds);
    this.numbers = new Map(kinds.map(({ number, name }) => [name, number]));
  }

  /**
   * The index at the hub of the kind that is asked for: for kinds of this build their number.
   * @param name of the kind, with a version or without; empty: it is asked for by number
   * @param version that is asked for; empty: the one in the name, or the newest
   * @throws TriremeError UNKNOWN_JOB
   */
  indexOf(kind: number, name: string, version = ''): number {
    const named = namedKind(name);
    const wanted = version === '' ? named.version : version;
    const number = name === '' ? kind : this.numbers.get(named.name);
    if (wanted === '' && number !== undefined && this.ofBuild[number] === 1) return number;
    const index = this.hub.kindIndex(name === '' ? kind : named.name, wanted);
    if (index !== undefined && this.hub.kindTerms(index) !== null) return index;
    throw this.unknown(`job ${versionedName(name === '' ? String(kind) : named.name, wanted)}`);
  }

  /**
   * All that a job of a stream needs to know of the kind that it asks for; it may change when workers come or go.
   * @throws TriremeError UNKNOWN_JOB
   */
  lookUp(number: number, name: string, version: string): AskedKind {
    const index = this.indexOf(number, name, version);
    const terms = this.ofBuild[index] === 1 ? null : this.hub.kindTerms(index);
    return { number, name, version, index, terms, pinned: this.pins(name, version), text: terms?.text ?? true };
  }

  /** What a kind that was asked for is called, as far as it is known. */
  calledBy(kind: number, name: string): string {
    if (name !== '') return name;
    for (const [own, number] of this.numbers) if (number === kind) return own;
    return this.hub.offeredKinds().find(({ number }) => number === kind)?.name ?? String(kind);
  }

  /** Whether a version is asked for. */
  pins(name: string, version: string): boolean {
    return version !== '' || namedKind(name).version !== '';
  }

  /** @throws TriremeError USAGE when the kind does not take so long a payload */
  checkPayload(kind: number, bytes: number): void {
    checkBytes(this.ofBuild[kind] === 1 ? null : this.hub.kindTerms(kind), bytes);
  }

  /** How large a job is, as its kind counts it. */
  unitsOf(kind: number, payload: Uint8Array | null): number {
    const terms = this.ofBuild[kind] === 1 ? null : this.hub.kindTerms(kind);
    return terms === null ? 1 : unitsOfPayload(terms.units, payload);
  }

  /** Whether answers of the kind are text. */
  isText(kind: number): boolean {
    return this.ofBuild[kind] === 1 || (this.hub.kindTerms(kind)?.text ?? false);
  }

  private unknown(what: string): TriremeError {
    const own = [...this.numbers].map(([name, number]) => ({ name, number }));
    const offered = this.hub.offeredKinds().filter(({ terms }) => terms !== null);
    const versioned = offered.map(({ name, number, terms }) => ({
      name: versionedName(name, terms?.version ?? ''),
      number,
    }));
    const all = [...own, ...versioned].map(({ name, number }) => `${name} (${number})`);
    const more = all.length > namedMax ? ` and ${all.length - namedMax} more` : '';
    return new TriremeError('UNKNOWN_JOB', `unknown ${what}; there are ${all.slice(0, namedMax).join(', ')}${more}`, {
      facts: { value: what.replace(/^job /, '') },
    });
  }
}

/** @throws TriremeError USAGE when a kind of these terms does not take so long a payload; null: a kind of this build */
export function checkBytes(terms: KindTerms | null, bytes: number): void {
  const most = terms?.payloadBytesMax ?? 0;
  if (bytes <= most) return;
  const bound = most === 0 ? 'and this kind takes none' : `over ${most} (payloadBytesMax of its kind)`;
  throw new TriremeError('USAGE', `the payload has ${bytes} bytes, ${bound}`, {
    facts: { value: bytes, bound: most, boundName: 'payloadBytesMax' },
  });
}

import { TriremeError } from '../common/errors.js';
import type { Hub } from '../hub/port/hub.js';
import type { Kind } from '../kinds/kind.js';
import { unitsOfPayload } from '../kinds/units.js';
import { clientKindsOf, type ClientKinds } from './opening.js';

/** Kinds that an error names: beyond them ListKinds is the place to look. */
const namedMax = 20;

/**
 * Which kinds clients may ask for, by number or by name: those of this build, and all that workers offer beside them. No code
 * of these is here, only what their workers say of them.
 */
export class AskedKinds {
  /** Those of this build, by number. */
  readonly ofBuild: ClientKinds;
  private readonly numbers: ReadonlyMap<string, number>;

  constructor(
    private readonly hub: Pick<Hub, 'kindTerms' | 'kindNamed' | 'offeredKinds'>,
    kinds: readonly Pick<Kind, 'number' | 'name'>[],
  ) {
    this.ofBuild = clientKindsOf(kinds);
    this.numbers = new Map(kinds.map(({ number, name }) => [name, number]));
  }

  /** The number of the kind that is asked for. @throws TriremeError UNKNOWN_JOB */
  numberOf(kind: number, name: string): number {
    const number = name === '' ? kind : (this.numbers.get(name) ?? this.hub.kindNamed(name) ?? -1);
    if (this.ofBuild[number] === 1 || this.hub.kindTerms(number) !== null) return number;
    throw this.unknown(name === '' ? `job ${kind}` : `job ${name}`);
  }

  /** @throws TriremeError USAGE when the kind does not take so long a payload */
  checkPayload(kind: number, bytes: number): void {
    const most = this.ofBuild[kind] === 1 ? 0 : (this.hub.kindTerms(kind)?.payloadBytesMax ?? 0);
    if (bytes <= most) return;
    const bound = most === 0 ? 'and this kind takes none' : `over ${most} (payloadBytesMax of its kind)`;
    throw new TriremeError('USAGE', `the payload has ${bytes} bytes, ${bound}`, {
      facts: { value: bytes, bound: most, boundName: 'payloadBytesMax' },
    });
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
    const all = [...own, ...offered].map(({ name, number }) => `${name} (${number})`);
    const more = all.length > namedMax ? ` and ${all.length - namedMax} more` : '';
    return new TriremeError('UNKNOWN_JOB', `unknown ${what}; there are ${all.slice(0, namedMax).join(', ')}${more}`, {
      facts: { value: what.replace(/^job /, '') },
    });
  }
}

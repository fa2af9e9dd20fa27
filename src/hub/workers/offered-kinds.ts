import type { Hello, KindTerms } from '../../gen/trireme/v1/worker.js';
import { jobAttemptsMax, answerBytesBound } from '../../common/limits.js';
import { payloadBytesBound, versionFault } from '../../kinds/folder-kind.js';
import { kindNumberMax, nameFault, resultBytesMin } from '../../kinds/kind.js';
import { unitsName } from '../../kinds/units.js';
import type { OfferedKind } from '../port/hub.js';

/** Versions of one kind that are listed: more at once are a mistake. */
const versionsMax = 8;

/** Kinds of this build whose unit is a byte. */
const byteKinds: ReadonlySet<string> = new Set(['SCAN_CHUNK', 'EXTRACT_CHUNK']);

/** A kind, and who offers it. */
interface Offer {
  readonly number: number;
  readonly name: string;
  /** The strictest of those that offer it now; null: a kind of this build, whose terms are known here. */
  terms: KindTerms | null;
  /** Those of its workers, as many as people may want to see. */
  readonly versions: Set<string>;
  workers: number;
}

/**
 * The kinds that workers offer. Those of this build are known here by number and name; all others are told by their workers,
 * and a number means one name for as long as this process runs.
 */
export class OfferedKinds {
  private readonly byNumber = new Map<number, Offer>();
  private readonly byName = new Map<string, Offer>();
  /** 1 for kinds whose jobs may not run twice. It stays, for a job of the kind may be under way. */
  private readonly once = new Uint8Array(kindNumberMax + 1);

  /** @param known names of the kinds of this build, by number */
  constructor(private readonly known: ReadonlyMap<number, string>) {
    for (const [number, name] of known) this.add(number, name);
  }

  /** What is wrong with what a worker offers, or null. */
  refuse(kinds: Hello['kinds']): string | null {
    for (const { kind, name, terms } of kinds) {
      if (this.known.has(kind) || terms === undefined) continue;
      const unnamed = nameFault(name);
      if (unnamed !== null) return `the name '${name}' of kind ${kind} ${unnamed}`;
      const wrong = refuseTerms(terms);
      if (wrong !== null) return `${wrong} of kind ${kind} (${name})`;
      const other = this.byNumber.get(kind) ?? this.byName.get(name);
      if (other !== undefined && (other.number !== kind || other.name !== name))
        return `it calls kind ${kind} ${name}, and ${other.name} is kind ${other.number} here: give one another number`;
    }
    return null;
  }

  joined({ kinds }: Hello): void {
    for (const { kind, name, terms } of kinds) {
      // A kind of a later version that is told by its number alone.
      if (terms === undefined && !this.known.has(kind)) continue;
      const offer = this.byNumber.get(kind) ?? this.add(kind, name);
      if (terms !== undefined && !this.known.has(kind)) {
        if (offer.workers === 0) offer.versions.clear();
        if (offer.versions.size < versionsMax) offer.versions.add(terms.version);
        offer.terms = offer.workers === 0 || offer.terms === null ? terms : strictest(offer.terms, terms);
        if (!terms.mayCopy) this.once[kind] = 1;
      }
      offer.workers++;
    }
  }

  left({ kinds }: Hello): void {
    for (const { kind, terms } of kinds) {
      const offer = this.byNumber.get(kind);
      if (offer !== undefined && (terms !== undefined || this.known.has(kind))) offer.workers--;
    }
  }

  /** Whether a job of this kind that may have begun must not begin again. */
  runsOnce(kind: number): boolean {
    return this.once[kind] === 1;
  }

  /** What a kind allows that is not of this build, as it was told last. */
  termsOf(kind: number): KindTerms | null {
    return this.byNumber.get(kind)?.terms ?? null;
  }

  /** The same, of a kind that some worker offers now. */
  offeredTerms(kind: number): KindTerms | null {
    const offer = this.byNumber.get(kind);
    return offer === undefined || offer.workers === 0 ? null : offer.terms;
  }

  /** What units of a kind are called. */
  unitOf(kind: number): string {
    const terms = this.termsOf(kind);
    return terms !== null ? unitsName(terms.units) : byteKinds.has(this.nameOf(kind) ?? '') ? 'bytes' : 'jobs';
  }

  /** The number of a kind that some worker offers now. */
  numberOf(name: string): number | undefined {
    const offer = this.byName.get(name);
    return offer === undefined || offer.workers === 0 ? undefined : offer.number;
  }

  /** The name of a kind that was ever offered. */
  nameOf(kind: number): string | undefined {
    return this.byNumber.get(kind)?.name;
  }

  /** Kinds that some worker offers now, by number. */
  list(): OfferedKind[] {
    return [...this.byNumber.values()]
      .filter(({ workers }) => workers > 0)
      .sort((a, b) => a.number - b.number)
      .map(({ number, name, terms, versions, workers }) => ({
        number,
        name,
        workers,
        terms: terms === null ? null : { ...terms, version: [...versions].sort().join(', ') },
      }));
  }

  private add(number: number, name: string): Offer {
    const offer: Offer = { number, name, terms: null, versions: new Set(), workers: 0 };
    this.byNumber.set(number, offer);
    this.byName.set(name, offer);
    return offer;
  }
}

/** What every worker that offers the kind can keep to. */
function strictest(a: KindTerms, b: KindTerms): KindTerms {
  return {
    version: a.version,
    payloadBytesMax: Math.min(a.payloadBytesMax, b.payloadBytesMax),
    resultBytesMax: Math.max(a.resultBytesMax, b.resultBytesMax),
    timeoutSeconds: Math.max(a.timeoutSeconds, b.timeoutSeconds),
    attempts: Math.min(a.attempts, b.attempts),
    mayCopy: a.mayCopy && b.mayCopy,
    text: a.text && b.text,
    // One rule for all, for jobs are counted before it is known who gets them: that of the first.
    units: a.units,
  };
}

function refuseTerms(terms: KindTerms): string | null {
  const { payloadBytesMax, resultBytesMax, attempts, version } = terms;
  if (payloadBytesMax > payloadBytesBound) return `payload_bytes_max ${payloadBytesMax} is over ${payloadBytesBound}`;
  if (resultBytesMax < resultBytesMin || resultBytesMax > answerBytesBound)
    return `result_bytes_max ${resultBytesMax} is not from ${resultBytesMin} to ${answerBytesBound}`;
  if (attempts < 1 || attempts > jobAttemptsMax) return `attempts ${attempts} is not from 1 to ${jobAttemptsMax}`;
  const unversioned = versionFault(version);
  return unversioned === null ? null : `the version ${unversioned}`;
}

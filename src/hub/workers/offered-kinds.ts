import type { Hello, KindOffer, KindTerms } from '../../gen/trireme/v1/worker.js';
import { jobAttemptsMax, answerBytesBound } from '../../common/limits.js';
import { payloadBytesBound, versionFault } from '../../kinds/folder-kind.js';
import { kindIndexMax, kindNumberMax, nameFault, resultBytesMin, versionsBesideMax } from '../../kinds/kind.js';
import { unitsName } from '../../kinds/units.js';
import { compareVersions, versionedName } from '../../kinds/versions.js';
import type { OfferedKind } from '../port/hub.js';

/** Kinds of this build whose unit is a byte. */
const byteKinds: ReadonlySet<string> = new Set(['SCAN_CHUNK', 'EXTRACT_CHUNK']);

/** One version of a kind, and how many offer it. */
interface Offer {
  readonly index: number;
  readonly version: string;
  /** The strictest of those that offer it now; null: a kind of this build, whose terms are known here. */
  terms: KindTerms | null;
  workers: number;
}

/** A kind with its versions, those that nobody offers any more among them. */
interface KnownKind {
  readonly number: number;
  readonly name: string;
  readonly offers: Offer[];
}

/**
 * The kinds that workers offer. Those of this build are known here by number and name; all others are told by their
 * workers, and a number means one name for as long as this process runs.
 *
 * Each version of a kind has an index, by which the hub knows it: what is learned of one, waits for it and is counted
 * of it says nothing of another. The first version has the kind's own number, so what has no versions is known by that
 * alone.
 */
export class OfferedKinds {
  /** Number of the kind by index: what workers are told. */
  readonly numbers = Uint16Array.from({ length: kindIndexMax + 1 }, (_, index) => index);
  private readonly byNumber = new Map<number, KnownKind>();
  private readonly byName = new Map<string, KnownKind>();
  private readonly byIndex: ({ kind: KnownKind; offer: Offer } | undefined)[] = [];
  /** 1 for kinds whose jobs may not run twice. It stays, for a job of the kind may be under way. */
  private readonly once = new Uint8Array(kindIndexMax + 1);
  private versionsBeside = 0;

  /** @param known names of the kinds of this build, by number */
  constructor(private readonly known: ReadonlyMap<number, string>) {
    for (const [number, name] of known) this.addOffer(this.addKind(number, name), '');
  }

  /** What is wrong with what a worker offers, or null. */
  refuse(kinds: Hello['kinds']): string | null {
    let more = 0;
    for (const { kind, name, terms } of kinds) {
      if (this.known.has(kind) || terms === undefined) continue;
      const unnamed = nameFault(name);
      if (unnamed !== null) return `the name '${name}' of kind ${kind} ${unnamed}`;
      const wrong = refuseTerms(terms);
      if (wrong !== null) return `${wrong} of kind ${kind} (${name})`;
      const other = this.byNumber.get(kind) ?? this.byName.get(name);
      if (other === undefined) continue;
      if (other.number !== kind || other.name !== name)
        return `it calls kind ${kind} ${name}, and ${other.name} is kind ${other.number} here: give one another number`;
      if (!other.offers.some(({ version }) => version === terms.version)) more++;
    }
    if (more === 0 || this.versionsBeside + more <= versionsBesideMax) return null;
    return `${versionsBesideMax} versions of kinds came since this hub began (versionsBesideMax): start it anew`;
  }

  /** A worker offers these. @returns them with the index of each version in place of its kind's number */
  joined({ kinds }: Pick<Hello, 'kinds'>): KindOffer[] {
    return kinds.map((offered) => {
      const { kind: number, name, terms } = offered;
      // A kind of a later version of this program that is told by its number alone.
      if (terms === undefined && !this.known.has(number)) return offered;
      const kind = this.byNumber.get(number) ?? this.addKind(number, name);
      const version = this.known.has(number) ? '' : (terms?.version ?? '');
      const offer = kind.offers.find((each) => each.version === version) ?? this.addOffer(kind, version);
      if (terms !== undefined && !this.known.has(number)) {
        offer.terms = offer.workers === 0 || offer.terms === null ? terms : strictest(offer.terms, terms);
        if (!terms.mayCopy) this.once[offer.index] = 1;
      }
      offer.workers++;
      return { ...offered, kind: offer.index };
    });
  }

  /** @param kinds as `joined` returned them */
  left({ kinds }: Pick<Hello, 'kinds'>): void {
    for (const { kind: index, terms } of kinds) {
      const at = this.byIndex[index];
      if (at !== undefined && (terms !== undefined || this.known.has(index))) at.offer.workers--;
    }
  }

  /** Whether a kind has ever come in two versions. */
  get several(): boolean {
    return this.versionsBeside > 0;
  }

  /**
   * The index of a kind that some worker offers now, by its number or name.
   * @param version empty: the newest
   */
  find(kind: number | string, version = ''): number | undefined {
    const known = typeof kind === 'string' ? this.byName.get(kind) : this.byNumber.get(kind);
    if (known === undefined) return undefined;
    const offers = known.offers.length === 1 ? known.offers : [...known.offers].sort(newestFirst);
    return offers.find((offer) => offer.workers > 0 && (version === '' || offer.version === version))?.index;
  }

  /**
   * Another version that jobs of this one may go to, since nobody offers it any more; undefined: there is none, or no
   * need.
   */
  inPlaceOf(index: number): number | undefined {
    const at = this.byIndex[index];
    return at === undefined || at.offer.workers > 0 ? undefined : this.find(at.kind.number);
  }

  /** Whether a job of this kind that may have begun must not begin again. */
  runsOnce(index: number): boolean {
    return this.once[index] === 1;
  }

  /** What a kind allows that is not of this build, as it was told last. */
  termsOf(index: number): KindTerms | null {
    return this.byIndex[index]?.offer.terms ?? null;
  }

  /** The same, of a kind that some worker offers now. */
  offeredTerms(index: number): KindTerms | null {
    const offer = this.byIndex[index]?.offer;
    return offer === undefined || offer.workers === 0 ? null : offer.terms;
  }

  /** What units of a kind are called. */
  unitOf(index: number): string {
    const terms = this.termsOf(index);
    return terms !== null ? unitsName(terms.units) : byteKinds.has(this.nameOf(index) ?? '') ? 'bytes' : 'jobs';
  }

  /** The name of a kind that was ever offered, with its version if it has one. */
  nameOf(index: number): string | undefined {
    const at = this.byIndex[index];
    return at === undefined ? undefined : versionedName(at.kind.name, at.offer.version);
  }

  /** Kinds that some worker offers now, by number, each version by itself and the newest first. */
  list(): OfferedKind[] {
    return [...this.byNumber.values()]
      .sort((a, b) => a.number - b.number)
      .flatMap(({ number, name, offers }) =>
        [...offers]
          .sort(newestFirst)
          .filter(({ workers }) => workers > 0)
          .map(({ terms, workers }) => ({ number, name, workers, terms })),
      );
  }

  private addKind(number: number, name: string): KnownKind {
    const kind: KnownKind = { number, name, offers: [] };
    this.byNumber.set(number, kind);
    this.byName.set(name, kind);
    return kind;
  }

  private addOffer(kind: KnownKind, version: string): Offer {
    const index = kind.offers.length === 0 ? kind.number : kindNumberMax + ++this.versionsBeside;
    const offer: Offer = { index, version, terms: null, workers: 0 };
    kind.offers.push(offer);
    this.byIndex[index] = { kind, offer };
    this.numbers[index] = kind.number;
    return offer;
  }
}

function newestFirst(one: Offer, other: Offer): number {
  return compareVersions(other.version, one.version);
}

/** What every worker that offers this version of the kind can keep to. */
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

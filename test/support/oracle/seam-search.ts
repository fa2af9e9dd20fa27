/**
 * The search for a first plausible record as it is defined: each place in turn is the start of a walk of its
 * own, however often that goes over the same bytes. The scanner (assembly/seam.ts) must find the same place
 * in fewer steps.
 */

export interface SearchForm {
  readonly blocks: boolean;
  readonly big: boolean;
  readonly nano: boolean;
}

const recordsWanted = 8;
const fullSpan = 262_144;
const reducedSpan = 65_536;
const fullSpanBytes = 4 * 1024 * 1024;
const searchBytesMax = 16 * 1024 * 1024;
const capturedMax = 262_144;
const originalMax = 16 * 1024 * 1024;
const blockMax = 400_000;
const recordsAtEnd = 2;

type Plausible = 'no' | 'cut' | number;

/** First place from `start` on, before `limit`, at which a chain begins; null: there is none. */
export function searchRecord(file: Uint8Array, start: number, limit: number, form: SearchForm): number | null {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const first = form.blocks ? Math.ceil(start / 4) * 4 : start;
  for (let at = first; at < Math.min(limit, file.length); at += form.blocks ? 4 : 1) {
    if (at - start >= searchBytesMax) return null;
    const span = at - start >= fullSpanBytes ? reducedSpan : fullSpan;
    if (isChain(view, at, span, form)) return at;
  }
  return null;
}

function isChain(view: DataView, start: number, span: number, form: SearchForm): boolean {
  let at = start;
  for (let records = 0; ; records++) {
    if (records >= recordsWanted && at - start >= span) return true;
    if (at === view.byteLength) return records > 0;
    const length = form.blocks ? block(view, at, form) : record(view, at, form);
    if (length === 'no') return false;
    if (length === 'cut' || at + length > view.byteLength) return records >= recordsAtEnd;
    if (form.blocks && view.getUint32(at + length - 4, !form.big) !== length) return false;
    at += length;
  }
}

function record(view: DataView, at: number, { big, nano }: SearchForm): Plausible {
  if (at + 16 > view.byteLength) return 'cut';
  const captured = view.getUint32(at + 8, !big);
  const original = view.getUint32(at + 12, !big);
  if (captured === 0 || captured > original || captured > capturedMax || original >= originalMax) return 'no';
  return view.getUint32(at + 4, !big) >= (nano ? 1e9 : 1e6) ? 'no' : captured + 16;
}

function block(view: DataView, at: number, { big }: SearchForm): Plausible {
  if (at + 12 > view.byteLength) return 'cut';
  const type = view.getUint32(at, !big);
  const length = view.getUint32(at + 4, !big);
  if (length < 12 || length % 4 !== 0 || length > blockMax) return 'no';
  const known = (type >= 1 && type <= 10) || [0x0bad, 0x4000_0bad, 0x0a0d_0d0a, 0x8000_0001].includes(type);
  return known ? length : 'no';
}

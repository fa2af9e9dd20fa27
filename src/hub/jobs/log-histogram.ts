/** Bins of each doubling: a quantile is off by 3 % at most. */
const binsPerDoublingBits = 4;
const shift = 23 - binsPerDoublingBits;
/**
 * Exponents covered, as powers of two of a second: from 1 us to 17 minutes. Beyond them the first and last bin count.
 */
const exponentMin = -20;
const exponentMax = 10;
const exponentBias = 127;

const binFirst = (exponentMin + exponentBias) << binsPerDoublingBits;
export const logBins = (exponentMax - exponentMin) << binsPerDoublingBits;

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** Counts of durations in bins that grow with them. An observation is a store, a load and an addition. */
export class LogHistogram {
  readonly counts = new Float64Array(logBins);

  observe(seconds: number): void {
    float[0] = seconds;
    const bin = (bits[0] >>> shift) - binFirst;
    this.counts[bin < 0 ? 0 : bin < logBins ? bin : logBins - 1]++;
  }
}

/**
 * The duration below which this share of what was counted lies, in seconds, or NaN when nothing was counted.
 * @param counts of a LogHistogram, or the difference of two of them
 * @param share from 0 to 1
 */
export function quantileOf(counts: Float64Array, share: number): number {
  let total = 0;
  for (let bin = 0; bin < logBins; bin++) total += counts[bin];
  if (total === 0) return NaN;
  const wanted = share * total;
  let below = 0;
  for (let bin = 0; bin < logBins; bin++) {
    const count = counts[bin];
    if (count > 0 && below + count >= wanted) {
      const least = secondsAt(bin);
      return least + ((secondsAt(bin + 1) - least) * Math.max(0, wanted - below)) / count;
    }
    below += count;
  }
  return secondsAt(logBins);
}

function secondsAt(bin: number): number {
  bits[0] = (bin + binFirst) << shift;
  return float[0];
}

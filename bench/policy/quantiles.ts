/** p50, p99 and p999 in whole microseconds of the latencies after the first tenth, in which the run settles. */
export function quantilesMicroseconds(latencySeconds: Float64Array): [number, number, number] {
  const settled = latencySeconds.slice(Math.floor(latencySeconds.length / 10)).sort();
  const at = (share: number): number => Math.round(settled[Math.floor(share * (settled.length - 1))] * 1e6);
  return [at(0.5), at(0.99), at(0.999)];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

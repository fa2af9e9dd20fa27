/**
 * Seconds that one call of work takes: the median over `rounds` rounds of `calls` calls each, after one round that warms up. The
 * median, because one pause of the machine must not make a worker look slow for its first jobs.
 */
export function secondsEach(calls: number, rounds: number, work: () => void): number {
  const measured: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const start = performance.now();
    for (let call = 0; call < calls; call++) work();
    if (round > 0) measured.push((performance.now() - start) / 1000 / calls);
  }
  measured.sort((a, b) => a - b);
  return measured[rounds >> 1];
}

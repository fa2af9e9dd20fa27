/**
 * Does the same for all, so many at once, and answers in their order. The first failure ends it: what has begun ends by
 * itself, and nothing more is begun.
 */
export async function inParallel<T, R>(all: readonly T[], atOnce: number, work: (one: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(all.length);
  let next = 0;
  const take = async (): Promise<void> => {
    while (next < all.length) {
      const i = next++;
      results[i] = await work(all[i]);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(atOnce, all.length) }, take));
  } finally {
    next = all.length;
  }
  return results;
}

/**
 * Work of this process that may never come back: calls to file systems that do not answer, and threads that
 * make them. Node waits for both when it exits, process.exit() included, so who ends a process has to know of
 * them.
 */
let stuck = 0;

/** Time for a thread to end. One that reads a file that does not answer never does. */
export const threadEndMsMax = 2_000;

/** How much of it there is now. */
export function stuckWork(): number {
  return stuck;
}

/** Some work has gone on for too long. @returns to be called when it has come back after all, once */
export function markStuck(): () => void {
  stuck++;
  return () => void stuck--;
}

/**
 * Waits for work that may never end, at most so long. @returns whether it has ended; if not, it counts as
 * stuck until it does
 */
export async function endsWithin(ms: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  let back: (() => void) | undefined;
  const late = new Promise<'late'>((resolve) => (timer = setTimeout(() => resolve('late'), ms)));
  const ended = work.finally(() => back?.());
  // Heard here, also when nobody waits any more.
  ended.catch(() => undefined);
  const first = await Promise.race([ended, late]).finally(() => clearTimeout(timer));
  if (first === 'late') back = markStuck();
  return first !== 'late';
}

/** Waits for the work at most so many milliseconds: its result, or null. The work is not cancelled. */
export async function atMost<T>(ms: number, work: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => (timer = setTimeout(() => resolve(null), ms)));
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

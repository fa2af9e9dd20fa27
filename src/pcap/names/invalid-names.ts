import { TriremeError } from '../../common/errors.js';

/** Of bytes that another process sent, which may be anything. */
export function refuseNames(what: string): never {
  throw new TriremeError('JOB_FAILED', `a chunk's result is not valid: ${what} of its names`);
}

/**
 * Takes a value as one of the same form as a sample, whose fields are numbers and texts.
 * @throws TriremeError JOB_FAILED
 */
export function takeLike<T extends object>(sample: T, value: unknown): T {
  const found = value as Record<string, unknown> | null;
  if (typeof found !== 'object' || found === null) refuseNames('a row');
  for (const [name, field] of Object.entries(sample)) {
    if (typeof found[name] !== typeof field) refuseNames(`the field ${name}`);
    if (typeof field === 'number' && !(Number.isFinite(found[name]) && (found[name] as number) >= 0))
      refuseNames(`the field ${name}`);
  }
  return found as T;
}

/** @throws TriremeError JOB_FAILED */
export function takeList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : refuseNames('a list');
}

/** @throws TriremeError JOB_FAILED */
export function takeText(value: unknown): string {
  return typeof value === 'string' ? value : refuseNames('a text');
}

/** @throws TriremeError JOB_FAILED */
export function takeCount(value: unknown): number {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : refuseNames('a count');
}

/** So many counts. @throws TriremeError JOB_FAILED */
export function takeCounts(value: unknown, many: number): number[] {
  const counts = takeList(value).map(takeCount);
  return counts.length === many ? counts : refuseNames('the number of counts');
}

import { TriremeError } from '../common/errors.js';
import type { ScanOptions } from '../pcap/types.js';

/** All that a SCAN_CHUNK job can be asked; the compiler sees that none is missing. */
export const scanOptionNames = Object.keys({
  intervalNs: true,
  conversationsMax: true,
  connection: true,
  filter: true,
  filterTags: true,
  span: true,
  inner: true,
  tcp: true,
  names: true,
  onlyNumbers: true,
  hashSeed: true,
  timeBase: true,
} satisfies Record<keyof Required<ScanOptions>, true>);

/**
 * The options of a job. One that this version does not know is refused: to pass over it would answer another question.
 * @throws TriremeError JOB_FAILED that names it
 */
export function knownOptions<Options extends object>(json: string, names: readonly string[]): Options {
  const options = JSON.parse(json) as Options;
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown === undefined) return options;
  throw new TriremeError(
    'JOB_FAILED',
    `this worker does not know the option '${unknown.slice(0, 64)}': it is of an earlier version than its master, update it`,
  );
}

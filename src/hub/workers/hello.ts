import type { Hello } from '../../gen/trireme/v1/worker.js';
import { kindNumberMax } from '../../kinds/kind.js';
import { secretBytesMax, secretBytesMin } from './worker-secrets.js';

/** Jobs at once on one worker: more is a mistake, since no machine has so many cores. */
export const slotsMax = 4096;
/** Kinds that one worker may offer. */
export const kindsMax = 256;
const nameLengthMax = 128;
const textLengthMax = 256;
/** An hour for one unit: longer means that the measurement failed. */
const secondsPerUnitMax = 3600;

const printable = /^[\x20-\x7e]*$/;

/** Says what is wrong with a worker's Hello, with the value and the bound; null when all is well. */
export function refuseHello(hello: Hello): string | null {
  const texts: readonly (readonly [string, string, number, boolean])[] = [
    ['worker_id', hello.workerId, nameLengthMax, true],
    ['name', hello.name, nameLengthMax, true],
    ['version', hello.version, nameLengthMax, false],
    ['cpu_model', hello.cpuModel, textLengthMax, false],
    ['host', hello.host, textLengthMax, false],
  ];
  for (const [field, value, longest, needed] of texts) {
    if (needed && value === '') return `${field} is empty`;
    if (value.length > longest) return `${field} has ${value.length} characters, over ${longest}`;
    if (!printable.test(value)) return `${field} holds characters that are not printable ASCII`;
  }
  const secretBytes = hello.secret.length;
  if (secretBytes !== 0 && (secretBytes < secretBytesMin || secretBytes > secretBytesMax))
    return `secret has ${secretBytes} bytes, not ${secretBytesMin} to ${secretBytesMax}`;
  if (hello.slots < 1 || hello.slots > slotsMax) return `slots ${hello.slots} is not from 1 to ${slotsMax}`;
  if (hello.kinds.length === 0) return 'no kind is offered';
  if (hello.kinds.length > kindsMax) return `${hello.kinds.length} kinds are offered, over ${kindsMax}`;
  const seen = new Set<number>();
  for (const { kind, name, secondsPerUnit } of hello.kinds) {
    if (kind < 1 || kind > kindNumberMax) return `kind ${kind} is not from 1 to ${kindNumberMax}`;
    if (seen.has(kind)) return `kind ${kind} is offered twice`;
    seen.add(kind);
    if (name.length > nameLengthMax || !printable.test(name)) return `the name of kind ${kind} is not a short text`;
    if (!(secondsPerUnit >= 0 && secondsPerUnit <= secondsPerUnitMax)) {
      return `seconds_per_unit ${secondsPerUnit} of kind ${kind} is not from 0 to ${secondsPerUnitMax}`;
    }
  }
  return null;
}

/**
 * A job's payload is its answer: kind, tag, and a last byte which is 0 unless the worker lies. So an answer
 * that is another job's shows whose it is.
 */
export const answerBytes = 10;

export const kindsOfSim = { quick: 1, slow: 2, checked: 3, chunk: 100, sized: 200 } as const;
export const kindNumbers: readonly number[] = Object.values(kindsOfSim);

/** Seconds of one slot for one unit. */
export const unitSeconds: Readonly<Record<number, number>> = { 1: 20e-6, 2: 150e-6, 3: 60e-6, 100: 2e-9, 200: 1e-9 };

/** Seconds of a job beside those of its units. */
const fixedSeconds: Readonly<Record<number, number>> = { 200: 30e-6 };

/** Seconds of one slot for a job of so many units. */
export function jobSeconds(kind: number, units: number): number {
  return (fixedSeconds[kind] ?? 0) + unitSeconds[kind] * units;
}

export function payloadOf(kind: number, tag: number): Buffer {
  const payload = Buffer.allocUnsafe(answerBytes);
  payload[0] = kind;
  payload.writeDoubleLE(tag, 1);
  payload[9] = 0;
  return payload;
}

/** Who lied in it: number of the worker from 1 on, 0 is nobody. */
export const liarOf = (bytes: Uint8Array, start: number): number => bytes[start + 9];

const view = new DataView(new ArrayBuffer(8));

export function tagIn(bytes: Uint8Array, start: number): number {
  for (let at = 0; at < 8; at++) view.setUint8(at, bytes[start + 1 + at]);
  return view.getFloat64(0, true);
}

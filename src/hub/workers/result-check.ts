import { JobStatus, type ResultBatch } from '../../gen/trireme/v1/worker.js';

/** Says what is wrong with the shape of a batch of results; null when its columns agree. */
export function refuseResults(batch: ResultBatch): string | null {
  const count = batch.job.length;
  for (const [name, length] of [
    ['job_high', batch.jobHigh.length],
    ['kind', batch.kind.length],
  ] as const) {
    if (length > 1 && length !== count) return `${name} has ${length} entries for ${count} jobs`;
  }
  const columns: readonly (readonly [string, number])[] = [
    ['status', batch.status.length],
    ['exec_seconds', batch.execSeconds.length],
    ['held_seconds', batch.heldSeconds.length],
    ['payload_size', batch.payloadSize.length],
  ];
  for (const [name, length] of columns) {
    if (length !== 0 && length !== count) return `${name} has ${length} entries for ${count} jobs`;
  }
  let bytes = 0;
  for (const size of batch.payloadSize) bytes += size;
  if (bytes !== batch.payloads.length) return `payload_size adds up to ${bytes}, payloads has ${batch.payloads.length}`;
  for (const status of batch.status) {
    if (status < JobStatus.UNSPECIFIED || status > JobStatus.NOT_RUN) return `status ${status} is unknown`;
  }
  return null;
}

/** Seconds as a worker claims them: what is no sane duration is NaN, which the picker takes as not measured. */
export function saneSeconds(value: number | undefined): number {
  return value !== undefined && value >= 0 && value < 1e6 ? value : NaN;
}

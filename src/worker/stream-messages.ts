import { apart, around, asBuffer, longJobs, longPart, longResults } from '../common/wire.js';
import { HubMessage, JobBatch, ResultBatch, ResultPart, WorkerMessage } from '../gen/trireme/v1/worker.js';

const noBytes = Buffer.alloc(0);

/** As generated code has it, but answers are copied once. */
export function encodeWorkerMessage(message: WorkerMessage): Buffer {
  const said = message.message;
  if (said?.$case === 'results' && said.value.payloads.length > 0)
    return around(longResults, ResultBatch.encode({ ...said.value, payloads: noBytes }).finish(), said.value.payloads);
  if (said?.$case === 'part')
    return around(longPart, ResultPart.encode({ ...said.value, data: noBytes }).finish(), said.value.data);
  return asBuffer(WorkerMessage.encode(message).finish());
}

/** As generated code has it, but payloads stand in `bytes` and keep them. @throws Error when it is malformed */
export function decodeHubMessage(bytes: Uint8Array): HubMessage {
  const split = apart(longJobs, bytes);
  if (split === null) return HubMessage.decode(bytes);
  const value = JobBatch.decode(split.head);
  value.payloads = split.bytes;
  return { message: { $case: 'jobs', value } };
}

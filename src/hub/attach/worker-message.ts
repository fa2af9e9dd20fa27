import { apart, around, asBuffer, longJobs, longPart, longResults, walkFields, wireTypes } from '../../common/wire.js';
import { HubMessage, JobBatch, ResultBatch, ResultPart, WorkerMessage } from '../../gen/trireme/v1/worker.js';

/**
 * Bytes of a message that become numbers and texts: all but answers. 16,384 results, as many as one worker holds, have
 * some 300 KiB of columns; a number of one byte becomes eight.
 */
export const columnBytesMax = 1024 * 1024;

/** Bytes of a Hello: 256 kinds with names of 128 characters have 40 KiB. Also what is decoded without a look. */
export const helloBytesMax = 64 * 1024;

/** Fields of WorkerMessage, and within two of them the bytes that stay bytes. */
const fields = { hello: 1, results: 3, part: 4 } as const;
const answerField = { [fields.results]: 6, [fields.part]: 2 } as const;

const noBytes = Buffer.alloc(0);

/** What a worker said that is not decoded, and why. */
export interface RefusedMessage {
  readonly refused: string;
}

/** Decodes what a worker says, once it is known that little comes of it. */
export function decodeWorkerMessage(bytes: Uint8Array): WorkerMessage | RefusedMessage {
  const refused = bytes.length > helloBytesMax ? refuseSize(bytes) : null;
  return refused === null ? decodeLong(bytes) : { refused };
}

/** As generated code has it, but payloads are copied once. */
export function encodeHubMessage(message: HubMessage): Buffer {
  const said = message.message;
  if (said?.$case !== 'jobs' || said.value.payloads.length === 0) return asBuffer(HubMessage.encode(message).finish());
  return around(longJobs, JobBatch.encode({ ...said.value, payloads: noBytes }).finish(), said.value.payloads);
}

/** As generated code has it, but answers stand in `bytes`. */
function decodeLong(bytes: Uint8Array): WorkerMessage {
  let split = apart(longResults, bytes);
  if (split !== null) {
    const value = ResultBatch.decode(split.head);
    value.payloads = split.bytes;
    return { message: { $case: 'results', value } };
  }
  split = apart(longPart, bytes);
  if (split === null) return WorkerMessage.decode(bytes);
  const value = ResultPart.decode(split.head);
  value.data = split.bytes;
  return { message: { $case: 'part', value } };
}

function refuseSize(bytes: Uint8Array): string | null {
  let columns = 0;
  let refused: string | null = null;
  try {
    walkFields(bytes, 0, bytes.length, (field, wireType, from, to) => {
      columns += to - from;
      if (field === fields.hello && to - from > helloBytesMax) {
        refused = `its Hello has ${to - from} bytes, over ${helloBytesMax}`;
      }
      if (wireType !== wireTypes.bytes || (field !== fields.results && field !== fields.part)) return;
      walkFields(bytes, from, to, (inner, _innerType, innerFrom, innerTo) => {
        if (inner === answerField[field]) columns -= innerTo - innerFrom;
      });
    });
  } catch (error) {
    return `its message is malformed: ${(error as Error).message}`;
  }
  if (columns > columnBytesMax) return `its message has ${columns} bytes beside answers, over ${columnBytesMax}`;
  return refused;
}

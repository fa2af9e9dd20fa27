/** Length of every answer in records framing: what the seed's client receives at once for one job. */
export const recordBytes = 1024;

const blank = 0x20;
const newline = 0x0a;

/**
 * An answer as a record: the text, blanks up to 1,024 bytes, the last byte a newline. A text that does not fit is
 * replaced by an error that says so, because half an answer would be taken for a whole one.
 */
export function toRecord(answer: Uint8Array): Buffer {
  const record = Buffer.alloc(recordBytes, blank);
  if (answer.length < recordBytes) record.set(answer);
  else record.write(`ERROR answer of ${answer.length} bytes is over ${recordBytes - 1}; use lines framing`, 'latin1');
  record[recordBytes - 1] = newline;
  return record;
}

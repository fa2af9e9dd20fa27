/** Length of every answer in records framing: the exercise's original client calls recv(1024) once for each job. */
export const recordBytes = 1024;

const blank = 0x20;
const newline = 0x0a;

/**
 * An answer as a record: the text, blanks up to the length, the last byte a newline. A text that does not fit is
 * replaced by an error that says so, because half an answer would be taken for a whole one.
 */
export function toRecord(answer: Uint8Array, length = recordBytes): Buffer {
  const record = Buffer.alloc(length, blank);
  if (answer.length < length) record.set(answer);
  else record.write(`ERROR answer of ${answer.length} bytes is over ${length - 1}; use lines framing`, 'latin1');
  record[length - 1] = newline;
  return record;
}

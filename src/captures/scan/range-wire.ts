import { ReadRangeResponse } from '../../gen/trireme/v1/capture.js';

/** Field 1, a length and bytes: all that a ReadRangeResponse is. */
const dataTag = 0x0a;

/** A ReadRangeResponse that is filled in place: `data` is the part of `message` that its bytes go into. */
export interface RangeMessage {
  readonly message: Buffer;
  readonly data: Buffer;
}

/**
 * Makes room for a ReadRangeResponse of exactly so many bytes. The generated codec copies the bytes three times on
 * their way out and once on their way in, which costs more than sending them: a range is read straight into its
 * message, and taken out of it without a copy.
 */
export function rangeMessage(bytes: number): RangeMessage {
  const head: number[] = [dataTag];
  let length = bytes;
  for (; length > 0x7f; length >>>= 7) head.push((length & 0x7f) | 0x80);
  head.push(length);
  const message = Buffer.allocUnsafeSlow(head.length + bytes);
  message.set(head);
  return { message, data: message.subarray(head.length) };
}

/** The bytes of a ReadRangeResponse as it came; anything but the plain form goes through the generated codec. */
export function rangeData(message: Buffer): Uint8Array {
  if (message[0] === dataTag) {
    let length = 0;
    let at = 1;
    for (let shift = 0; at < message.length && shift < 28; shift += 7) {
      const byte = message[at++];
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    if (at + length === message.length) return message.subarray(at);
  }
  return ReadRangeResponse.decode(message).data;
}

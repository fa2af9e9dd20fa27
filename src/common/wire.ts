/**
 * Looks into protobuf messages without making objects of them, so that what a message would become is known before it
 * becomes it. Wire types: https://protobuf.dev/programming-guides/encoding/
 */

/** Wire types that are in use; 3 and 4 are the groups of old. */
export const wireTypes = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/**
 * Hears of a field: its value stands from `from` up to `to` (a varint's own bytes; of bytes, those behind the length).
 */
export type FieldVisitor = (field: number, wireType: number, from: number, to: number) => void;

/**
 * Walks over the fields of a message that stands in `bytes` from `start` to `end`, or the first `fieldsMax` of them.
 * @returns where the field behind the last one stands
 * @throws RangeError when they are no protobuf message: a length that points behind the end, an endless number, a group
 */
export function walkFields(
  bytes: Uint8Array,
  start: number,
  end: number,
  visit: FieldVisitor,
  fieldsMax = Infinity,
): number {
  let at = start;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 63; scale *= 128) {
      if (at >= end) throw new RangeError('a number is cut short');
      const byte = bytes[at++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new RangeError('a number has more than 10 bytes');
  };
  for (let left = fieldsMax; at < end && left > 0; left--) {
    const key = bytes[at] < 0x80 ? bytes[at++] : varint();
    const wireType = key % 8;
    let from = at;
    if (wireType === wireTypes.varint) varint();
    else if (wireType === wireTypes.bytes) {
      const length = varint();
      from = at;
      at += length;
    } else if (wireType === wireTypes.fixed32) at += 4;
    else if (wireType === wireTypes.fixed64) at += 8;
    else throw new RangeError(`wire type ${wireType} is not in use`);
    if (at > end) throw new RangeError('a field points behind the end of its message');
    visit((key - wireType) / 8, wireType, from, at);
  }
  return at;
}

/**
 * The keys of a message that is all of another one and of its long field of bytes: number of each field and
 * its wire type.
 */
export interface LongMessage {
  readonly message: number;
  readonly bytes: number;
}

/** Of hubs and workers, to each other: HubMessage.jobs, WorkerMessage.results and WorkerMessage.part. */
export const longJobs: LongMessage = { message: 0x12, bytes: 0x22 };
export const longResults: LongMessage = { message: 0x1a, bytes: 0x32 };
export const longPart: LongMessage = { message: 0x22, bytes: 0x12 };

/** The same bytes as a Buffer. */
export function asBuffer({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}

/**
 * A message of nothing but one other, which ends in a field of bytes: these are copied once, where generated
 * code copies them four times.
 * @param head the rest of the other one, as it is encoded
 */
export function around(keys: LongMessage, head: Uint8Array, bytes: Uint8Array): Buffer {
  const size = head.length + 1 + varintLength(bytes.length) + bytes.length;
  const out = Buffer.allocUnsafe(1 + varintLength(size) + size);
  out[0] = keys.message;
  let at = varint(out, 1, size);
  out.set(head, at);
  at += head.length;
  out[at] = keys.bytes;
  out.set(bytes, varint(out, at + 1, bytes.length));
  return out;
}

/**
 * What `around` has put together, whose bytes are not copied and keep the message; null: it is another
 * message, or was put together in another way.
 */
export function apart(
  keys: LongMessage,
  message: Uint8Array,
): { readonly head: Uint8Array; readonly bytes: Buffer } | null {
  if (message[0] !== keys.message) return null;
  const { length } = message;
  let head = message;
  let bytes: Buffer | null = null;
  try {
    walkFields(
      message,
      0,
      length,
      (_field, wireType, from, to) => {
        if (to !== length || wireType !== wireTypes.bytes) return;
        let key = from;
        walkFields(message, from, to, (_inner, _type, innerFrom, innerTo) => {
          if (innerTo === to && message[key] === keys.bytes) {
            head = message.subarray(from, key);
            bytes = asBuffer(message.subarray(innerFrom, innerTo));
          }
          key = innerTo;
        });
      },
      1,
    );
  } catch {
    return null;
  }
  return bytes === null ? null : { head, bytes };
}

/** Bytes of a number of 32 bits. */
export function varintLength(value: number): number {
  let length = 1;
  for (; value > 0x7f; value >>>= 7) length++;
  return length;
}

/** @returns where what follows stands */
function varint(out: Uint8Array, at: number, value: number): number {
  for (; value > 0x7f; value >>>= 7) out[at++] = (value & 0x7f) | 0x80;
  out[at++] = value;
  return at;
}

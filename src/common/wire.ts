/**
 * Looks into protobuf messages without making objects of them, so that what a message would become is known before it
 * becomes it. Wire types: https://protobuf.dev/programming-guides/encoding/
 */

/** Wire types that are in use; 3 and 4 are the groups of old. */
export const wireTypes = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Hears of a field: its value stands from `from` up to `to` (a varint's own bytes; of bytes, those behind the length). */
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

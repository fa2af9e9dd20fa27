import { rangeData, rangeMessage } from '../../../../src/captures/scan/range-wire.js';
import { ReadRangeResponse } from '../../../../src/gen/trireme/v1/capture.js';

test.each([1, 127, 128, 16_383, 16_384, 262_144])(
  'a message of %d bytes is what the generated codec writes',
  (size) => {
    const bytes = Buffer.from(Array.from({ length: size }, (_, at) => at % 253));
    const { message, data } = rangeMessage(size);
    bytes.copy(data);
    const written = Buffer.from(ReadRangeResponse.encode({ data: bytes }).finish());
    expect(message.equals(written)).toBe(true);
    expect(bytes.equals(rangeData(written))).toBe(true);
  },
);

test('a message in another form is read all the same', () => {
  const twice = Buffer.concat([rangeMessage(3).message.fill(1, 2), rangeMessage(2).message.fill(2, 2)]);
  expect([...rangeData(twice)]).toEqual([2, 2]);
  expect(rangeData(Buffer.alloc(0))).toHaveLength(0);
});

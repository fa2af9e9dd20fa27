import type { MessagePort } from 'node:worker_threads';
import fc from 'fast-check';
import { TriremeError } from '../../../../src/common/errors.js';
import { RingReader, RingWriter } from '../../../../src/worker/threads/byte-ring.js';

let cancelled = false;
const port = { postMessage: () => undefined } as unknown as MessagePort;

function ring(capacity: number): { writer: RingWriter; reader: RingReader } {
  cancelled = false;
  const writer = new RingWriter(capacity);
  return { writer, reader: new RingReader(writer.memory, port, () => cancelled) };
}

describe('a ring of bytes', () => {
  test('gives what was written, in order, however writes and reads are cut', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 100, maxLength: 400, size: 'max' }),
        fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 20 }),
        (bytes, sizes) => {
          const { writer, reader } = ring(32);
          const read: number[] = [];
          let written = 0;
          for (let turn = 0; written < bytes.length; turn++) {
            const size = sizes[turn % sizes.length];
            const offered = bytes.subarray(written, written + size);
            const accepted = writer.write(offered);
            written += accepted;
            // Two writes are read together and leave room for a third: a ring full of lent bytes would block
            // this one thread.
            if (accepted < offered.length || turn % 2 === 1) read.push(...(reader.read() ?? []));
          }
          writer.end();
          for (let part = reader.read(); part !== null; part = reader.read()) read.push(...part);
          expect(read).toEqual([...bytes]);
        },
      ),
    );
  });

  test('takes no more than it holds until the reader has come back for more', () => {
    const { writer, reader } = ring(8);
    expect(writer.write(new Uint8Array(20))).toBe(8);
    expect(writer.write(new Uint8Array(1))).toBe(0);
    expect(reader.read()).toHaveLength(8);
    // Still lent: the reader looks at them until it asks for the next ones.
    expect(writer.write(new Uint8Array(1))).toBe(0);
    writer.end();
    expect(reader.read()).toBeNull();
    expect(writer.write(new Uint8Array(20))).toBe(8);
  });

  test('throws the error of a sender that failed, with its code', () => {
    const { writer, reader } = ring(256);
    writer.write(new Uint8Array(3));
    writer.fail(new TriremeError('UNREACHABLE', 'the sender is gone'));
    expect(() => reader.read()).toThrow(new TriremeError('UNREACHABLE', 'the sender is gone'));
    expect(() => reader.read()).toThrow(expect.objectContaining({ code: 'UNREACHABLE' }) as Error);
  });

  test('ends for a reader whose job was cancelled, though bytes are there', () => {
    const { writer, reader } = ring(8);
    writer.write(new Uint8Array(3));
    cancelled = true;
    expect(reader.read()).toBeNull();
  });
});

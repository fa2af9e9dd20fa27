import fc from 'fast-check';
import { AnswerRing } from '../../../src/lb/answer-ring.js';

const settle = (ring: AnswerRing, ticket: number, text: string): void => {
  const bytes = Buffer.from(`<${text}>`);
  ring.settle(ticket, bytes, 1, bytes.length - 1);
};

/** Everything that may leave now. */
function release(ring: AnswerRing, outBytes = 4096): string {
  const out = Buffer.alloc(outBytes);
  let text = '';
  for (;;) {
    const end = ring.releaseLines(out, 0);
    if (end === 0) return text;
    text += out.toString('latin1', 0, end);
  }
}

describe('answer ring', () => {
  test('an answer waits for those asked before it', () => {
    const ring = new AnswerRing(16);
    const [a, b, c] = [ring.add(), ring.add(), ring.add()];
    settle(ring, c, 'c');
    settle(ring, b, 'b');
    expect(release(ring)).toBe('');
    expect(ring.size).toBe(3);
    settle(ring, a, 'a');
    expect(release(ring)).toBe('a\nb\nc\n');
    expect(ring.size).toBe(0);
  });

  test('answers of any length pass whole, also those longer than a slot', () => {
    const ring = new AnswerRing(16);
    const texts = ['', 'x', 'y'.repeat(64), 'z'.repeat(65), 'w'.repeat(3000)];
    const tickets = texts.map(() => ring.add());
    for (const i of [4, 2, 0, 3, 1]) settle(ring, tickets[i], texts[i]);
    expect(release(ring)).toBe(texts.map((text) => `${text}\n`).join(''));
  });

  test('an answer that does not fit the output stays, and peek shows it', () => {
    const ring = new AnswerRing(4);
    settle(ring, ring.add(), 'a'.repeat(100));
    settle(ring, ring.add(), 'b');
    expect(ring.releaseLines(Buffer.alloc(100), 0)).toBe(0);
    expect(Buffer.from(ring.peek() as Uint8Array).toString()).toBe('a'.repeat(100));
    ring.drop();
    expect(Buffer.from(ring.peek() as Uint8Array).toString()).toBe('b');
    ring.drop();
    expect(ring.peek()).toBeUndefined();
  });

  test('a second answer to one job, and an answer to no job, are refused', () => {
    const ring = new AnswerRing(4);
    const ticket = ring.add();
    settle(ring, ticket, 'a');
    expect(() => settle(ring, ticket, 'b')).toThrow('not waiting');
    expect(() => settle(ring, ticket + 1, 'b')).toThrow('not waiting');
  });

  test('no more jobs than the bound fit', () => {
    const ring = new AnswerRing(16);
    for (let i = 0; i < 16; i++) ring.add();
    expect(ring.room).toBe(0);
    expect(() => ring.add()).toThrow('16 jobs');
  });

  test('the jobs without an answer are named oldest first', () => {
    const ring = new AnswerRing(16);
    for (let i = 0; i < 5; i++) ring.setJob(ring.add(), 100 + i);
    settle(ring, 1, 'x');
    settle(ring, 3, 'x');
    const waiting: number[] = [];
    ring.forEachWaiting((job) => waiting.push(job));
    expect(waiting).toEqual([100, 102, 104]);
  });

  test('whatever the order of answers, they leave in the order asked, each once', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { maxLength: 300 }), (steps) => {
        const ring = new AnswerRing(64);
        const waiting: [ticket: number, text: string][] = [];
        let asked = 0;
        let out = '';
        let expected = '';
        for (const step of steps) {
          if (step < 5 && ring.room > 0) {
            const text = `${asked++}${'-'.repeat(step * 20)}`;
            expected += `${text}\n`;
            waiting.push([ring.add(), text]);
          } else if (step < 9 && waiting.length > 0) {
            const [[ticket, text]] = waiting.splice((step * 7919) % waiting.length, 1);
            settle(ring, ticket, text);
          } else {
            out += release(ring);
            expect(expected.startsWith(out)).toBe(true);
          }
        }
        expect(ring.ready).toBe(ring.size - waiting.length);
        for (const [ticket, text] of waiting.reverse()) settle(ring, ticket, text);
        out += release(ring);
        expect(out).toBe(expected);
        expect(ring.size).toBe(0);
      }),
    );
  });

  test.each([0, -4, 3, 6, 12])('a bound of %d jobs is refused: it is no power of two', (slotsMax) => {
    expect(() => new AnswerRing(slotsMax)).toThrow('power of two');
  });

  test('one job at once is enough for a ring', () => {
    const ring = new AnswerRing(1);
    for (const text of ['a', 'b']) {
      settle(ring, ring.add(), text);
      expect(() => ring.add()).toThrow('1 jobs');
      expect(release(ring)).toBe(`${text}\n`);
    }
  });

  test('an empty ring has no oldest answer, also where one was before', () => {
    const ring = new AnswerRing(4);
    expect(ring.headSettled).toBe(false);
    expect(() => ring.drop()).toThrow('no answer');
    for (const text of ['a', 'b', 'c', 'd']) settle(ring, ring.add(), text);
    expect([ring.headSettled, ring.ready]).toEqual([true, 4]);
    ring.drop();
    expect([ring.ready, ring.size]).toEqual([3, 3]);
    release(ring);
    expect([ring.headSettled, ring.peek(), ring.ready]).toEqual([false, undefined, 0]);
    ring.add();
    expect(ring.headSettled).toBe(false);
    expect(() => ring.drop()).toThrow('no answer');
  });

  test.each([5, 64, 65, 300])('an answer of %d bytes leaves when it and its newline fit just so', (length) => {
    const ring = new AnswerRing(4);
    settle(ring, ring.add(), 'x'.repeat(length));
    const out = Buffer.alloc(length + 3);
    expect(ring.releaseLines(out.subarray(0, length + 2), 2)).toBe(2);
    expect(ring.releaseLines(out, 2)).toBe(length + 3);
    expect(out.toString('latin1', 2)).toBe(`${'x'.repeat(length)}\n`);
  });

  test('answers and ids that are there keep their places when the ring grows, wherever its head is', () => {
    for (const gone of [0, 1, 5]) {
      const ring = new AnswerRing(256);
      for (let i = 0; i < gone; i++) settle(ring, ring.add(), 'gone');
      release(ring);
      const texts = Array.from({ length: 200 }, (_, i) => `${i}`.padEnd((i * 7) % 90, '.'));
      const waiting: number[] = [];
      for (const [i, text] of texts.entries()) {
        const ticket = ring.add();
        ring.setJob(ticket, 1000 + i);
        if (i % 3 === 0) settle(ring, ticket, text);
        else waiting.push(ticket);
      }
      const jobs: number[] = [];
      ring.forEachWaiting((job) => jobs.push(job));
      expect(jobs).toEqual(texts.flatMap((_, i) => (i % 3 === 0 ? [] : [1000 + i])));
      for (const ticket of waiting) settle(ring, ticket, texts[ticket - gone]);
      expect(release(ring)).toBe(texts.map((text) => `${text}\n`).join(''));
    }
  });

  test('tickets go on past 2^32', () => {
    const ring = new AnswerRing(4);
    Object.assign(ring, { head: 0xfffffffe, tail: 0xfffffffe });
    const tickets = [ring.add(), ring.add(), ring.add()];
    expect(tickets).toEqual([0xfffffffe, 0xffffffff, 0]);
    tickets.reverse().forEach((ticket) => settle(ring, ticket, String(ticket)));
    expect(release(ring)).toBe('4294967294\n4294967295\n0\n');
  });
});

import { PassThrough } from 'node:stream';
import type { Socket } from 'node:net';
import { AnswerCheck, lineEnd, minedBy } from '../../../src/client/load/answer-check.js';
import { LatencyRecord } from '../../../src/client/load/latency-record.js';
import { LoadConnection } from '../../../src/client/load/load-connection.js';
import { mixSequence, parseMix } from '../../../src/client/load/mix.js';

describe('mix', () => {
  test('shares come out as asked for, spread evenly', () => {
    const sequence = mixSequence(parseMix('1:90,2:10'));
    expect(sequence.filter((kind) => kind === 2).length / sequence.length).toBeCloseTo(0.1, 2);
    for (let at = 0; at + 20 <= sequence.length; at += 20)
      expect(sequence.subarray(at, at + 20).filter((kind) => kind === 2).length).toBeGreaterThanOrEqual(1);
  });

  test('one kind alone', () => {
    expect(new Set(mixSequence(parseMix('2')))).toEqual(new Set([2]));
  });

  test.each(['3', '1:0', '1:x', '', '1:1,'])('%j is refused', (text) => {
    expect(() => parseMix(text)).toThrow('KIND:PARTS');
  });
});

describe('answer check', () => {
  const check = new AnswerCheck();
  const second = 1_763_770_000;
  const verdict = (kind: number, answer: string, sent = second + 0.2, now = second + 0.7): string => {
    const bytes = Buffer.from(`..${answer}\n..`);
    return check.check(kind, bytes, 2, 2 + answer.length, sent, now);
  };

  test('a time between sending and receiving is right, give or take a second', () => {
    expect(verdict(1, String(second))).toBe('right');
    expect(verdict(1, String(second - 1))).toBe('right');
    expect(verdict(1, String(second + 1))).toBe('right');
    expect(verdict(1, String(second - 2))).toBe('wrong');
    expect(verdict(1, String(second + 2))).toBe('wrong');
    expect(verdict(1, String(second), second - 100)).toBe('right');
  });

  test('a mined answer is right when it belongs to a second of that time', () => {
    expect(verdict(2, minedBy(second).toString())).toBe('right');
    expect(verdict(2, minedBy(second - 2).toString())).toBe('wrong');
    expect(verdict(2, minedBy(second).toString().replace(/.$/, 'x'))).toBe('wrong');
  });

  test('the answer of the other kind is wrong, and an ERROR is an error', () => {
    expect(verdict(2, String(second))).toBe('wrong');
    expect(verdict(1, minedBy(second).toString())).toBe('wrong');
    expect(verdict(1, 'ERROR QUEUE_FULL: x')).toBe('error');
    expect(verdict(1, '')).toBe('wrong');
  });

  test('the mined answer is 256 rounds of SHA-256 over the digits', () => {
    expect(minedBy(1763770000).toString()).toMatch(/^[0-9a-f]{64}$/);
  });

  test.each(['1763770000', 'a'.repeat(64), 'ERROR unkn', 'ERROR ' + 'x'.repeat(58), '', 'x'.repeat(200)])(
    'the end of the line %j is found whatever follows',
    (line) => {
      expect(lineEnd(Buffer.from(`--${line}\n1\n1763770000\n`), 2)).toBe(2 + line.length);
    },
  );

  test('a line without its end has none', () => {
    expect(lineEnd(Buffer.from('17637700'), 0)).toBe(-1);
  });
});

describe('latency record', () => {
  test('percentiles are in microseconds with three digits', () => {
    const record = new LatencyRecord();
    record.record(0.1, 500);
    record.record(2, 490);
    record.record(30, 10);
    const { p50, p90, p999, max } = record.summary();
    expect(p50).toBeCloseTo(100, -1);
    expect(p90 / 2000).toBeCloseTo(1, 2);
    expect(p999 / 30_000).toBeCloseTo(1, 2);
    expect(max / 30_000).toBeCloseTo(1, 2);
    expect(record.count).toBe(1000);
  });
});

test('an answer that nobody asked for ends the run and is shown, at most 200 bytes of it', async () => {
  const socket = new PassThrough();
  const broken = await new Promise<Error>((resolve) => {
    new LoadConnection(
      socket as unknown as Socket,
      {
        check: new AnswerCheck(),
        sequence: mixSequence(parseMix('1')),
        epochMs: performance.timeOrigin,
        answered: () => undefined,
        bad: () => undefined,
        progress: () => undefined,
        broken: resolve,
      },
      0,
    );
    socket.write(`ERROR \u001b${'x'.repeat(300)}\n`);
  });
  expect(broken.message).toBe(
    `the load balancer sent an answer that nobody asked for: "ERROR \\u001b${'x'.repeat(193)}"`,
  );
});

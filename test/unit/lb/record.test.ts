import { RecordPacer, toRecord } from '../../../src/lb/record.js';
import { blindPace } from '../../../src/lb/record-link.js';

describe('record', () => {
  test('an answer is padded with blanks to 1,024 bytes, the last a newline', () => {
    const record = toRecord(Buffer.from('1763770000'));
    expect(record.length).toBe(1024);
    expect(record.toString('latin1')).toBe('1763770000' + ' '.repeat(1013) + '\n');
  });

  test('the longest answer that fits is 1,023 bytes; a longer one is answered by an error, never cut', () => {
    expect(toRecord(Buffer.alloc(1023, 'a')).toString()).toBe('a'.repeat(1023) + '\n');
    expect(toRecord(Buffer.alloc(1024, 'a')).toString().trimEnd()).toBe(
      'ERROR answer of 1024 bytes is over 1023; use lines framing',
    );
  });
});

describe('record pacer', () => {
  /** Writes so many records as soon as each may be, and says when that was. */
  function writtenAt(records: number): number[] {
    const pacer = new RecordPacer(blindPace);
    const written: number[] = [];
    for (let nowMs = 0; written.length < records; nowMs += 0.05) {
      while (pacer.waitMs(nowMs) === 0) {
        pacer.wrote(nowMs);
        written.push(nowMs);
      }
    }
    return written;
  }

  test.each(blindPace)('no more than $records records fall within any $withinMs ms', ({ records, withinMs }) => {
    const written = writtenAt(300);
    for (let i = records; i < written.length; i++)
      expect(written[i] - written[i - records]).toBeGreaterThanOrEqual(withinMs - 1e-9);
  });

  test('a client that stands still for 0.2 s has no more than 224 of them in its receive window', () => {
    expect(writtenAt(300).filter((writtenMs) => writtenMs < 0.2e3)).toHaveLength(3 * 64 + 32);
  });

  test('and records are not held back longer than that', () => {
    expect(writtenAt(64)[63]).toBeLessThan(16.5);
    expect(writtenAt(128)[127]).toBeLessThan(64 + 16.5);
  });

  test('a record after a pause goes at once', () => {
    const pacer = new RecordPacer(blindPace);
    for (let i = 0; i < 4; i++) pacer.wrote(10);
    expect(pacer.waitMs(10.25)).toBeCloseTo(0.75);
    expect(pacer.waitMs(11)).toBe(0);
  });
});

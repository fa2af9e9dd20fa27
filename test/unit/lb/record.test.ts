import { toRecord } from '../../../src/lb/record.js';
import { RecordPacer } from '../../../src/lb/record-pacer.js';

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
  test('no more than four records fall within any millisecond', () => {
    const pacer = new RecordPacer();
    const written: number[] = [];
    for (let nowMs = 0; written.length < 100; nowMs += 0.05) {
      while (pacer.waitMs(nowMs) === 0) {
        pacer.wrote(nowMs);
        written.push(nowMs);
      }
    }
    for (let i = 4; i < written.length; i++) expect(written[i] - written[i - 4]).toBeGreaterThanOrEqual(1 - 1e-9);
    // and it does not hold them back longer than that
    expect(written[99]).toBeLessThan(26);
  });

  test('a record after a pause goes at once', () => {
    const pacer = new RecordPacer();
    for (let i = 0; i < 4; i++) pacer.wrote(10);
    expect(pacer.waitMs(10.25)).toBeCloseTo(0.75);
    expect(pacer.waitMs(11)).toBe(0);
  });
});

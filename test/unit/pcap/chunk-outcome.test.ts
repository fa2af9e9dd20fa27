import { ChunkScanner } from '../../../src/pcap/chunk-scanner.js';
import type { ChunkPlan, ChunkResult } from '../../../src/pcap/types.js';
import { classicCapture } from '../../support/capture-builder.js';
import { headerOf, push, scanChunk, scanModule, scanOptions } from '../../support/engine.js';

const headBytes = 24;
const recordBytes = 116;
const records = 20;
const file = classicCapture(
  Array.from({ length: records }, (_, i) => ({ bytes: new Uint8Array(recordBytes - 16).fill(i) })),
);
const at = (record: number): number => headBytes + record * recordBytes;
const { state } = headerOf(file);
const first: ChunkPlan = { start: 0, end: null, startCertain: true, state: null };

/** How the scan of a chunk ended; its counts are told elsewhere. */
function outcome(bytes: Uint8Array, plan: ChunkPlan = first): Omit<ChunkResult, 'partial' | 'plan'> {
  const { plan: _plan, partial: _partial, ...rest } = scanChunk(bytes, plan);
  return rest;
}

const sound = { cut: null, damage: null, notACapture: null };

describe('how a chunk ends', () => {
  test('the first record behind its end', () => {
    const end = at(9) + 1;
    const whole = { start: 0, end: at(10), endState: state, ...sound, endOfInput: false, bytes: at(10) };
    expect(outcome(file, { ...first, end })).toEqual(whole);
    expect(outcome(file, { start: at(3), end, startCertain: true, state })).toEqual({
      ...whole,
      start: at(3),
      bytes: at(10) - at(3),
    });
  });

  test('the end of the file', () => {
    const end = { start: 0, end: file.length, endState: state, ...sound, endOfInput: true, bytes: file.length };
    expect(outcome(file)).toEqual(end);
  });

  test('within a record that says how long it is', () => {
    const cut = { claimed: recordBytes, held: recordBytes - 10 };
    expect(outcome(file.subarray(0, file.length - 10))).toMatchObject({ end: at(19), cut, endOfInput: true });
  });

  test('within the head of a record', () => {
    expect(outcome(file.subarray(0, at(19) + 9))).toMatchObject({ end: at(19), cut: { claimed: null, held: 9 } });
  });

  test('nothing that begins in it: its state is the one that was assumed', () => {
    const zeros = Buffer.concat([file.subarray(0, at(2)), new Uint8Array(50_000).fill(0xff)]);
    const plan = { start: at(2), end: at(2) + 20_000, startCertain: false, state };
    expect(outcome(zeros, plan)).toMatchObject({ start: null, endState: state, ...sound, bytes: 0 });
    const toTheEnd = { ...plan, end: null };
    expect(outcome(zeros, toTheEnd)).toMatchObject({ start: null, endState: state, ...sound, endOfInput: false });
  });

  test('damage: where and what', () => {
    const damaged = Uint8Array.from(file);
    damaged.fill(0xff, at(7), at(7) + 16);
    const { damage, end, cut, endOfInput } = outcome(damaged);
    expect({ end, cut, endOfInput, offset: damage?.offset }).toEqual({
      end: at(7),
      cut: null,
      endOfInput: false,
      offset: at(7),
    });
    expect(damage?.detail).toMatch(/4294967295/);
  });
});

/** The head of a pcapng section of this version. */
function section(major: number, minor: number): Uint8Array {
  const words = new DataView(new ArrayBuffer(28));
  [0x0a0d0d0a, 28, 0x1a2b3c4d].forEach((word, i) => words.setUint32(4 * i, word, true));
  words.setUint16(12, major, true);
  words.setUint16(14, minor, true);
  words.setBigInt64(16, -1n, true);
  words.setUint32(24, 28, true);
  return new Uint8Array(words.buffer);
}

test.each<[string, Uint8Array, string]>([
  ['nothing', new Uint8Array(0), 'empty file'],
  ['a text', Buffer.from('hello, this is a note\n'.repeat(20)), 'it is text and no capture'],
  ['another magic', new Uint8Array(5000).fill(0x99), 'unknown magic 0x99999999'],
  ['a head that is cut', file.subarray(0, 20), 'file header cut short'],
  [
    'classic version 3',
    classicCapture([], { version: [3, 7] }),
    'pcap version 3.7 is not read; versions 2.0 to 2.4 are',
  ],
  ['pcapng version 2', section(2, 5), 'pcapng version 2.5 is not read; versions 1.0 and 1.2 are'],
])('%s is no capture: it says what it is', (_what, bytes, words) => {
  const { notACapture, endState, cut, damage, endOfInput } = outcome(bytes);
  expect({ endState, cut, damage, endOfInput }).toEqual({ endState: null, cut: null, damage: null, endOfInput: false });
  expect(notACapture?.slice(0, words.length)).toBe(words);
});

test('what a file is that is none is told by what was pushed, and by 4 KiB of it at most', () => {
  // The zeros of the window behind a short file are none of its bytes.
  expect(outcome(Buffer.from('a note\n')).notACapture).toMatch(/^it is text and no capture/);
  const scanner = new ChunkScanner(scanModule, first, scanOptions);
  const text = Buffer.concat([Buffer.from('a note\n'.repeat(600)), Uint8Array.of(0, 1, 2, 3)]);
  push(scanner, text, 0);
  expect(scanner.end().notACapture).toMatch(/^it is text and no capture/);
});

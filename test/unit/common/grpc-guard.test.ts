import { EventEmitter } from 'node:events';
import type * as grpc from '@grpc/grpc-js';
import { pino } from 'pino';
import { GrpcGuard, setsResets } from '../../../src/common/grpc-guard.js';
import { grpcGuardLimitsDefault } from '../../../src/common/grpc-guard-limits.js';
import { TokenBucket } from '../../../src/common/rate-limit.js';

/** A guard with a clock of its own that watches one call, whose caller takes nothing of what waits for it. */
function watching(): { counts: ReadonlyMap<string, number>; pass(ms: number): void; close(): void } {
  let nowMs = 0;
  const guard = new GrpcGuard(
    () => false,
    pino({ level: 'silent' }),
    null,
    { ...grpcGuardLimitsDefault, readerTimeoutMs: 5_000, sweepIntervalMs: 1_000 },
    () => nowMs,
  );
  const listener = new EventEmitter();
  guard.watch({ http2Servers: new Map([[listener, {}]]) } as unknown as grpc.Server);
  const stream = Object.assign(new EventEmitter(), {
    writableLength: 1,
    write: () => true,
    respond: () => undefined,
    close: () => undefined,
  });
  listener.emit('stream', stream, { ':path': '/p.S/M' });
  return {
    counts: guard.offences.counts,
    pass: (ms) => {
      nowMs += ms;
      jest.advanceTimersByTime(1_000);
    },
    close: () => guard.close(),
  };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test('a caller that takes nothing is cut off after the time-out', () => {
  const { counts, pass, close } = watching();
  for (let i = 0; i < 5; i++) pass(1_000);
  expect(counts.size).toBe(0);
  pass(1_000);
  expect(counts.get('slow-reader')).toBe(1);
  close();
});

test('no caller is blamed for the time in which the server itself stood still', () => {
  const { counts, pass, close } = watching();
  pass(60_000);
  for (let i = 0; i < 4; i++) pass(1_000);
  expect(counts.size).toBe(0);
  pass(1_000);
  pass(1_000);
  expect(counts.get('slow-reader')).toBe(1);
  close();
});

test('the nghttp2 bound on resets is known to be settable or not by the version of Node', () => {
  expect(['20.20.2', '22.9.0', '22.10.0', '23.0.0', '24.14.1'].map(setsResets)).toEqual([
    false,
    false,
    true,
    true,
    true,
  ]);
});

test('a bucket lets a burst pass, and its rate in the long run', () => {
  const bucket = new TokenBucket(10, 100, 0);
  for (let i = 0; i < 10; i++) expect(bucket.take(0)).toBeLessThanOrEqual(10);
  expect(bucket.take(0)).toBeGreaterThan(10);
  expect(bucket.take(20)).toBeLessThanOrEqual(10);
  expect(bucket.take(20)).toBeGreaterThan(10);
});

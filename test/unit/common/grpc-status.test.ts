import * as grpc from '@grpc/grpc-js';
import { errorKinds, TriremeError, type ErrorCode, type ErrorFacts } from '../../../src/common/errors.js';
import { detailedMessageMax, factsOf, statusDetailsKey, toStatus } from '../../../src/common/grpc-status.js';
import { statusTold as told } from '../../support/status-details.js';

const of = (code: ErrorCode, message: string, facts?: ErrorFacts): ReturnType<typeof toStatus> =>
  toStatus(new TriremeError(code, message, { facts }));

describe('an error over gRPC', () => {
  test('has its code, the value and the bound as ErrorInfo, and the same message in both places', () => {
    const { code, details, metadata } = of('LIMIT_REACHED', 'answers', {
      value: 7,
      bound: 5,
      boundName: 'unreadBytesMax',
    });
    expect([code, details]).toEqual([grpc.status.RESOURCE_EXHAUSTED, 'LIMIT_REACHED: answers']);
    expect(told(metadata)).toEqual({
      code: grpc.status.RESOURCE_EXHAUSTED,
      message: 'LIMIT_REACHED: answers',
      details: {
        ErrorInfo: {
          reason: 'LIMIT_REACHED',
          domain: 'trireme',
          metadata: { value: '7', bound: '5', boundName: 'unreadBytesMax' },
        },
      },
    });
  });

  test.each(Object.keys(errorKinds) as ErrorCode[])(
    '%s has RetryInfo where asking again can help, and only there',
    (code) => {
      const details = told(of(code, 'x').metadata)?.details ?? {};
      expect(details.ErrorInfo).toMatchObject({ reason: code, metadata: {} });
      const wait = { retryDelay: { seconds: 1, nanos: 0 } };
      expect(details.RetryInfo).toEqual(errorKinds[code].retry ? wait : undefined);
    },
  );

  test('says when to ask again where it knows', () => {
    const delay = (retrySeconds: number): unknown =>
      told(of('DEADLINE_PASSED', 'x', { retrySeconds }).metadata)?.details.RetryInfo;
    expect(delay(2.25)).toEqual({ retryDelay: { seconds: 2, nanos: 250_000_000 } });
    expect(delay(-1)).toEqual({ retryDelay: { seconds: 0, nanos: 0 } });
  });

  test(`of more than ${detailedMessageMax} characters has no details, which repeat them`, () => {
    const long = 'x'.repeat(detailedMessageMax - 'USAGE: '.length);
    expect(told(of('USAGE', long).metadata)?.message).toHaveLength(detailedMessageMax);
    expect(told(of('USAGE', `${long}x`).metadata)).toBeNull();
    expect(of('USAGE', `${long}x`).details).toHaveLength(detailedMessageMax + 1);
  });

  test('has facts of at most 256 characters', () => {
    const info = told(of('UNKNOWN_JOB', 'x', { value: 'é'.repeat(300) }).metadata)?.details.ErrorInfo;
    expect(info).toMatchObject({ metadata: { value: 'é'.repeat(256) } });
  });

  test('that is none of ours is INTERNAL', () => {
    expect(told(toStatus(new Error('boom')).metadata)).toMatchObject({
      details: { ErrorInfo: { reason: 'INTERNAL' } },
    });
  });
});

describe('the facts of an error that came over gRPC', () => {
  test.each<ErrorFacts>([
    {},
    { value: 7, bound: 5, boundName: 'unreadBytesMax' },
    { value: 'THUMB' },
    { value: '007', bound: 1.5 },
  ])('are those that it was made with: %j', (facts) => {
    expect(factsOf(of('LIMIT_REACHED', 'x', facts).metadata)).toEqual(facts);
    expect(factsOf(of('QUEUE_FULL', 'x', { ...facts, retrySeconds: 2.25 }).metadata)).toEqual({
      ...facts,
      retrySeconds: 2.25,
    });
  });

  test('are none where the trailer is missing, cut at any byte, or of another kind', () => {
    expect(factsOf(new grpc.Metadata())).toEqual({});
    const whole = of('QUEUE_FULL', 'x', { value: 7 }).metadata.get(statusDetailsKey)[0] as Buffer;
    for (let length = 0; length < whole.length; length++) {
      const metadata = new grpc.Metadata();
      metadata.set(statusDetailsKey, whole.subarray(0, length));
      expect(() => factsOf(metadata)).not.toThrow();
    }
    const other = new grpc.Metadata();
    other.set(statusDetailsKey, Buffer.from('0c0c0c0c', 'hex'));
    expect(factsOf(other)).toEqual({});
  });
});

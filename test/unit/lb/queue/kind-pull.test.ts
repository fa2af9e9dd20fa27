import type { Consumer, JsMsg } from '@nats-io/jetstream';
import { KindPull, type PullPort } from '../../../../src/lb/queue/kind-pull.js';

/**
 * Requests of one kind, whose consumer gives out of `there` as long as it has some; the test ends after so
 * many requests.
 */
async function pulled(
  facts: { readonly slots: number; readonly payloadBytesMax?: number; readonly there: number },
  requests: number,
  more: Partial<PullPort> = {},
): Promise<{ asked: number[]; reserved: number; taken: number }> {
  const asked: number[] = [];
  let [reserved, taken, there] = [0, 0, facts.there];
  const port = {
    ...{ free: 1_000, bytes: 0, closing: false },
    capacity: () => ({ slots: facts.slots, payloadBytesMax: facts.payloadBytesMax ?? 0 }),
    consumer: () =>
      Promise.resolve({
        fetch: ({ max_messages: count }: { max_messages: number }) => {
          asked.push(count);
          const given = Math.min(count, there);
          there -= given;
          if (asked.length === requests) port.closing = true;
          const messages = Array.from({ length: given }, () => ({}) as JsMsg);
          return Promise.resolve(Object.assign(messages, { close: () => Promise.resolve() }));
        },
      } as unknown as Consumer),
    reserve: (count: number) => void (reserved += count),
    take: () => void taken++,
    change: () => {
      port.closing = true;
      return Promise.resolve();
    },
    failed: () => undefined,
    ...more,
  };
  await new KindPull('COPIED', port as PullPort).run();
  return { asked, reserved, taken };
}

test('it asks for one, and for twice as many each time that all come, up to two for each slot', async () => {
  expect(await pulled({ slots: 4, there: 100 }, 5)).toEqual({ asked: [1, 2, 4, 8, 8], reserved: 0, taken: 23 });
});

test('it asks for no more than there is room for, of jobs and of the bytes of the longest payloads', async () => {
  expect((await pulled({ slots: 100, there: 100 }, 4, { free: 3 })).asked).toEqual([1, 2, 3, 3]);
  expect((await pulled({ slots: 100, payloadBytesMax: 10 * 2 ** 20, there: 100 }, 4)).asked).toEqual([1, 2, 3, 3]);
  expect((await pulled({ slots: 100, payloadBytesMax: 2 ** 30, there: 9 }, 2)).asked).toEqual([1, 1]);
  expect((await pulled({ slots: 100, there: 9 }, 2, { bytes: 32 * 2 ** 20 })).asked).toEqual([]);
  expect((await pulled({ slots: 100, there: 9 }, 2, { free: 0 })).asked).toEqual([]);
});

test('it ends when its kind has no workers any more', async () => {
  expect((await pulled({ slots: 0, there: 9 }, 2)).asked).toEqual([]);
});

test('a consumer that answers at once and gives nothing is told, and asked again after a pause', async () => {
  const errors: unknown[] = [];
  const began = performance.now();
  const { asked } = await pulled({ slots: 1, there: 0 }, 2, { failed: (error) => void errors.push(error) });
  expect([asked, errors.length]).toEqual([[1, 1], 1]);
  expect(performance.now() - began).toBeGreaterThan(900);
});

import type { NatsConnection } from '@nats-io/transport-node';
import { TriremeError } from '../../../src/common/errors.js';
import { NatsLink } from '../../../src/nats/nats-link.js';

/** A link to a NATS whose connection says nothing of itself. */
function link(): NatsLink {
  const never: AsyncIterable<never> = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
  const connection = { status: () => never, isClosed: () => false } as unknown as NatsConnection;
  return new NatsLink(connection, 'nats://here', () => undefined);
}

const conflict = Object.assign(new Error('wrong last sequence: 7'), { code: 10071 });

test.each([
  ['a conflict', conflict],
  ['an error of ours', new TriremeError('LIMIT_REACHED', 'too many chunks')],
])('%s is an answer: it is thrown as it is, and not asked for again', async (_what, answer) => {
  for (const way of ['until', 'once'] as const) {
    let tries = 0;
    const work = (): Promise<void> => {
      tries++;
      // Ends in the end, also where it is asked for again.
      return tries > 2 ? Promise.resolve() : Promise.reject(answer);
    };
    await expect(link()[way](work)).rejects.toBe(answer);
    expect(tries).toBe(1);
  }
});

test('what fails otherwise is tried again by until, and told by once', async () => {
  let tries = 0;
  const third = (): Promise<string> => (++tries < 3 ? Promise.reject(new Error('timeout')) : Promise.resolve('done'));
  await expect(link().until(third)).resolves.toBe('done');
  await expect(link().once(() => Promise.reject(new Error('timeout')))).rejects.toMatchObject({
    code: 'STATE_FAILED',
    message: 'nats://here does not answer: timeout: ask again later',
  });
});

test('once the ledger is closed nothing is tried again', async () => {
  const closing = link();
  closing.end();
  await expect(closing.until(() => Promise.reject(new Error('timeout')))).rejects.toMatchObject({
    code: 'STATE_FAILED',
  });
});

import { PassThrough } from 'node:stream';
import type { Socket } from 'node:net';
import { pino } from 'pino';
import { ListenerTrust } from '../../../src/common/trust/listener-trust.js';
import { Gate } from '../../../src/lb/gate.js';
import { authTimeoutMs } from '../../../src/lb/limits.js';

const silent = pino({ level: 'silent' });
const settings = { token: { from: 'text', text: 'secret' }, tls: null } as const;

function open() {
  const trust = new ListenerTrust(settings, silent);
  const socket = new PassThrough();
  const heard: string[] = [];
  const gate = new Gate(socket as unknown as Socket, trust.token!, trust, {
    admitted: (_gate, rest) => heard.push(`admitted ${rest.toString()}`),
    refused: (_gate, line) => heard.push(line),
    left: () => heard.push('left'),
  });
  const say = async (text: string): Promise<void> => {
    socket.write(text);
    await new Promise(process.nextTick);
  };
  return { gate, heard, say, socket, refusals: () => [...trust.refusals.counts.keys()] };
}

beforeEach(() => jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] }));
afterEach(() => jest.useRealTimers());

describe('gate', () => {
  test('lets in who presents the token, with what came behind it, and hears nothing more', async () => {
    const { heard, say, refusals } = open();
    await say('AUTH secret\n1,2');
    await say('3');
    jest.advanceTimersByTime(authTimeoutMs);
    expect(heard).toEqual(['admitted 1,2']);
    expect(refusals()).toEqual([]);
  });

  test('refuses a wrong token and no token in the same words', async () => {
    const wrong = open();
    await wrong.say('AUTH Secret\n1');
    const none = open();
    await none.say('1');
    expect(wrong.heard).toEqual([expect.stringMatching(/^ERROR UNAUTHENTICATED: a valid token is needed/)]);
    expect(none.heard).toEqual(wrong.heard);
    expect([wrong.refusals(), none.refusals()]).toEqual([['tcp wrong-token'], ['tcp no-token']]);
  });

  test('does not wait for ever', async () => {
    const { heard, say, refusals } = open();
    await say('AUTH sec');
    jest.advanceTimersByTime(authTimeoutMs - 1);
    expect(heard).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(heard).toEqual([expect.stringMatching(/^ERROR UNAUTHENTICATED/)]);
    expect(refusals()).toEqual(['tcp late']);
  });

  test('forgets a client that goes', async () => {
    const { heard, socket } = open();
    socket.destroy();
    await new Promise(process.nextTick);
    expect(heard).toEqual(['left']);
    jest.advanceTimersByTime(authTimeoutMs);
    expect(heard).toEqual(['left']);
  });
});

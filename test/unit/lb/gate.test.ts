import { chmodSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import type { Socket } from 'node:net';
import { pino } from 'pino';
import { ListenerTrust } from '../../../src/common/trust/listener-trust.js';
import { Gate } from '../../../src/lb/gate.js';
import { authTimeoutMs } from '../../../src/lb/limits.js';
import type { TrustSettings } from '../../../src/common/trust/options.js';
import { scratchFolder } from '../../support/scratch.js';
import { TestCertificates } from '../../support/test-certificates.js';

const scratch = scratchFolder();
const silent = pino({ level: 'silent' });
const settings = { token: { from: 'text', text: 'secret' }, credentials: null, tls: null } as const;

function open(trust = new ListenerTrust(settings, silent), certificate: string | null = null) {
  const socket = new PassThrough();
  const heard: string[] = [];
  const gate = new Gate(
    socket as unknown as Socket,
    trust,
    {
      admitted: (_gate, rest) => heard.push(`admitted ${rest.toString()}`),
      refused: (_gate, line) => heard.push(line),
      left: () => heard.push('left'),
    },
    certificate,
  );
  const say = async (text: string): Promise<void> => {
    socket.write(text);
    await new Promise(process.nextTick);
  };
  return { gate, heard, say, socket, refusals: () => [...trust.refusals.counts.keys()] };
}

/** Whom a file of credentials admits, on a port with mutual TLS. */
function fromFile(): ListenerTrust {
  return new ListenerTrust({ token: null, tls, credentials }, silent);
}

let tls: TrustSettings['tls'];
let credentials: string;
beforeAll(async () => {
  const made = await TestCertificates.make(scratch.path);
  tls = { cert: made.cert('server'), key: made.key('server'), ca: made.cert('ca') };
  credentials = scratch.file('credentials', 'worker rack w\nclient ada certificate\n');
  chmodSync(credentials, 0o600);
});

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

  test('refuses a token of another role in words, which are counted apart', async () => {
    const { heard, say, refusals } = open(fromFile());
    await say('AUTH w\n1');
    expect(heard).toEqual([
      expect.stringMatching(/^ERROR NOT_ALLOWED: the credential 'rack' has the role worker here/),
    ]);
    expect(refusals()).toEqual(['tcp role']);
  });

  test('lets a listed certificate in without the line, with all that came, or with nothing in time', async () => {
    const asks = open(fromFile(), 'ada');
    await asks.say('1,');
    await asks.say('2');
    const begins = open(fromFile(), 'ada');
    await begins.say('AU');
    await begins.say('1,2');
    const silentOne = open(fromFile(), 'ada');
    jest.advanceTimersByTime(authTimeoutMs);
    expect([asks.heard, begins.heard, silentOne.heard]).toEqual([['admitted 1,'], ['admitted AU1,2'], ['admitted ']]);
    const stranger = open(fromFile(), 'eve');
    await stranger.say('1,2');
    expect(stranger.heard).toEqual([expect.stringMatching(/^ERROR UNAUTHENTICATED/)]);
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

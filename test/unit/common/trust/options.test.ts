import { Command } from 'commander';
import {
  addDiallerTrust,
  addListenerTrust,
  compileDiallerTrust,
  compileDiscoveredTrust,
  compileListenerTrust,
  noTrust,
  parseToken,
  tokenLengthMax,
  type TrustOptions,
} from '../../../../src/common/trust/options.js';

const pair = { tlsCert: 'c.crt', tlsKey: 'c.key' };

describe('options about credentials', () => {
  test('nothing said is no credentials', () => {
    expect(compileListenerTrust({}, {})).toEqual(noTrust);
    expect(compileDiallerTrust({}, {})).toEqual(noTrust);
  });

  test('a token comes from the option, else from the file, else from the environment', () => {
    const env = { TRIREME_TOKEN: 'from-env' };
    expect(compileListenerTrust({ token: 'given' }, env).token).toEqual({ from: 'text', text: 'given' });
    expect(compileListenerTrust({ tokenFile: 'f' }, env).token).toEqual({ from: 'file', path: 'f' });
    expect(compileDiallerTrust({}, env).token).toEqual({ from: 'text', text: 'from-env' });
    expect(compileDiallerTrust({}, { TRIREME_TOKEN: '' }).token).toBeNull();
  });

  test.each<[string, TrustOptions, string]>([
    ['a certificate without its key', { tlsCert: 'c' }, '--tls-cert c needs --tls-key'],
    ['a key without its certificate', { tlsKey: 'k' }, '--tls-key k needs --tls-cert'],
    ['an authority without a certificate', { tlsCa: 'a' }, '--tls-ca a needs --tls-cert and --tls-key'],
    ['TLS on the TCP port without a certificate', { tcpTls: true }, '--tcp-tls needs --tls-cert'],
  ])('a listener refuses %s', (_name, options, message) => {
    expect(() => compileListenerTrust(options, {})).toThrow(expect.objectContaining({ code: 'USAGE' }));
    expect(() => compileListenerTrust(options, {})).toThrow(message);
  });

  test('a dialler that presents a certificate must know whom to trust', () => {
    expect(() => compileDiallerTrust(pair, {})).toThrow('needs --tls-ca FILE, or --tls');
    expect(compileDiallerTrust({ ...pair, tls: true }, {}).tls).toEqual({ cert: 'c.crt', key: 'c.key', ca: null });
    expect(compileDiallerTrust({ tlsCa: 'a' }, {}).tls).toEqual({ cert: null, key: null, ca: 'a' });
  });

  test('a file of credentials stands for itself: no token beside it, and none from the environment', () => {
    expect(compileListenerTrust({ credentials: 'f' }, { TRIREME_TOKEN: 'x' })).toEqual({
      ...noTrust,
      credentials: 'f',
    });
    for (const beside of [{ token: 't' }, { tokenFile: 't' }])
      expect(() => compileListenerTrust({ credentials: 'f', ...beside }, {})).toThrow(
        /--credentials f says who may do what/,
      );
  });

  test('a token goes to a discovered hub only with an authority to trust', () => {
    expect(compileDiscoveredTrust({}, {})).toEqual(noTrust);
    expect(compileDiscoveredTrust({ token: 't', tlsCa: 'a' }, {}).token).not.toBeNull();
    expect(compileDiscoveredTrust({ ...pair, tls: true }, {}).tls).not.toBeNull();
    for (const [options, env] of [
      [{ token: 't' }, {}],
      [{ token: 't', tls: true }, {}],
      [{ ...pair, tls: true }, { TRIREME_TOKEN: 't' }],
    ] as const)
      expect(() => compileDiscoveredTrust(options, env)).toThrow(expect.objectContaining({ code: 'REFUSED_EXPOSED' }));
  });

  test('the name of the other side needs TLS', () => {
    expect(compileDiallerTrust({ tlsCa: 'a', tlsName: 'hub' }, {}).tlsName).toBe('hub');
    expect(() => compileDiallerTrust({ tlsName: 'hub' }, {})).toThrow(/--tls-name hub .* needs --tls-ca/);
  });

  test('settings are frozen', () => {
    const settings = compileListenerTrust({ ...pair, token: 't' }, {});
    expect([settings, settings.tls].every(Object.isFrozen)).toBe(true);
  });

  test.each(['', 'two words', 'line\nbreak', 'ünicode', 'x'.repeat(tokenLengthMax + 1)])(
    'a token that is %j is refused without being repeated',
    (token) => {
      expect(() => parseToken(token)).toThrow(/^a token is 1 to 512 printable ASCII characters without blanks$/);
    },
  );

  test('a malformed token of the environment is named by its variable and not repeated', () => {
    expect(() => compileListenerTrust({}, { TRIREME_TOKEN: 'se cret' })).toThrow(/^TRIREME_TOKEN: a token is/);
  });

  test.each([addListenerTrust, addDiallerTrust])('%p refuses a token and a token file together', (add) => {
    const command = add(new Command())
      .exitOverride()
      .configureOutput({ writeErr: () => undefined });
    expect(() => command.parse(['--token', 'a', '--token-file', 'b'], { from: 'user' })).toThrow(/cannot be used with/);
  });
});

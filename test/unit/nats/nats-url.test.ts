import { natsFiles, natsName, natsUrl, natsUser } from '../../../src/nats/nats-url.js';

const none = { tls: false, user: null, pass: null, token: null };

test.each([
  ['nats://a', { ...none, servers: ['a:4222'] }],
  ['nats://a:1,b:2,[::1]:3', { ...none, servers: ['a:1', 'b:2', '[::1]:3'] }],
  ['nats://a:1,nats://b:2/', { ...none, servers: ['a:1', 'b:2'] }],
  ['tls://u:p%40ss@a:1,b', { ...none, tls: true, user: 'u', pass: 'p@ss', servers: ['a:1', 'b:4222'] }],
  ['nats://t0ken@a', { ...none, token: 't0ken', servers: ['a:4222'] }],
])('%s is read as the nats tool reads it', (text, settings) => {
  expect(natsUrl(text)).toEqual(settings);
  expect(natsName(settings)).not.toMatch(/p@ss|t0ken/);
});

test.each(['', 'a:1', 'http://a', 'nats://', 'nats://a:99999', 'nats://a,', 'nats://a/b'])(
  "'%s' is refused",
  (text) => {
    expect(() => natsUrl(text)).toThrow(/is not nats:\/\/HOST:PORT/);
  },
);

test('what is refused is repeated without user and password, whatever is in them', () => {
  for (const user of ['u:secret', 'u:se@secret', 'u:se/secret', 'secret'])
    expect(() => natsUrl(`nats://${user}@a:99999`)).toThrow(/^'nats:\/\/a:99999' is not/);
});

test('a file that a variable of the nats tool names and that is not there is wrong usage', () => {
  expect(() => natsFiles({ NATS_CREDS: '/no/such.creds' })).toThrow(/^NATS_CREDS=\/no\/such.creds: ENOENT/);
  expect(() => natsFiles({ NATS_CA: '/dev/zero' })).toThrow(/^NATS_CA=\/dev\/zero: not a regular file/);
  expect(natsFiles({})).toEqual({ creds: null, nkeySeed: null, ca: null, cert: null, key: null });
});

test('a URL without a user takes those of the variables, and one with a user or a token keeps its own', () => {
  const env = { NATS_USER: 'u', NATS_PASSWORD: 'p' };
  expect(natsUser(natsUrl('nats://a'), env)).toEqual({ user: 'u', pass: 'p', token: null });
  expect(natsUser(natsUrl('nats://a'), { NATS_TOKEN: 't' })).toEqual({ user: null, pass: null, token: 't' });
  expect(natsUser(natsUrl('nats://v:q@a'), env)).toEqual({ user: 'v', pass: 'q', token: null });
  expect(natsUser(natsUrl('nats://t@a'), env)).toEqual({ user: null, pass: null, token: 't' });
  expect(natsUser(natsUrl('nats://a'), {})).toEqual({ user: null, pass: null, token: null });
});

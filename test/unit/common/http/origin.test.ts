import { httpOrigin, whyForeign } from '../../../../src/common/http/origin.js';

const rules = { foreignHosts: false, origins: ['https://jobs.example'] };

describe('whom a port of HTTP answers to', () => {
  test.each(['localhost:8051', '127.0.0.1:8051', '[::1]:8051', 'LOCALHOST', 'x.localhost'])(
    'a name of this machine, %s, is one',
    (host) => expect(whyForeign({ host }, rules)).toBeNull(),
  );

  test('another name is refused with it, where callers prove nothing and the port is on loopback', () => {
    const refusal = whyForeign({ host: 'evil.example:8051' }, rules);
    expect(refusal).toEqual({ reason: 'host', message: expect.stringContaining('"evil.example:8051"') as string });
    expect(whyForeign({ host: 'evil.example:8051' }, { ...rules, foreignHosts: true })).toBeNull();
  });

  test('pages are refused but those that are listed, to the letter', () => {
    const of = (origin: string): string | undefined => whyForeign({ host: 'localhost', origin }, rules)?.reason;
    expect(of('https://jobs.example')).toBeUndefined();
    for (const other of ['http://jobs.example', 'https://jobs.example:444', 'https://a.jobs.example', 'null', ''])
      expect(of(other)).toBe('origin');
  });

  test('a long name is shown cut', () => {
    expect(whyForeign({ host: 'x'.repeat(10_000) }, rules)?.message.length).toBeLessThan(300);
  });
});

describe('--http-origin', () => {
  test.each([
    ['https://jobs.example', 'https://jobs.example'],
    ['http://localhost:8000/', 'http://localhost:8000'],
    ['https://jobs.example:443', 'https://jobs.example'],
  ])('%s is %s', (value, origin) => {
    // The port of the scheme is not written by browsers.
    if (value.endsWith(':443')) expect(new URL(value).origin).toBe(origin);
    expect(httpOrigin(value)).toBe(origin);
  });

  test.each([
    '*',
    'null',
    'jobs.example',
    'https://jobs.example/path',
    'ftp://jobs.example',
    'https://u@jobs.example',
    '',
  ])("'%s' is refused with the form that it should have", (value) =>
    expect(() => httpOrigin(value)).toThrow(/scheme, host and port/),
  );
});

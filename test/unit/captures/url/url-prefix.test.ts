import fc from 'fast-check';
import { UrlPrefix } from '../../../../src/captures/url/url-prefix.js';
import { holds } from '../../../support/property.js';

const allows = (prefix: string, url: string): boolean => UrlPrefix.parse(prefix).allows(new URL(url));

test.each([
  ['https://store.example/captures', 'https://store.example/captures'],
  ['https://store.example/captures', 'https://store.example/captures/day.pcap?signature=x'],
  ['https://store.example/captures/', 'https://store.example/captures/a/b.pcap'],
  ['https://store.example', 'https://store.example/anything'],
  ['https://store.example:443/', 'https://STORE.example/anything'],
  ['http://[::1]:8080/', 'http://[::1]:8080/x'],
  ['https://store.example/a', 'https://store.example/b/../a/x'],
  ['https://store.example/c', 'https://store.example/c/day%20one.pcap'],
  ['https://store.example/c', 'https://store.example/c/100%25.pcap'],
  ['https://store.example/c', 'https://store.example/c/50%25%20%C3%BCber.pcap'],
  ['https://store.example/c', 'https://store.example/c/..hidden/a..b/...x;v=1'],
  ['https://store.example/o', 'https://store.example/o/folder%2Fday.pcap?alt=media'],
  ['https://store.example/c', 'https://store.example/c/日.pcap'],
])('--allow-url %s allows %s', (prefix, url) => {
  expect(allows(prefix, url)).toBe(true);
});

test.each([
  ['https://store.example/captures', 'https://store.example/captures-of-others/x'],
  ['https://store.example/captures', 'https://store.example/captures/../secret'],
  ['https://store.example/captures', 'https://store.example/captures/%2e%2e/secret'],
  ['https://store.example/captures', 'https://store.example/captures/..%2fsecret'],
  ['https://store.example/captures', 'https://store.example/captures/%252e%252E%255csecret'],
  ['https://store.example', 'https://store.example.evil.example/x'],
  ['https://store.example', 'https://store.example@evil.example/x'],
  ['https://store.example', 'https://user@store.example/x'],
  ['https://store.example', 'http://store.example/x'],
  ['https://store.example', 'https://store.example:8443/x'],
  ['http://127.0.0.1:80/', 'http://127.0.0.1:8080/x'],
])('--allow-url %s refuses %s', (prefix, url) => {
  expect(allows(prefix, url)).toBe(false);
});

/** `..` as servers may read it: each leaves /c there. */
const climbing = [
  ...['..;/s', '..;a=b/s', '%2e%2e;/s', '..%3b/s', '..%3Bx/s', '.%2e%3b/s', '..;', 'x/..;/..;/s'],
  ...['%2e%2e%2fs', '..%2fs', '..%2Fs', '%252e%252e/s', '..%252fs', '%25252e%25252e%25252fs', '%2525252525252e%252e/s'],
  ...['..%5cs', '..%5Cs', '..%255cs', '%c0%ae%c0%ae/s', '%C0%AE%C0%AE%C0%AFs', '..%c0%afs', '..%c1%9cs', '..%c1%1cs'],
  ...['%e0%80%ae%e0%80%ae/s', '%f0%80%80%ae%f0%80%80%ae/s', '%25c0%25ae%25c0%25ae/s', '..%e0%80%afs'],
  ...['..%00/s', '..%09/s', '..%0a/s', '..%0d%0as', '%09../s', '..%20/s', '.%20./s', '.. /s', '..%7f/s', '..%c2%a0/s'],
  ...['..%3f/s', '..%23/s', '%u002e%u002e/s', '..%u2215s%u002f', '%uff0e%uff0e/s', '．．;/s', '%ef%bc%8e%ef%bc%8e/s'],
  ...['%E2%80%A5/s', '..%ef%bc%8fs', '...%2fs', '..\\;/s', '.\t./s', '..\t/s', '\t..;/s', '%ff/s', 'a%80b'],
];

test.each(climbing)(
  '--allow-url refuses a path that some server reads as one that climbs, or none as text: /c/%s',
  (path) => {
    for (const prefix of ['https://h.example/c', 'https://h.example/c/', 'https://h.example/c/x'])
      expect([prefix, allows(prefix, `https://h.example/c/${path}`)]).toEqual([prefix, false]);
  },
);

/** How servers turn a path into folders, each more careless than the text of any standard. */
const steps: readonly ((path: string) => string)[] = [
  (path) => path.replace(/%([0-9a-f]{2})/gi, (_whole, hex: string) => String.fromCharCode(parseInt(hex, 16))),
  // Overlong and broken UTF-8, bytes as characters: the low bits are what counts.
  (path) => path.replace(/[\xc0\xc1](.)/gs, (whole: string, next: string) => lowBits(whole, next)),
  (path) => path.replace(/[\xe0]\x80(.)/gs, (_whole, next: string) => String.fromCharCode(next.charCodeAt(0) & 0x3f)),
  (path) => path.replaceAll('\\', '/'),
  (path) => path.replace(/;[^/]*/g, ''),
  (path) => path.replace(/\0.*$/s, ''),
  (path) => path.replace(/[?#].*$/s, ''),
  (path) => path.replace(/\s/g, ''),
  (path) => path.normalize('NFKC'),
];
const lowBits = (two: string, next: string): string =>
  String.fromCharCode(((two.charCodeAt(0) & 0x1f) << 6) | (next.charCodeAt(0) & 0x3f));

test('what is allowed stays below the prefix on every server that decodes and drops what it likes, in any order', () => {
  const pieces = [
    ...[
      '.',
      '..',
      '/',
      '\\',
      ';',
      ';a=b',
      'a',
      'secret',
      '\t',
      ' ',
      '%',
      '%2e',
      '%2E',
      '%2f',
      '%5c',
      '%3b',
      '%25',
      '2e',
    ],
    ...[
      '%c0%ae',
      '%c0%af',
      '%c1%9c',
      '%e0%80%ae',
      '%00',
      '%09',
      '%20',
      '%3f',
      '%23',
      '%ef%bc%8e',
      '．',
      '%2525',
      '%c3%a9',
    ],
  ];
  let allowed = 0;
  holds(
    fc.tuple(
      fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 10 }),
      fc.array(fc.constantFrom(...steps), { maxLength: 8 }),
    ),
    ([path, server]) => {
      const url = new URL(`https://h.example/c/${path.join('')}`);
      if (!UrlPrefix.parse('https://h.example/c').allows(url)) return;
      allowed++;
      const read = server.reduce((text, step) => step(text), url.pathname);
      expect(new URL(read.replace(/[?#%\s]/g, '_'), 'https://h.example').pathname).toMatch(/^\/c(\/|$)/);
    },
    20_000,
  );
  expect(allowed).toBeGreaterThan(100);
});

test.each(['https://h.example/c/..;/', 'https://h.example/%c0%ae%c0%ae/', 'https://h.example/a%2f..%2fb'])(
  'a prefix that servers read differently is refused at once: %s',
  (text) => {
    expect(() => UrlPrefix.parse(text)).toThrow(/^--allow-url '.*': its path /);
  },
);

test.each([
  'store.example/captures',
  'ftp://store.example/',
  'https://u:p@store.example/',
  'https://store.example/?a=b',
  '',
])("'%s' is no prefix, which is told with the option", (text) => {
  expect(() => UrlPrefix.parse(text)).toThrow(/^--allow-url '/);
});

test('what is refused is told without its user and query, which may be secrets', () => {
  for (const prefix of ['https://u:secret@h.example/c', 'https://h.example/c?sig=secret'])
    expect(() => UrlPrefix.parse(prefix)).toThrow(/^--allow-url 'https:\/\/h\.example\/c': a prefix has no /);
});

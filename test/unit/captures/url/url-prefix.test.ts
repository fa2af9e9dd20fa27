import { UrlPrefix } from '../../../../src/captures/url/url-prefix.js';

const allows = (prefix: string, url: string): boolean => UrlPrefix.parse(prefix).allows(new URL(url));

test.each([
  ['https://store.example/captures', 'https://store.example/captures'],
  ['https://store.example/captures', 'https://store.example/captures/day.pcap?signature=x'],
  ['https://store.example/captures/', 'https://store.example/captures/a/b.pcap'],
  ['https://store.example', 'https://store.example/anything'],
  ['https://store.example:443/', 'https://STORE.example/anything'],
  ['http://[::1]:8080/', 'http://[::1]:8080/x'],
  ['https://store.example/a', 'https://store.example/b/../a/x'],
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

test.each(['store.example/captures', 'ftp://store.example/', 'https://u:p@store.example/', 'https://store.example/?a=b', ''])(
  "'%s' is no prefix, which is told with the option",
  (text) => {
    expect(() => UrlPrefix.parse(text)).toThrow(/^--allow-url '/);
  },
);

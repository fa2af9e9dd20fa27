import { isUrl, shownName } from '../../../../src/captures/file/capture-name.js';

test.each([
  ['https://store.example/day.pcap?X-Amz-Signature=secret', 'https://store.example/day.pcap'],
  ['HTTP://store.example/day.pcap#secret', 'HTTP://store.example/day.pcap'],
  ['https://user:secret@store.example/day.pcap', 'https://store.example/day.pcap'],
  ['https://store.example/a@b.pcap', 'https://store.example/a@b.pcap'],
  ['https://store.example?secret/@x', 'https://store.example'],
])('%s is a URL, shown without what is secret in it', (name, shown) => {
  expect(isUrl(name)).toBe(true);
  expect(shownName(name)).toBe(shown);
});

test.each(['day.pcap?x=y', '/http://x', 'https:/x', '-', 'ftp://x/y?z'])('%s is a file', (name) => {
  expect(isUrl(name)).toBe(false);
  expect(shownName(name)).toBe(name);
});

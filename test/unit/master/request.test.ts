import type { AnalyzeOptions } from '../../../src/gen/trireme/v1/capture.js';
import { compileRequest } from '../../../src/master/request.js';

const none: AnalyzeOptions = {
  client: '',
  server: '',
  top: 0,
  sort: '',
  intervalNs: 0n,
  conversationsMax: 0,
  filter: '',
  filterTags: '',
};
const request = (options: Partial<AnalyzeOptions>, path = 'a.pcap', waitMs = 0) =>
  compileRequest(
    { path, identity: undefined, options: { ...none, ...options }, waitMs, name: '', detach: false },
    1234,
  );

test('what is not said has its default', () => {
  expect(request({})).toMatchObject({
    path: 'a.pcap',
    identity: null,
    top: 10,
    sort: 'bytes',
    waitMs: 1234,
    scan: { intervalNs: null, conversationsMax: 4_194_304, connection: null },
  });
});

test('bounds are counted from 1970 or from the first packet', () => {
  const { scan } = request({ afterFirstNs: 5n, beforeNs: 9n });
  expect(scan.span).toEqual({ after: '+5', before: '9' });
});

test('endpoints are taken in any spelling and kept in one', () => {
  const { scan } = request({ client: '[2001:DB8:0::1]:80', server: '[::1]:443' });
  expect(scan.connection).toEqual({ client: '[2001:db8::1]:80', server: '[::1]:443' });
});

test.each<[string, Partial<AnalyzeOptions>, RegExp]>([
  ['only one end', { client: '1.2.3.4:5' }, /both or neither/],
  ['an end that is none', { client: 'x', server: '1.2.3.4:5' }, /client: "x"/],
  ['ends of two IP versions', { client: '1.2.3.4:5', server: '[::1]:5' }, /two IP versions/],
  ['too many rows', { top: 50_001 }, /top 50001 is not a whole number from 1 to 50000/],
  ['an unknown order', { sort: 'size' }, /sort 'size'/],
  ['an interval that is too long', { intervalNs: 2n ** 61n }, /interval_ns of \d+ ns is not from 1 to/],
  [
    'too many conversations',
    { conversationsMax: 16_777_217 },
    /^conversations_max 16777217 is not a whole number from 1 to 16777216$/,
  ],
  ['two bounds of one kind', { afterNs: 1n, afterFirstNs: 1n }, /after_ns and after_first_ns/],
  ['a bound past 64 bits', { beforeFirstNs: 2n ** 63n }, /before_ns '\+9223372036854775808' is no time in 64 bits/],
])('%s is refused with the value and the bound', (_what, options, reason) => {
  expect(() => request(options)).toThrow(reason);
});

test.each([
  ['', /path is empty/],
  ['x'.repeat(5000), /5000 characters/],
  ['a\0b', /NUL/],
])('the path %j is refused', (path, reason) => {
  expect(() => request({}, path)).toThrow(reason);
});

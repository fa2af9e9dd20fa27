import { unheeded } from '../../../src/analyze/followed-call.js';
import type { AnalyzeOptions } from '../../../src/gen/trireme/v1/capture.js';

const plain: AnalyzeOptions = {
  ...{
    client: '',
    server: '',
    top: 10,
    sort: 'bytes',
    intervalNs: 0n,
    conversationsMax: 1,
    filter: '',
    filterTags: '',
  },
};

test.each<[Partial<AnalyzeOptions>, string]>([
  [{ filter: 'tcp' }, '--filter'],
  [{ filterTags: 'transparent' }, '--filter-tags'],
  [{ afterNs: 0n }, '--after'],
  [{ beforeFirstNs: 5n }, '--before from the first packet'],
])('a master that has accepted %p and does not tell it is of an earlier version', (asked, option) => {
  const request = { ...plain, ...asked };
  expect(unheeded(request, plain)).toBe(option);
  expect(unheeded(request, undefined)).toBe(option);
  expect(unheeded(request, request)).toBeNull();
});

test('what is not asked for is not missed', () => {
  expect([unheeded(undefined, plain), unheeded(plain, plain), unheeded(plain, undefined)]).toEqual([null, null, null]);
});

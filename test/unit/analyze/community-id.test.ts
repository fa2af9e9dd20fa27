import { communityId, withCommunityIds } from '../../../src/analyze/community-id.js';
import { formatEndpoint, parseEndpoint } from '../../../src/pcap/endpoint.js';
import { sampleEntry } from '../../support/sample-entry.js';

/** Published by the authors of Community ID: corelight/community-id-spec and Zeek's tests. */
test.each([
  ['tcp', '66.35.250.204:80', '128.232.110.120:34855', 0, '1:LQU9qZlK+B5F3KDmev6m5PMibrg='],
  ['tcp', '66.35.250.204:80', '128.232.110.120:34855', 1, '1:3V71V58M3Ksw/yuFALMcW0LAHvc='],
  ['udp', '8.8.8.8:53', '192.168.1.52:54585', 0, '1:d/FP5EW3wiY1vCndhwleRRKHowQ='],
  ['udp', '8.8.8.8:53', '192.168.1.52:54585', 1, '1:Q9We8WO3piVF8yEQBNJF4uiSVrI='],
  [
    'tcp',
    '[2001:470:e5bf:dead:4957:2174:e82c:4887]:63943',
    '[2607:f8b0:400c:c03::1a]:25',
    0,
    '1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=',
  ],
  ['tcp', '1.2.3.4:1122', '5.6.7.8:3344', 0, '1:wCb3OG7yAFWelaUydu0D+125CLM='],
  ['udp', '1.2.3.4:1122', '5.6.7.8:3344', 0, '1:0Mu9InQx6z4ZiCZM/7HXi2WMhOg='],
] as const)('%s %s %s with seed %i is %s', (proto, a, b, seed, id) => {
  expect(communityId({ proto, a, b }, seed)).toBe(id);
});

test('the endpoints of a conversation stand in the order of Community ID', () => {
  // By address as bytes, then by port, which is not the order of their texts.
  for (const [a, b] of [
    ['9.0.0.1:80', '10.0.0.1:80'],
    ['10.0.0.1:9', '10.0.0.1:1000'],
  ]) {
    const [one, other] = [parseEndpoint(a), parseEndpoint(b)];
    expect(Buffer.compare(one.address, other.address) || one.port - other.port).toBeLessThan(0);
    expect([formatEndpoint(one), formatEndpoint(other)]).toEqual([a, b]);
  }
});

test('each conversation has its id, and a file without counts has none', () => {
  const entry = withCommunityIds(sampleEntry(), 0) as ReturnType<typeof sampleEntry>;
  const [row] = sampleEntry().top;
  expect([...entry.top]).toEqual([{ ...row, community_id: communityId(row, 0) }]);
  const failed = { file: 'b.pcap', error: 'unreadable', error_detail: 'no such file' } as const;
  expect(withCommunityIds(failed, 0)).toBe(failed);
});

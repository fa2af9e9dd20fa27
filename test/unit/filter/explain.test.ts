import { explainFilter } from '../../../src/analyze/filter-text.js';
import { Filter } from '../../../src/filter/compile.js';

const explained = (expression: string): string => explainFilter(new Filter(expression));

test('a filter is told in words, line by line', () => {
  expect(explained('tcp port https and not (net 10.1 or src host ::1)')).toContain(
    [
      'Matches packets that are',
      '  all of',
      '    TCP, and the source or the destination is port 443 (https)',
      '    not',
      '      any of',
      '        IPv4, ARP or RARP, and the source or the destination is in 10.1.0.0/16',
      '        IPv6, and the source is ::1',
    ].join('\n'),
  );
});

test.each([
  ['vlan or ip', "'vlan' is followed by 'or'"],
  ['not vlan and ip', "'not vlan' is followed by 'and'"],
  ['ip and not ip', 'no packet can match'],
  ['tcp and udp', 'no packet can match'],
  ['ip or not ip', 'every packet matches'],
  ['tcp[13] = 2', 'over IPv4 only'],
  ['len - tcp[12] > 5', "the right side of '-' is not asked for"],
])('%s: the warning says %s', (expression, warning) => {
  expect(explained(expression)).toContain('WARNING: ');
  expect(explained(expression)).toContain(warning);
});

test.each(['tcp', 'ip or vlan', 'vlan and ip', 'port 80 or 443'])('%s gives no warning', (expression) => {
  expect(explained(expression)).not.toContain('WARNING');
});

test('link types that have no Ethernet addresses are named with the reason', () => {
  const text = explained('ether host 1:2:3:4:5:6');
  expect(text).toContain('Link types: Ethernet (1)\n');
  expect(text).toMatch(/^Not NULL \(0\), PPP \(9\).*: this link type has no Ethernet addresses here$/m);
});

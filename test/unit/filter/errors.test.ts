import { Filter } from '../../../src/filter/compile.js';
import { FilterError } from '../../../src/filter/filter-error.js';
import { filterCharsMax } from '../../../src/filter/scanner.js';
import { filterDepthMax } from '../../../src/filter/token-stream.js';

function messageOf(expression: string, link = 1): string {
  try {
    new Filter(expression).for(link);
  } catch (error) {
    if (error instanceof FilterError) return error.message;
    throw error;
  }
  throw new Error(`'${expression}' was taken`);
}

test.each([
  ['net 10/8', "at character 7, '/'", 'write net 10.0.0.0/8'],
  ['net 10.0.0.1/8', "at character 1, 'net 10.0.0.1/8'", 'write net 10.0.0.0/8'],
  ['10.0.0.1', "at character 1, '10.0.0.1'", 'write host 10.0.0.1'],
  ['tcp and 10.0.0.1', "at character 9, '10.0.0.1'", 'write host 10.0.0.1'],
  ['tcp or 80', 'a bare number says nothing', 'port 80'],
  ['tcp 80', 'keyword is missing', 'tcp port 80'],
  ['ip 10.0.0.1', "at character 4, '10.0.0.1'", 'write ip host 10.0.0.1'],
  ['tcp host 10.0.0.1', 'no addresses', 'write tcp and host 10.0.0.1'],
  ['ip port 80', 'no ports', 'write ip and port 80'],
  ['host example.com', 'not looked up', 'write the address'],
  ['port 80-90', "no service is named '80-90'", 'write portrange 80-90'],
  ['port 70000', 'port 70000 is over 65535', ''],
  ['ip proto tcp', 'behind a backslash', '\\tcp'],
  ['tcp &  udp', "'&' joins numbers", "'&&'"],
  ['tcp and', 'at its end', "expected a condition after 'and'"],
  ['(tcp', 'at its end', "expected ')' for the '(' at character 1"],
  ['tcp)', "at character 4, ')'", "no '('"],
  ['foo', 'no word of the language', 'port foo'],
  ['1:2:3:4:5:6', 'Ethernet address needs', 'write ether host 1:2:3:4:5:6'],
  ['tcp[0:3] = 1', "at character 7, '3'", '1, 2 or 4'],
  ['tcp[13]', 'no condition', 'compare it'],
  ['vlan 5000', "at character 6, '5000'", '4095'],
  ['gateway 10.0.0.1', 'refused', 'names are not looked up'],
  ['geneve', 'refused', 'port 6081'],
  ['wlan type mgt', 'refused', '802.11'],
  ['host 10.0.0.256', '256 is over 255', ''],
  ['port 089', 'octal', 'write 89'],
  ['src 10.0.0.0/8', 'a mask is of a network', 'write src net 10.0.0.0/8'],
])('%s: the error says where and what to write', (expression, where, remedy) => {
  expect(messageOf(expression)).toContain(where);
  expect(messageOf(expression)).toContain(remedy);
});

test.each([
  ['ether host 1:2:3:4:5:6', 12, 'raw IP'],
  ['vlan', 113, 'Linux cooked v1'],
  ['broadcast', 0, 'NULL'],
  ['tcp', 220, 'link type 220'],
  ['inbound', 1, 'Ethernet'],
])('%s of link type %i is refused in words that name it', (expression, link, name) => {
  expect(messageOf(expression, link)).toContain(name);
});

test('an expression may be as long as the bound, and no longer', () => {
  expect(() => new Filter('tcp'.padEnd(filterCharsMax))).not.toThrow();
  expect(messageOf('tcp'.padEnd(filterCharsMax + 1))).toContain(`the limit of ${filterCharsMax}`);
});

test.each([
  ['brackets', (depth: number) => `${'('.repeat(depth)}tcp${')'.repeat(depth)}`],
  ['not', (depth: number) => `${'not '.repeat(depth)}tcp`],
  ['alternation', (depth: number) => `tcp${' and udp or icmp'.repeat(depth / 2)}`],
  ['minus', (depth: number) => `${'-'.repeat(depth)}1 = 1`],
  ['offsets', (depth: number) => `${'ip['.repeat(depth)}1${']'.repeat(depth)} = 1`],
])('%s may be as deep as the bound, and no deeper', (_, deep) => {
  expect(() => new Filter(deep(filterDepthMax)).for(1)).not.toThrow();
  expect(messageOf(deep(filterDepthMax + 2))).toContain(`more than ${filterDepthMax}`);
});

test('5,000 hosts joined by or become one search, in a module of less than 200 kB', () => {
  const hosts = Array.from({ length: 5000 }, (_, i) => `host 10.${i >> 8}.${i & 255}.${(i * 7) & 255}`);
  expect(new Filter(hosts.join(' or ')).for(1).bytes.length).toBeLessThan(200_000);
});

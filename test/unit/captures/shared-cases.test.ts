import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { analyzeFile } from '../../../src/api/analyze.js';
import { projectRoot } from '../../../src/common/version.js';

/** Optional collection beside the project: files on which an earlier build was wrong. */
const folder = join(projectRoot, '..', 'shared', 'cases', 'captures');
const present = existsSync(folder);
if (!present) console.log(`SKIP: ${folder} is not there; tests on its captures are left out`);

/** Facts that the README of the collection gives for a file, or words of its refusal. */
const expected: [file: string, said: object | RegExp][] = [
  [
    'c08-two-captures-appended.pcap',
    { packets: 5, error: 'damaged', error_detail: /another pcap capture begins at offset 374.*mergecap/ },
  ],
  ['c23-version-1.2.pcap', /pcap version 1\.2 is not read/],
  ['c23-version-2.5.pcap', /pcap version 2\.5 is not read/],
  ['c23-version-3.0.pcap', /pcap version 3\.0 is not read/],
  [
    'c30-ftp-ascii.pcap',
    { packets: 1, error_detail: /line ends were changed by a transfer as text \(FTP in ASCII mode\)/ },
  ],
  ['c30-ftp-ascii.pcapng', /line ends were changed by a transfer as text/],
  ['c31-powershell-utf16.pcap', /UTF-16 text/],
  ['c32-text-before-header.pcap', /a capture begins at offset 86, behind other bytes/],
  ['c34-html-error.pcap', /HTML or XML page/],
  ['f-btsnoop.log', /btsnoop capture.*editcap -F pcap FILE OUT\.pcap/],
  ['gzip-rest-behind.pcap.gz', { packets: 100, rest_bytes: 3, error: null, compression: 'gzip' }],
  ['gzip-zeros-between-members.pcap.gz', { packets: 150, error: null, compression: 'gzip' }],
  ...['n01-nflog', 'n02-chdlc', 'n03-pflog', 'n04-ppi', 'n05-pktap', 'n06-enc'].map((name): [string, object] => [
    `${name}.pcap`,
    { packets: 1, ipv4_tcp: 1, error: null },
  ]),
  ['n08-modified-a1b2cd34.pcap', { packets: 1, ipv4_tcp: 1, error: null }],
  ['n12-shb-version-2.0.pcapng', /pcapng version 2\.0 is not read/],
  ['n13-shb-version-1.1.pcapng', /pcapng version 1\.1 is not read/],
  ['s.pcap.bz2', /bzip2 -dc FILE \| trireme analyze -/],
  ['s.pcap.lz4', { packets: 1043, error: null, compression: 'lz4' }],
  ['s.pcap.xz', /xz -dc FILE \| trireme analyze -/],
  ['s.pcap.zip', /unzip -p FILE \| trireme analyze -/],
];

(present ? test : test.skip).each(expected)('%s is told as its collection says', async (file, said) => {
  const analysis = analyzeFile(join(folder, file));
  if (said instanceof RegExp) return expect(analysis).rejects.toThrow(said);
  const { error_detail, ...facts } = await analysis;
  const { error_detail: words, ...wanted } = said as { error_detail?: RegExp };
  expect(facts).toMatchObject(wanted);
  if (words !== undefined) expect(error_detail).toMatch(words);
});

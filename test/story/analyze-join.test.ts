import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';
import { address4, classicCapture, frame, ipv4, linkTypes, protocols, tcp } from '../support/capture-builder.js';
import { cutCapture, shuffled, writeRing } from '../support/cut-capture.js';
import { runTrireme } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const sample = join(projectRoot, 'captures', 'sample.pcap');
const ring = join(scratch.path, 'ring');
mkdirSync(ring);
const paths = writeRing(ring, cutCapture(readFileSync(sample), 100));

interface Document {
  results: Record<string, unknown>[];
  total: Record<string, unknown>;
}

const analyse = async (...args: string[]): Promise<{ code: number | null; document: Document; stderr: string }> => {
  const { code, stdout, stderr } = await runTrireme(['analyze', '--json', ...args]);
  return { code, document: JSON.parse(stdout) as Document, stderr };
};

/** The one result without what only the files say. */
const resultIn = ({ results }: Document): string => {
  expect(results).toHaveLength(1);
  const { file: _name, files: _rows, files_skipped: _skipped, ...result } = results[0];
  return JSON.stringify(result);
};

test('many files are one result, the same as of the whole file, named or in a folder', async () => {
  const asked = ['--interval', '100ms', '--top', '50', '--client', '192.0.2.11:37901', '--server', '192.0.2.1:80'];
  const whole = resultIn((await analyse(sample, ...asked)).document);
  for (const names of [paths, [ring], shuffled(paths)]) {
    const { code, document, stderr } = await analyse('--join', ...names, ...asked);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(resultIn(document)).toBe(whole);
    expect(document.total).toMatchObject({ files: 11, files_unreadable: 0, packets: 1043, conversations: 42 });
    expect(document.results[0].files).toHaveLength(11);
    const several = await analyse('--join', ...names, ...asked, '--cores', '2', '--thread-bytes', '1');
    expect(several.document).toEqual(document);
  }
});

/** Some 3 MB, because tcpdump -C cuts at a megabyte, with times that every tool writes as they are. */
function largeCapture(): Uint8Array {
  const payload = tcp({ source: 1024, target: 80 });
  return classicCapture(
    Array.from({ length: 40_000 }, (_, i) => {
      const packet = ipv4({ source: address4(i % 251), target: address4(i % 83), protocol: protocols.tcp, payload });
      return { bytes: frame(linkTypes.ethernet, 4, packet), seconds: 1_700_000_000 + i, fraction: i };
    }),
  );
}

const tools = ['editcap', 'tcpdump'].filter((tool) => spawnSync(tool, ['--version']).status !== 0);
(tools.length === 0 ? test : test.skip)('files that editcap and tcpdump have cut are one result', async () => {
  const large = scratch.file('large.pcap', largeCapture());
  const whole = resultIn((await analyse(large)).document);
  // Without -Z root would become a user who may not write here.
  const user = userInfo().username;
  for (const [tool, args] of [
    ['editcap', (to: string) => ['-F', 'pcap', '-c', '3000', large, join(to, 'part.pcap')]],
    ['tcpdump', (to: string) => ['-r', large, '-Z', user, '-C', '1', '-w', join(to, 'part')]],
  ] as const) {
    const folder = mkdtempSync(join(scratch.path, tool));
    expect(spawnSync(tool, args(folder)).status).toBe(0);
    expect(readdirSync(folder).length).toBeGreaterThan(2);
    expect(resultIn((await analyse('--join', folder)).document) === whole).toBe(true);
  }
});

test('without --join the total adds nothing up that the files may share', async () => {
  const { document } = await analyse(...paths);
  expect(document.results).toHaveLength(11);
  expect(document.total).toMatchObject({ files: 11, packets: 1043 });
  expect(document.total).not.toHaveProperty('conversations');
  expect((await analyse(sample)).document.total).toMatchObject({ conversations: 42 });
  const { stdout } = await runTrireme(['analyze', ...paths]);
  expect(stdout.slice(stdout.lastIndexOf('Total  '))).not.toMatch(/conversations/);
});

test('text, CSV and HTML tell of the files too', async () => {
  const html = join(scratch.path, 'report.html');
  const tables = join(scratch.path, 'tables/');
  const { code, stdout } = await runTrireme(['analyze', '--join', ring, '--html', html, '--csv', tables, '--quiet']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Total number of packets: 1043\n/);
  expect(stdout).toMatch(
    /\nFiles, in order of first packet\nfile +packets +first packet +last packet +gap before +state\n/,
  );
  expect(stdout).toMatch(/\nConversations \(10 of 42, by bytes\)\n/);
  expect(readdirSync(tables)).toContain('files.csv');
  const csv = await runTrireme(['analyze', '--join', ring, '--csv', 'files']);
  expect(csv.stdout).toBe(readFileSync(join(tables, 'files.csv'), 'utf8'));
  expect(csv.stdout.split('\r\n')).toHaveLength(1 + 11 + 1);
  const data = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(readFileSync(html, 'utf8'));
  expect(JSON.parse(data![1])).toMatchObject({ joined: true, filesTotal: 11, total: { conversations: 42 } });
});

test('a file that cannot be read is named, and the others are counted', async () => {
  const gone = join(ring, 'gone.pcap');
  const { code, document, stderr } = await analyse('--join', ...paths, gone);
  expect({ code, stderr }).toEqual({ code: 1, stderr: `trireme: ${gone}: no such file\n` });
  expect(document.total).toMatchObject({ files: 12, files_unreadable: 1, packets: 1043 });
  expect(document.results[0].files).toContainEqual({
    file: gone,
    error: 'unreadable',
    error_detail: `${gone}: no such file`,
  });
  expect((await analyse('--join', gone)).code).toBe(2);
});

test('a folder without --join, and what has no order, say what to do', async () => {
  const empty = join(scratch.path, 'none');
  mkdirSync(empty);
  for (const [args, words] of [
    [[ring], 'is a directory, not a capture; analyze --join reads the captures in it as one'],
    [['--join', '-'], `'-' comes once`],
    [['--join', 'http://127.0.0.1:1/a.pcap'], 'reads files and folders'],
    [['--join', empty], 'there is no file in'],
    [['--recursive', ring], 'needs --join'],
  ] as const) {
    const { code, stderr } = await runTrireme(['analyze', ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(words);
  }
});

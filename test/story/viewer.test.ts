import { spawnSync } from 'node:child_process';
import { closeSync, copyFileSync, ftruncateSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { projectRoot } from '../../src/common/version.js';
import { describeWithBrowser } from '../support/browser.js';
import { runTrireme, triremePath } from '../support/run-trireme.js';
import { namedTraffic } from '../support/capture-builder/dns-traces.js';
import { cryptoFrame, initialPacket, padded, udpCapture } from '../support/capture-builder/quic-traces.js';
import { clientHello, tlsCapture } from '../support/capture-builder/tls-traces.js';
import { scratchFolder } from '../support/scratch.js';
import { sharedCaptures } from '../support/shared-captures.js';
import { looks, openWatched, seriousFaults } from '../support/watched-page.js';

const scratch = scratchFolder();
const page = join(scratch.path, 'viewer.html');
const sample = join(projectRoot, 'captures', 'sample.pcap');

beforeAll(async () => {
  const { code, stdout, stderr } = await runTrireme(['viewer']);
  expect([code, stderr]).toEqual([0, '']);
  writeFileSync(page, stdout);
  const bytes = readFileSync(sample);
  const packed = gzipSync(bytes);
  const damaged = Buffer.from(packed);
  damaged[Math.floor(packed.length * 0.6)] ^= 0xff;
  copyFileSync(sample, join(scratch.path, 'plain.pcap'));
  for (const [name, content] of [
    ['packed.pcap.gz', packed],
    ['two-members.gz', Buffer.concat([gzipSync(bytes.subarray(0, 5_000)), gzipSync(bytes.subarray(5_000))])],
    ['damaged.gz', damaged],
    ['cut.gz', packed.subarray(0, packed.length / 2)],
    ['cut.pcap', bytes.subarray(0, 100_001)],
    ['text.txt', 'no capture\n'],
    ['empty', ''],
  ] as const)
    writeFileSync(join(scratch.path, name), content);
});

/** What the page says when it is done, or that it has failed. */
async function analysed(shown: Page, files: readonly string[]): Promise<string> {
  await shown.setInputFiles('#files', [...files]);
  await shown.locator('#said:not(:empty)').waitFor({ timeout: 100_000 });
  return (await shown.locator('#said').textContent()) ?? '';
}

/** The figures that the page lets one save. */
async function saved(shown: Page): Promise<string> {
  const [download] = await Promise.all([shown.waitForEvent('download'), shown.locator('#json').click()]);
  return readFileSync(await download.path(), 'utf8');
}

describeWithBrowser('the viewer, from a file and without a network', (browser) => {
  async function open(look: (typeof looks)[number] = looks[0]): Promise<Page> {
    const { page: shown } = await openWatched(browser(), pathToFileURL(page).href, look);
    await shown.context().setOffline(true);
    return shown;
  }

  test('counts plain, packed, cut and damaged captures to the byte as the command line does', async () => {
    const names = [
      'plain.pcap',
      'packed.pcap.gz',
      'two-members.gz',
      'cut.gz',
      'damaged.gz',
      'cut.pcap',
      'text.txt',
      'empty',
    ];
    const shown = await open();
    const said = await analysed(
      shown,
      names.map((name) => join(scratch.path, name)),
    );
    expect(said).toMatch(/ read in [\d.]+ s$/);
    const here = await runTrireme(['analyze', '--json', '--quiet', ...names], { cwd: scratch.path });
    expect(JSON.parse(await saved(shown))).toEqual(JSON.parse(here.stdout));
    expect(await saved(shown)).toBe(here.stdout);
    expect(await shown.locator('.file-name').count()).toBe(names.length);
    await shown.context().close();
  });

  test('counts captures of many pieces as the command line does, plain and packed', async () => {
    // Each is read in pieces of 16 MiB into memory that is used again; packed without compression, records
    // and headers of blocks lie across the pieces' ends.
    const [head, records] = [readFileSync(sample).subarray(0, 24), readFileSync(sample).subarray(24)];
    const copies = Math.ceil((7 * 16 * 2 ** 20) / records.length);
    const large = Buffer.concat([head, ...Array<Buffer>(copies).fill(records)]);
    const names = ['many.pcap', 'many.pcap.gz'];
    writeFileSync(join(scratch.path, names[0]), large);
    writeFileSync(join(scratch.path, names[1]), gzipSync(large, { level: 0 }));
    const shown = await open();
    await analysed(
      shown,
      names.map((name) => join(scratch.path, name)),
    );
    const here = await runTrireme(['analyze', '--json', '--quiet', ...names], { cwd: scratch.path });
    expect(await saved(shown)).toBe(here.stdout);
    await shown.context().close();
  });

  test('filters and judges TCP as the command line does, and says what is wrong with a filter', async () => {
    const shown = await open(looks[3]);
    await shown.fill('#filter', 'tcp port 80 and not ip6');
    await shown.check('#tcp');
    await analysed(shown, [join(scratch.path, 'plain.pcap')]);
    const asked = ['--tcp', '--filter', 'tcp port 80 and not ip6'];
    const here = await runTrireme(['analyze', '--json', ...asked, 'plain.pcap'], { cwd: scratch.path });
    expect(await saved(shown)).toBe(here.stdout);
    await shown.fill('#filter', 'tcp prot 80');
    await shown.press('#filter', 'Enter');
    await shown.locator('#said').filter({ hasText: 'prot' }).waitFor();
    expect(await shown.locator('#report').innerHTML()).toBe('');
    expect(await seriousFaults(shown)).toEqual([]);
    await shown.context().close();
  });

  test('tells names as the command line does: DNS, and the hellos of TLS and QUIC with their fingerprints', async () => {
    const frames = cryptoFrame(0, clientHello({ name: 'quic.viewer.example' }).subarray(5));
    const quic = initialPacket({ id: Buffer.alloc(8, 7), number: 0, frames: padded(1162, frames) });
    const tls = tlsCapture([{ client: 2, seq: 1, data: clientHello({ name: 'tls.viewer.example' }) }]);
    const damaged = Buffer.from(quic);
    damaged[damaged.length - 1] ^= 1;
    const datagrams = udpCapture([quic, damaged].map((data, i) => ({ client: 6 + i, data })));
    const bytes = Buffer.concat([namedTraffic(100), tls.subarray(24), datagrams.subarray(24)]);
    writeFileSync(join(scratch.path, 'named.pcap'), bytes);
    const shown = await open();
    await shown.check('#names');
    await analysed(shown, [join(scratch.path, 'named.pcap')]);
    const here = await runTrireme(['analyze', '--json', '--names', 'named.pcap'], { cwd: scratch.path });
    for (const name of ['quic.viewer.example', 'tls.viewer.example']) expect(here.stdout).toContain(name);
    expect(await saved(shown)).toBe(here.stdout);
    expect(await shown.locator('#report').textContent()).toContain('quic.viewer.example');
    await shown.context().close();
  });

  test('shows how far it is with a large file, and ends when it is told, by keyboard alone', async () => {
    const large = join(scratch.path, 'large.pcap');
    writeFileSync(large, readFileSync(sample));
    const fd = openSync(large, 'r+');
    // A hole: it takes no room on the disk.
    ftruncateSync(fd, 64 * 2 ** 30);
    closeSync(fd);
    const shown = await open();
    await shown.setInputFiles('#files', large);
    await shown
      .locator('#doing')
      .filter({ hasText: /Reading large\.pcap: [\d.]+ [MG]B of 68\.7 GB/ })
      .waitFor();
    await shown.locator('#cancel').focus();
    await shown.keyboard.press('Enter');
    await shown.locator('#said').filter({ hasText: 'Cancelled' }).waitFor();
    expect(await shown.evaluate('document.activeElement.id')).toBe('files');
    expect(await shown.locator('#work').isHidden()).toBe(true);
    await analysed(shown, [join(scratch.path, 'plain.pcap')]);
    expect(await shown.locator('section.capture').count()).toBe(1);
    await shown.context().close();
  });

  test('takes what is dropped on it', async () => {
    const shown = await open();
    const base64 = readFileSync(sample).toString('base64');
    await shown.evaluate(`{
      const bytes = Uint8Array.from(atob('${base64}'), (letter) => letter.charCodeAt(0));
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([bytes], 'dropped.pcap'));
      document.querySelector('main').dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    }`);
    await shown.locator('section.capture h2').filter({ hasText: 'dropped.pcap' }).waitFor();
    await shown.context().close();
  });

  test('is forbidden by its own policy to send anything, also where there is a network', async () => {
    let asked = 0;
    const server = createServer((_request, response) => {
      asked++;
      response.end();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const { page: shown } = await openWatched(browser(), pathToFileURL(page).href, looks[0]);
    const sent = await shown.evaluate(`fetch('${url}').then(() => 'sent', () => 'refused')`);
    await shown.evaluate(`new Promise((done) => {
      const image = new Image();
      image.onerror = done;
      image.src = '${url}';
    })`);
    expect([sent, asked]).toEqual(['refused', 0]);
    await shown.context().close();
    server.close();
  });

  const captures = sharedCaptures();
  (captures.length > 0 ? test : test.skip)(
    'counts the collection of real captures as the command line does',
    async () => {
      const shown = await open();
      const paths = captures.map(({ path }) => path);
      await analysed(shown, paths);
      const told = JSON.parse(await saved(shown)) as { results: { file: string }[]; total: unknown };
      const here = await runTrireme(['analyze', '--json', '--quiet', ...paths]);
      const { results, total } = JSON.parse(here.stdout) as typeof told;
      expect(told.total).toEqual(total);
      const nameless = (all: { file: string }[]): object[] => all.map(({ file: _path, ...facts }) => facts);
      expect(nameless(told.results)).toEqual(nameless(results));
      await shown.context().close();
    },
  );
});

const hasTerminal = spawnSync('script', ['--version']).error === undefined;
if (!hasTerminal) console.log('SKIP: no script (bsdutils) here; the viewer is not asked for on a terminal');
(hasTerminal ? test : test.skip)('on a terminal the command says where to send its page', () => {
  const command = `${process.execPath} ${triremePath} viewer`;
  const { status, stdout } = spawnSync('script', ['-qec', command, '/dev/null'], { encoding: 'utf8' });
  expect([status, stdout]).toEqual([2, expect.stringContaining('trireme viewer > viewer.html')]);
});

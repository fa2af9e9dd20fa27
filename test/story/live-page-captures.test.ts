import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { projectRoot } from '../../src/common/version.js';
import { describeWithBrowser } from '../support/browser.js';
import { CaptureCluster } from '../support/capture-cluster.js';
import { scratchFolder } from '../support/scratch.js';
import { looks, openWatched, seriousFaults } from '../support/watched-page.js';

/** Bytes of the capture that is dropped: TRIREME_DROP_BYTES=200e6 is what people have. */
const droppedBytes = Number(process.env.TRIREME_DROP_BYTES ?? 3e6);
const spoolBytesMax = Math.round(2.5 * droppedBytes);
const captures = join(projectRoot, 'captures');
const sample = readFileSync(join(captures, 'sample.pcap'));
const recordsAt = 24;

/** Drops a capture of about that size: the records of the sample, over and over. */
async function drop(page: Page, name: string, bytes: number): Promise<void> {
  const given = JSON.stringify({ name, base64: sample.toString('base64'), recordsAt, bytes });
  const transfer = await page.evaluateHandle<unknown>(`(() => {
    const given = ${given};
    const whole = Uint8Array.from(atob(given.base64), (letter) => letter.charCodeAt(0));
    const records = whole.subarray(given.recordsAt);
    const times = Math.round(given.bytes / records.length);
    const transfer = new DataTransfer();
    const parts = [whole.subarray(0, given.recordsAt), ...Array.from({ length: times }, () => records)];
    transfer.items.add(new File(parts, given.name));
    return transfer;
  })()`);
  await page.dispatchEvent('#ask', 'dragover', { dataTransfer: transfer });
  await page.dispatchEvent('#ask', 'drop', { dataTransfer: transfer });
}

const said = (page: Page, words: RegExp): Promise<void> =>
  page
    .locator('#said')
    .filter({ hasText: words })
    .waitFor({ timeout: droppedBytes > 100e6 ? 120_000 : 20_000 });

describeWithBrowser('the page of a master takes captures', (browser) => {
  const folder = scratchFolder().path;
  let cluster: CaptureCluster;

  beforeAll(async () => {
    const args = ['--spool', join(folder, 'spool'), '--spool-bytes-max', String(spoolBytesMax)];
    cluster = await CaptureCluster.start([captures], args);
    await cluster.addWorker(captures);
  });
  afterAll(() => cluster.stop());

  test('one is dropped, its progress shows, and its report stands in place; another is cancelled', async () => {
    const { page, complaints } = await openWatched(browser(), `http://${cluster.admin}/`);
    await page.locator('#ask').waitFor();
    // What the page showed meanwhile.
    await page.evaluate(`
      window.seen = { sent: [], told: [], counted: [] };
      const note = (list, value) => { if (list.at(-1) !== value) list.push(value); };
      const look = () => {
        const sending = document.getElementById('sending');
        if (!sending.hidden) note(seen.sent, document.getElementById('sending-progress').value);
        note(seen.told, document.getElementById('announce').textContent);
        const counted = document.querySelector('#analyses-list progress');
        if (counted !== null) note(seen.counted, counted.value);
      };
      new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
    `);
    await drop(page, 'dropped.pcap', droppedBytes);
    await said(page, /dropped\.pcap: the report is below/);
    const report = page.frameLocator('#report-frame');
    await report.locator('h1', { hasText: 'Capture report' }).waitFor();
    await report.locator('#report .card').first().waitFor();
    expect(await page.locator('#report-title').innerText()).toBe('Report of dropped.pcap');
    const seen = await page.evaluate<{ sent: number[]; told: string[]; counted: number[] }>('window.seen');
    expect(seen.sent.length).toBeGreaterThan(0);
    expect(seen.sent).toEqual([...seen.sent].sort((a, b) => a - b));
    if (droppedBytes > 100e6) {
      expect(seen.sent.length).toBeGreaterThan(5);
      expect(seen.told).toEqual(expect.arrayContaining(['dropped.pcap: 25 % sent', 'dropped.pcap: 75 % sent']));
      // The workers may be done between two documents of the page, which come once a second.
      console.log(
        `progress of ${droppedBytes} bytes: ${seen.sent.length} steps sent, counted ${seen.counted.join(' ')}`,
      );
    }
    expect(await page.locator('#sending').isHidden()).toBe(true);

    // A worker that stands still leaves time to look and to cancel.
    cluster.workers[0].child.kill('SIGSTOP');
    await drop(page, 'other.pcap', 1e6);
    const running = page.locator('#analyses-list li').filter({ hasText: 'other.pcap' });
    await running.waitFor();
    expect(await seriousFaults(page)).toEqual([]);
    await running.getByRole('button', { name: 'Cancel other.pcap' }).click();
    const ended = page.locator('#ended-list li').filter({ hasText: 'other.pcap' });
    await ended.locator('.badge', { hasText: 'cancelled' }).waitFor();
    cluster.workers[0].child.kill('SIGCONT');
    expect(await ended.locator('a').count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.close();
  }, 180_000);

  test('by the keyboard alone: a file is chosen, its report opened and closed, and each form is saved', async () => {
    const { page, complaints } = await openWatched(browser(), `http://${cluster.admin}/`);
    await page.locator('#ask').waitFor();
    await page.locator('#files').focus();
    const choosing = page.waitForEvent('filechooser');
    await page.keyboard.press('Enter');
    await (await choosing).setFiles({ name: 'chosen.pcap', mimeType: '', buffer: sample });
    await said(page, /chosen\.pcap: the report is below/);
    const open = page.getByRole('button', { name: 'Show the report of chosen.pcap' });
    await open.focus();
    await page.keyboard.press('Enter');
    const focused = (): Promise<string> => page.evaluate('document.activeElement.id');
    expect(await focused()).toBe('report-title');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('report-close');
    await page.keyboard.press('Enter');
    expect([await page.locator('#report-view').isHidden(), await focused()]).toEqual([true, 'analyses-title']);
    for (const form of ['JSON', 'CSV', 'HTML']) {
      const saving = page.waitForEvent('download');
      await page.getByRole('link', { name: `Download chosen.pcap as ${form}` }).press('Enter');
      const saved = await saving;
      expect(saved.suggestedFilename()).toBe(`chosen.pcap.${form.toLowerCase()}`);
      expect(readFileSync(await saved.path()).length).toBeGreaterThan(1_000);
    }
    expect(complaints).toEqual([]);
    await page.close();
  }, 60_000);

  test('a path that the master may read is analysed with a filter, and what is refused is told on the page', async () => {
    const { page } = await openWatched(browser(), `http://${cluster.admin}/`);
    await page.locator('#path').fill('/etc/passwd');
    await page.locator('#path').press('Enter');
    await said(page, /\/etc\/passwd was not analysed: PATH_REFUSED/);
    await page.locator('#path').fill('sample.pcap');
    await page.locator('#filter').fill('udp');
    await page.locator('#path').press('Enter');
    await said(page, /sample\.pcap: the report is below/);
    await page.locator('#ended-list li').filter({ hasText: 'filter: udp' }).first().waitFor();
    await page.locator('#filter').fill('');
    const text = { name: 'notes.txt', mimeType: '', buffer: Buffer.from('these are notes and no capture') };
    await page.locator('#files').setInputFiles(text);
    await said(page, /notes\.txt: the report is below/);
    const report = page.frameLocator('#report-frame');
    await report.getByText('it is text and no capture').first().waitFor();
    await drop(page, 'large.pcap', spoolBytesMax + 1e6);
    await said(page, /large\.pcap was not analysed: LIMIT_REACHED: .*--spool-bytes-max/);
    await page.close();
  }, 120_000);

  test.each(looks)(
    'axe-core finds no serious fault with a report open: $name',
    async ({ name: _name, ...look }) => {
      const { page, complaints } = await openWatched(browser(), `http://${cluster.admin}/`, look);
      await page.getByRole('button', { name: 'Show the report of chosen.pcap' }).first().click();
      await page.frameLocator('#report-frame').locator('#report .card').first().waitFor();
      expect(await seriousFaults(page)).toEqual([]);
      expect(await page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      expect(complaints).toEqual([]);
      await page.close();
    },
    60_000,
  );
});

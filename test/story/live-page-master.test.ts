import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWithBrowser } from '../support/browser.js';
import { CaptureCluster, eventually, writeLongCapture } from '../support/capture-cluster.js';
import { RangeServer } from '../support/range-server.js';
import { scratchFolder } from '../support/scratch.js';
import { looks, openWatched, seriousFaults, takePicture, tileOf } from '../support/watched-page.js';

const captureBytes = 60e6;
const chunkBytes = 1024 * 1024;

describeWithBrowser('the live page of a master in mid-analysis', (browser) => {
  const folder = scratchFolder().path;
  let server: RangeServer;
  let cluster: CaptureCluster;
  let report: Promise<string>;

  beforeAll(async () => {
    server = await RangeServer.start();
    const bytes = readFileSync(writeLongCapture(join(folder, 'long.pcap'), captureBytes));
    server.files.set('/long.pcap', { bytes, etag: '"one"' });
    // The workers come no further than this before they are stopped, however fast they are.
    server.heldFrom = captureBytes / 2;
    const args = ['--allow-url', server.origin, '--wait', '300s', '--chunk-bytes', String(chunkBytes)];
    cluster = await CaptureCluster.start([folder], args);
    await cluster.addWorker(folder);
    await cluster.addWorker(folder);
    // Where they stop, the page has to show; they go on at the end.
    await new Promise<void>((resolve, reject) => {
      ({ report } = cluster.call(server.url('/long.pcap'), ({ chunksDone }) => {
        if (chunksDone >= 4) resolve();
      }));
      report.catch(reject);
    });
    for (const worker of cluster.workers) worker.child.kill('SIGSTOP');
    server.release();
  }, 120_000);

  afterAll(async () => {
    await cluster.stop();
    await server.stop();
  });

  test.each(looks)(
    'shows progress, and which worker has which range; axe-core finds no serious fault: $name',
    async ({ name, ...look }) => {
      const { page, complaints } = await openWatched(browser(), `http://${cluster.admin}/`, look);
      const item = page.locator('#analyses-list li').first();
      await item.waitFor();
      expect(await item.locator('h3').innerText()).toContain('long.pcap');
      expect(await cluster.metric('trireme_master_analyses_running')).toBe(1);
      expect(await tileOf(page, 'Scan rate')).toMatch(/B\/s$/);
      const [, done, total] = /(\d+) of (\d+) chunks/.exec(await item.locator('.analysis-facts').innerText()) ?? [];
      expect(Number(total)).toBeGreaterThan(captureBytes / chunkBytes - 2);
      expect(Number(done)).toBeGreaterThan(3);
      const share = await page.evaluate<number>(`document.querySelector('#analyses-list progress').value`);
      expect(share).toBeGreaterThan(0);
      expect(share).toBeLessThanOrEqual(1);
      expect(await item.locator('.chunk-map rect').count()).toBeGreaterThan(2);
      expect(await item.locator('.chunk-map').getAttribute('aria-label')).toMatch(/w[01] [\d.]+ MB done/);
      await page.waitForTimeout(1_200);
      await takePicture(page, `master-${name}`);
      expect(await seriousFaults(page)).toEqual([]);
      expect(complaints).toEqual([]);
      await page.close();
    },
    60_000,
  );

  test('the analysis is gone from the page once it has ended, and its result came', async () => {
    const { page } = await openWatched(browser(), `http://${cluster.admin}/`);
    for (const worker of cluster.workers) worker.child.kill('SIGCONT');
    expect(JSON.parse(await report)).toHaveProperty('packets');
    await eventually('the end on the page', async () => (await page.locator('#analyses-list li').count()) === 0);
    expect(await cluster.metric('trireme_master_analyses_running')).toBe(0);
    await page.close();
  }, 60_000);
});

import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { projectRoot } from '../../src/common/version.js';
import type { ReportData } from '../../src/web/report/data.js';
import { describeWithBrowser } from '../support/browser.js';
import { CaptureCluster } from '../support/capture-cluster.js';
import { cutCapture, writeRing } from '../support/cut-capture.js';
import { runTrireme } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';
import { fivePackets, smallCapture } from '../support/small-capture.js';

const scratch = scratchFolder();
const sample = join(projectRoot, 'captures', 'sample.pcap');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

interface Json {
  readonly results: readonly Readonly<Record<string, unknown>>[];
  readonly total: Readonly<Record<string, unknown>>;
}

async function json(...args: string[]): Promise<Json> {
  return JSON.parse((await runTrireme(['analyze', '--json', ...args])).stdout) as Json;
}

async function report(name: string, ...args: string[]): Promise<string> {
  const path = join(scratch.path, name);
  const { code, stderr } = await runTrireme(['analyze', ...args, '--html', path, '--quiet'], { cwd: projectRoot });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return path;
}

const dataOf = (html: string): ReportData =>
  JSON.parse(/<script type="application\/json" id="data">(.*)<\/script>\n/.exec(html)![1]) as ReportData;

/** The rows of a series that have packets: a chart leaves long stretches without any out. */
function busyRows(series: unknown): readonly unknown[] {
  return (series as { readonly rows: readonly { readonly packets: number }[] }).rows.filter(
    ({ packets }) => packets > 0,
  );
}

describe('the report', () => {
  test('holds the figures of --json, and a series of a plain interval', async () => {
    const data = dataOf(readFileSync(await report('figures.html', sample), 'utf8'));
    const interval = data.results[0].error === null ? data.results[0].series!.interval_ns : '';
    const { results, total } = await json(sample, '--top', '500', '--interval', `${interval}ns`);
    const { top_times: _notShown, series, ...facts } = results[0];
    const { series: shown, ...others } = data.results[0] as unknown as Record<string, unknown>;
    expect(others).toEqual(facts);
    expect(busyRows(shown)).toEqual(busyRows(series));
    expect(data.total).toEqual(total);
  });

  test('is the same bytes on one core, all cores, a cluster, and standard output', async () => {
    const one = readFileSync(await report('one.html', sample));
    expect(readFileSync(await report('all.html', sample, '--multi', '--thread-bytes', '1000'))).toEqual(one);
    expect((await runTrireme(['analyze', sample, '--html', '-'])).stdout).toBe(one.toString());
    const cluster = await CaptureCluster.start([join(projectRoot, 'captures')]);
    try {
      await cluster.addWorker(join(projectRoot, 'captures'));
      expect(readFileSync(await report('cluster.html', sample, '--master', cluster.grpc))).toEqual(one);
    } finally {
      await cluster.stop();
    }
  });

  test('replaces an older report', async () => {
    const path = await report('again.html', sample);
    const before = statSync(path).size;
    await report('again.html', scratch.file('five.pcap', smallCapture(fivePackets)));
    expect(statSync(path).size).toBeLessThan(before);
  });
});

describeWithBrowser('the report in a browser', (browser) => {
  /** Opens a report and fails on anything that a reader would not want: errors, and requests to anywhere. */
  async function open(path: string, run: (page: Page) => Promise<void>, options = {}): Promise<void> {
    const context = await browser().newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const page = await context.newPage();
    const wrong: string[] = [];
    page.on('console', (message) => wrong.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => wrong.push(error.message));
    page.on('request', (request) => request.url() !== pathToFileURL(path).href && wrong.push(request.url()));
    try {
      await page.goto(pathToFileURL(path).href);
      await page.waitForSelector('html[data-ready]', { state: 'attached' });
      await run(page);
      expect(wrong).toEqual([]);
    } finally {
      await context.close();
    }
  }

  const tile = (page: Page, fact: string): Promise<string> => page.innerText(`[data-fact=${fact}] .value`);
  const firstRow = (page: Page, card: string): Promise<string[]> =>
    page.locator(`section:has(> .card-head > h3:text-is("${card}")) tbody tr`).first().locator('td').allInnerTexts();

  test('shows the figures of --json', async () => {
    const { results } = await json(sample);
    const [fact] = results as unknown as Record<string, number>[];
    await open(await report('shown.html', sample), async (page) => {
      expect(await tile(page, 'packets')).toBe(fact.packets.toLocaleString('en'));
      expect(await tile(page, 'ipv4_tcp')).toBe(fact.ipv4_tcp.toLocaleString('en'));
      expect(await tile(page, 'conversations')).toBe(String(fact.conversations));
      expect(await page.innerText('[data-fact=original_bytes]')).toContain(fact.original_bytes.toLocaleString('en'));
      const [proto, a, b, , , , , packets] = await firstRow(page, 'Conversations');
      expect({ proto, a, b, packets: Number(packets.replace(',', '')) }).toEqual(
        (({ proto, a, b, packets }) => ({ proto, a, b, packets }))(
          (results[0].top as { proto: string; a: string; b: string; packets: number }[])[0],
        ),
      );
      expect(await page.locator('.traffic-plot canvas').count()).toBe(2);
    });
  });

  test('tables sort and filter by mouse and keyboard', async () => {
    await open(await report('tables.html', sample), async (page) => {
      const card = page.locator('section:has(> .card-head > h3:text-is("Conversations"))');
      const head = card.locator('th', { hasText: /^Packets/ });
      const packets = async (): Promise<number[]> =>
        (await card.locator('tbody td:nth-child(8)').allInnerTexts()).map((text) => Number(text.replace(',', '')));
      await head.locator('button').click();
      expect(await head.getAttribute('aria-sort')).toBe('descending');
      expect(await packets()).toEqual((await packets()).sort((x, y) => y - x));
      await head.locator('button').press('Enter');
      expect(await head.getAttribute('aria-sort')).toBe('ascending');
      expect(await packets()).toEqual((await packets()).sort((x, y) => x - y));
      await card.locator('input').fill('udp 192.0.2.53');
      const found = await card.locator('tbody tr').allInnerTexts();
      expect(found.length).toBeGreaterThan(0);
      for (const row of found) expect(row).toMatch(/^udp\b.*192\.0\.2\.53/);
      expect(await card.locator('[role=status]').innerText()).toContain(`${found.length} match`);
      await card.locator('input').fill('');
      await card.locator('button.more').click();
      expect(await card.locator('tbody tr').count()).toBe(42);
    });
  });

  test('a square of the heat map leads to its conversations', async () => {
    await open(await report('matrix.html', sample), async (page) => {
      const squares = page.locator('.matrix [role=gridcell]:has(.level)');
      const label = await squares.first().getAttribute('aria-label');
      const [, from, to] = /^(\S+) to (\S+):/.exec(label!)!;
      await squares.first().click();
      const rows = await page
        .locator('section:has(> .card-head > h3:text-is("Conversations")) tbody tr')
        .allInnerTexts();
      expect(rows.length).toBeGreaterThan(0);
      for (const row of rows) expect([row.includes(from), row.includes(to)]).toEqual([true, true]);
      const focused = (): Promise<string | null> => page.locator(':focus').getAttribute('aria-label');
      await page.locator('.matrix [tabindex="0"]').focus();
      const before = await focused();
      await page.keyboard.press('ArrowDown');
      expect(await focused()).not.toBe(before);
      expect(await page.locator('.matrix [tabindex="0"]').count()).toBe(1);
    });
  });

  test('names that look like markup are text', async () => {
    // A folder called `<` makes the path end the element that it stands in.
    mkdirSync(join(scratch.path, '<'));
    const name = `</script><img src=x onerror="document.title='taken'">&.pcap`;
    copyFileSync(sample, join(scratch.path, name));
    await open(await report('names.html', join(scratch.path, name), sample), async (page) => {
      expect(await page.innerText('#file-1-title')).toBe(join(scratch.path, name));
      expect(await page.locator('img').count()).toBe(0);
    });
  });

  test('several files have a list, a sum and a section each', async () => {
    const bad = scratch.file('bad.pcap', 'no capture');
    const path = join(scratch.path, 'several.html');
    await runTrireme(['analyze', sample, sample, bad, '--html', path, '--quiet']);
    await open(path, async (page) => {
      expect(await page.innerText('#total .tile .value >> nth=0')).toBe('2,086');
      expect(await page.locator('.capture').count()).toBe(4);
      expect(await page.innerText('#file-3')).toContain('No counts');
      expect(await page.locator('#total tbody .badge').allInnerTexts()).toEqual(['whole', 'whole', 'not-a-capture']);
    });
  });

  test('a joined capture is one section, with its files in one table', async () => {
    const folder = mkdtempSync(join(scratch.path, 'ring-'));
    writeRing(folder, cutCapture(readFileSync(sample), 300));
    writeFileSync(join(folder, 'other.pcap.xz'), Buffer.from('fd377a585a000004', 'hex'));
    const path = join(scratch.path, 'joined.html');
    await runTrireme(['analyze', '--join', folder, '--html', path, '--quiet']);
    await open(path, async (page) => {
      expect(await page.locator('.capture').count()).toBe(1);
      expect(await page.innerText('.tile[data-fact=packets] .value')).toBe('1,043');
      expect(await page.innerText('.tile[data-fact=conversations] .value')).toBe('42');
      const files = page.locator('section[aria-labelledby=files-title]');
      expect(await files.locator('tbody tr').count()).toBe(5);
      expect(await files.locator('tbody .badge').allInnerTexts()).toEqual([
        ...['whole', 'whole', 'whole', 'whole'],
        'not-a-capture',
      ]);
      expect(await files.locator('thead').innerText()).toMatch(/Gap before/i);
    });
  });

  test.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 390],
  ] as const)(
    'axe finds nothing serious in %s at %d pixels, and nothing is wider than the page',
    async (scheme, width) => {
      const path = await report(`axe-${scheme}-${width}.html`, 'captures/sample.pcap');
      // axe is put into the page by the test, which the page's own policy would refuse.
      const options = { viewport: { width, height: 900 }, colorScheme: scheme, bypassCSP: true };
      await open(
        path,
        async (page) => {
          await page.evaluate(axe);
          const { violations } = (await page.evaluate(`axe.run()`)) as {
            violations: { id: string; impact: string; nodes: { html: string }[] }[];
          };
          expect(
            violations
              .filter(({ impact }) => impact === 'serious' || impact === 'critical')
              .map(({ id, nodes }) => [id, nodes.slice(0, 3).map(({ html }) => html)]),
          ).toEqual([]);
          expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
          await picture(page, `report-${scheme}-${width}`);
        },
        options,
      );
    },
  );
});

/** Keeps the pictures of the documents when asked: TRIREME_PICTURES=1. */
async function picture(page: Page, name: string): Promise<void> {
  if (process.env.TRIREME_PICTURES === undefined) return;
  const folder = join(projectRoot, 'docs', 'images');
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}

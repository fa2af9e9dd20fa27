import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { projectRoot } from '../../src/common/version.js';

/** Widths and colours in which every page is looked at. */
export const looks = [
  { name: 'desktop-light', viewport: { width: 1280, height: 900 }, colorScheme: 'light' },
  { name: 'desktop-dark', viewport: { width: 1280, height: 900 }, colorScheme: 'dark' },
  { name: 'phone-light', viewport: { width: 390, height: 844 }, colorScheme: 'light' },
  { name: 'phone-dark', viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
] as const;

/** A page, and everything that it must not do: what its console complained of, and which other hosts it asked. */
export interface WatchedPage {
  readonly page: Page;
  readonly complaints: string[];
}

export async function openWatched(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const page = await browser.newPage(options);
  const complaints: string[] = [];
  const { origin } = new URL(url);
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`)) complaints.push(`request: ${request.url()}`);
  });
  await page.goto(url);
  return { page, complaints };
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string | null;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

/** What axe-core finds that keeps someone from using the page, a line each. */
export async function seriousFaults(page: Page): Promise<string[]> {
  const axe = readFileSync(join(projectRoot, 'node_modules', 'axe-core', 'axe.min.js'), 'utf8');
  // Evaluated by the debugger, so that the page's own policy need not allow it.
  await page.evaluate(axe);
  const { violations } = await page.evaluate<AxeResult>('axe.run()');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
}

/** True where the pictures of the README are to be taken (`make pictures`). */
export const picturesWanted = process.env.TRIREME_PICTURES !== undefined;

/** Takes a picture for the README, where wanted. */
export async function takePicture(page: Page, name: string): Promise<void> {
  if (!picturesWanted) return;
  const folder = join(projectRoot, 'docs', 'images');
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled' });
}

/** The cells of the row whose head has this text. */
export async function cellsOf(page: Page, rows: string, head: string): Promise<string[]> {
  const row = page.locator(`${rows} tr`).filter({ has: page.locator('th', { hasText: head }) });
  return row.locator('td').allInnerTexts();
}

/** The figure of the tile with this name. */
export const tileOf = (page: Page, name: string): Promise<string> =>
  page.locator('.tile').filter({ hasText: name }).locator('.value').innerText();

import { describeWithBrowser } from '../support/browser.js';
import { JobCluster } from '../support/job-cluster.js';
import { RunningRole } from '../support/running-role.js';
import {
  cellsOf,
  looks,
  openWatched,
  picturesWanted,
  seriousFaults,
  takePicture,
  tileOf,
} from '../support/watched-page.js';

describeWithBrowser('the live page of an lb under load', (browser) => {
  let cluster: JobCluster;
  let load: RunningRole;

  beforeAll(async () => {
    cluster = await JobCluster.start([4, 2, 1]);
    const { host, port } = cluster.tcp;
    const duration = picturesWanted ? '100s' : '50s';
    const how = ['--rate', '600', '--mix', '1:9,2:1', '--duration', duration];
    load = RunningRole.start(['bench-jobs', '--lb', `${host}:${port}`, ...how]);
  }, 120_000);

  afterAll(async () => {
    await load.end();
    await cluster.stop();
  });

  test('shows the workers, rates and connections that /metrics tells of, complains of nothing and asks no other host', async () => {
    const { page, complaints } = await openWatched(browser(), `http://${cluster.admin}/`, looks[0]);
    await page.locator('#link[data-state=live]').waitFor();
    await page
      .locator('.tile .value')
      .first()
      .filter({ hasText: /^[1-9]\d\d$/ })
      .waitFor();
    for (const [name, slots] of [
      ['w0', 4],
      ['w1', 2],
      ['w2', 1],
    ] as const) {
      const [state, busy, getTime, , backlog] = await cellsOf(page, '#workers-rows', name);
      expect(state).toBe('SERVING');
      expect(busy).toMatch(new RegExp(`^\\d+ of ${slots}$`));
      expect(getTime).toMatch(/\/s$/);
      expect(backlog).toMatch(/ (s|ms|µs|ns) \/ [\d.]+ (ms|s|µs)$/);
    }
    expect(await tileOf(page, 'Workers serving')).toBe('3 of 3');
    expect(Number(await tileOf(page, 'Connections'))).toBe(
      (await cluster.metric('trireme_lb_connections{framing="lines"}')) +
        (await cluster.metric('trireme_lb_connections{framing="undecided"}')),
    );
    // The page is at most two seconds old: between two readings of the counter.
    const series = 'trireme_hub_jobs_total{kind="GET_TIME",outcome="done"}';
    const before = await cluster.metric(series);
    await page.waitForTimeout(2_500);
    const [, answered] = await cellsOf(page, '#kinds-rows', 'GET_TIME');
    const after = await cluster.metric(series);
    expect(Number(answered.replaceAll(',', ''))).toBeGreaterThanOrEqual(before);
    expect(Number(answered.replaceAll(',', ''))).toBeLessThanOrEqual(after);
    expect(await page.locator('#picks-rows tr').count()).toBeGreaterThan(3);
    expect(await page.locator('#picks-rows tr').first().locator('.chosen').count()).toBe(1);
    expect(await page.locator('.chart canvas').count()).toBe(3);
    expect(complaints).toEqual([]);
    await page.close();
  }, 60_000);

  test.each(looks)(
    'axe-core finds no serious fault, and nothing is wider than the screen: $name',
    async ({ name, ...look }) => {
      const { page, complaints } = await openWatched(browser(), `http://${cluster.admin}/`, look);
      await page.locator('#picks-rows tr').first().waitFor();
      await page.waitForTimeout(picturesWanted ? 12_000 : 1_200);
      await takePicture(page, `lb-${name}`);
      expect(await seriousFaults(page)).toEqual([]);
      const [width, least] = await page.evaluate<[number, number]>(
        '[document.documentElement.scrollWidth, innerWidth]',
      );
      expect(width).toBeLessThanOrEqual(least);
      expect(complaints).toEqual([]);
      await page.close();
    },
    60_000,
  );

  test('where events do not come through it asks instead, and the keyboard reaches figures, charts and tables', async () => {
    const context = await browser().newContext();
    const page = await context.newPage();
    await page.route('**/api/events', (route) => route.abort());
    await page.goto(`http://${cluster.admin}/`);
    await page.locator('#link[data-state=polling]').waitFor();
    expect(await tileOf(page, 'Workers serving')).toBe('3 of 3');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the figures');
    await page.locator('#rate-chart summary').focus();
    await page.keyboard.press('Enter');
    await page.locator('#rate-chart tbody tr').first().waitFor();
    expect(await page.locator('#rate-chart [role=img]').getAttribute('aria-label')).toMatch(/Now: GET_TIME [\d.]+/);
    await context.close();
  }, 60_000);

  test('a worker that dies is told of, and the counts equal those of /metrics once the load has ended', async () => {
    const { page } = await openWatched(browser(), `http://${cluster.admin}/`);
    await page.locator('#workers-rows tr').nth(2).waitFor();
    await cluster.workers[2].end('SIGKILL');
    await page.locator('#errors-list li').filter({ hasText: 'worker w2' }).waitFor();
    await page.locator('#workers-rows tr').nth(2).waitFor({ state: 'detached' });
    expect(await tileOf(page, 'Workers serving')).toBe('2 of 2');
    expect(await page.locator('#announce').innerText()).toContain('1 worker lost');
    await load.end();
    await page.waitForTimeout(2_500);
    for (const kind of ['GET_TIME', 'MINE_BITCOIN']) {
      const shown = (await cellsOf(page, '#kinds-rows', kind)).map((text) => Number(text.replaceAll(',', '')));
      expect(shown[0]).toBe(await cluster.metric(`trireme_hub_jobs_submitted_total{kind="${kind}"}`));
      expect(shown[1]).toBe(await cluster.metric(`trireme_hub_jobs_total{kind="${kind}",outcome="done"}`));
    }
    await page.close();
  }, 60_000);
});

describeWithBrowser('the live page of an lb with a token', (browser) => {
  test('opens for who gives the token as the password, events included, and for nobody else', async () => {
    const free = '127.0.0.1:0';
    const args = ['lb', '--tcp', free, '--grpc', free, '--admin', free, '--token', 'trust-me'];
    const lb = RunningRole.start(args);
    try {
      const { admin } = (await lb.line('listening')) as { admin: string };
      const { page } = await openWatched(browser(), `http://${admin}/`, {
        httpCredentials: { username: 'any', password: 'trust-me' },
      });
      await page.locator('#link[data-state=live]').waitFor();
      expect(await page.locator('#workers-empty').isVisible()).toBe(true);
      await page.close();
      for (const path of ['/', '/assets/page.js', '/api/live', '/api/events', '/api/history'])
        expect([path, (await fetch(`http://${admin}${path}`)).status]).toEqual([path, 401]);
    } finally {
      await lb.end();
    }
  }, 60_000);
});

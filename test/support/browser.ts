import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

/** Where Debian keeps it; tests download no browser. */
const paths = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

const executablePath = process.env.TRIREME_CHROMIUM ?? paths.find(existsSync);

/** `describe` where there is a browser, else a skip that says why. */
export function describeWithBrowser(name: string, body: (browser: () => Browser) => void): void {
  if (executablePath === undefined) {
    console.log(`SKIP: ${name}: chromium is not installed (apt-get install chromium)`);
    describe.skip(name, () => body(() => undefined as never));
    return;
  }
  describe(name, () => {
    let browser: Browser;
    beforeAll(async () => {
      // Its own sandbox refuses to run as root; what it opens here is ours.
      browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    });
    afterAll(() => browser.close());
    body(() => browser);
  });
}

/** A browser without a window, and pages that reach nothing but the server that they are from. */
import { chromium } from 'playwright-core';
import type { Page } from 'playwright-core';
import { installed } from '../support/install.ts';

export interface OpenedPage {
  readonly page: Page;
  /** What it asked of other hosts or could not do. */
  readonly faults: string[];
}

export interface TestBrowser {
  open(url: string): Promise<OpenedPage>;
  close(): Promise<void>;
}

export async function startBrowser(): Promise<TestBrowser> {
  const browser = await chromium.launch({
    executablePath: await installed(
      ['chromium', 'chromium-browser'],
      'chromium',
      'install chromium',
    ),
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync'],
  });
  return {
    async open(address) {
      const { origin } = new URL(address);
      const context = await browser.newContext();
      const faults: string[] = [];
      await context.route('**/*', async (route) => {
        const url = route.request().url();
        if (url.startsWith(origin) || url.startsWith('data:') || url.startsWith('blob:'))
          return route.continue();
        faults.push(`asked ${url}`);
        return route.abort();
      });
      const page = await context.newPage();
      page.on('pageerror', (error) => faults.push(error.message));
      page.on('console', (message) => {
        if (message.type() === 'error') faults.push(message.text());
      });
      await page.goto(address);
      return { page, faults };
    },
    close: () => browser.close(),
  };
}

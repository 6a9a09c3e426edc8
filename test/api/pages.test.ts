/** The pages for people, in a browser that reaches nothing but the gateway. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { installed } from '../support/install.ts';
import type { ServedWorld } from '../gateway/served-world.ts';
import { serveWorld } from '../gateway/served-world.ts';

let world: ServedWorld;
let server: Server;
let origin: string;
let browser: Browser;
beforeAll(async () => {
  world = await serveWorld();
  server = createServer(world.app).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await chromium.launch({
    executablePath: await installed(
      ['chromium', 'chromium-browser'],
      'chromium',
      'install chromium',
    ),
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync'],
  });
}, 400_000);
afterAll(async () => {
  await browser.close();
  await new Promise((resolve) => server.close(resolve));
  await world.stop();
});

/** A page, and what it asked of other hosts or could not do. */
async function open(path: string): Promise<{ readonly page: Page; readonly faults: string[] }> {
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
  await page.goto(`${origin}${path}`);
  return { page, faults };
}

interface CodeMirrorNode {
  readonly CodeMirror: { readonly setValue: (text: string) => void };
}

it('GraphiQL runs a query', async () => {
  const { page, faults } = await open('/graphiql/world');
  const editor = page.locator('.graphiql-query-editor .CodeMirror');
  await editor.waitFor();
  await editor.evaluate(
    (node, text) => (node as unknown as CodeMirrorNode).CodeMirror.setValue(text),
    '{ country(by: { cca2: "FR" }) { name } }',
  );
  await page.locator('.graphiql-execute-button').click();
  const answer = page.locator('.result-window');
  await answer.getByText('"France"').waitFor();
  expect(await answer.innerText()).toContain('basisT');
  expect(faults).toEqual([]);
});

it('the documentation of REST runs a request', async () => {
  const { page, faults } = await open('/docs/world#/Country/getCountryByCca2');
  const operation = page.locator('#operations-Country-getCountryByCca2');
  await operation.getByRole('button', { name: 'Try it out' }).click();
  await operation.getByPlaceholder('value', { exact: true }).fill('FR');
  await operation.getByRole('button', { name: 'Execute' }).click();
  const answer = operation.locator('.live-responses-table');
  await answer.waitFor();
  expect(await answer.innerText()).toContain('France');
  expect(faults).toEqual([]);
});

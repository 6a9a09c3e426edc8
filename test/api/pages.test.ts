/** The pages for people, in a browser that reaches nothing but the gateway. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ServedWorld } from '../gateway/served-world.ts';
import { serveWorld } from '../gateway/served-world.ts';
import type { TestBrowser } from './browser.ts';
import { startBrowser } from './browser.ts';

let world: ServedWorld;
let server: Server;
let origin: string;
let browser: TestBrowser;
beforeAll(async () => {
  world = await serveWorld();
  server = createServer(world.app).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await startBrowser();
}, 400_000);
afterAll(async () => {
  await browser.close();
  await new Promise((resolve) => server.close(resolve));
  await world.stop();
});

interface CodeMirrorNode {
  readonly CodeMirror: { readonly setValue: (text: string) => void };
}

it('GraphiQL runs a query', async () => {
  const { page, faults } = await browser.open(`${origin}/graphiql/world`);
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
  const { page, faults } = await browser.open(`${origin}/docs/world#/Country/getCountryByCca2`);
  const operation = page.locator('#operations-Country-getCountryByCca2');
  await operation.getByRole('button', { name: 'Try it out' }).click();
  await operation.getByPlaceholder('value', { exact: true }).fill('FR');
  await operation.getByRole('button', { name: 'Execute' }).click();
  const answer = operation.locator('.live-responses-table');
  await answer.waitFor();
  expect(await answer.innerText()).toContain('France');
  expect(faults).toEqual([]);
});

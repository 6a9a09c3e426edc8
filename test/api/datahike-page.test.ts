/** The page of Datahike's protocol, in a browser that reaches nothing but its server. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ProtocolServer } from '../support/protocol-server.ts';
import { TOKEN, protocolServer } from '../support/protocol-server.ts';
import type { TestBrowser } from './browser.ts';
import { startBrowser } from './browser.ts';

let server: ProtocolServer;
let browser: TestBrowser;
beforeAll(async () => {
  server = await protocolServer();
  browser = await startBrowser();
}, 400_000);
afterAll(async () => {
  await browser.close();
  await server.stop();
});

it('shows the operations, asks for a token and runs one with it', async () => {
  const { page, faults } = await browser.open(`${server.url}/#/API/database-exists%3F`);
  const operation = page.locator('.opblock', { hasText: '/database-exists' });
  await operation.getByRole('button', { name: 'Try it out' }).click();
  expect(await page.locator('.opblock').count()).toBe(37);
  expect(await page.locator('input[name=token]').count()).toBe(0);
  await operation.locator('textarea').fill('["{:store {:backend :memory :id \\"page\\"}}"]');
  const execute = operation.getByRole('button', { name: 'Execute' });
  const answer = operation.locator('.live-responses-table');
  await execute.click();
  await answer.getByText('401').first().waitFor();
  await page.locator('input[name=token]').fill(TOKEN);
  await page.keyboard.press('Enter');
  await execute.click();
  await answer.getByText('false').waitFor();
  expect(await answer.innerText()).toContain('200');
  // What the server refused is told in the console too.
  expect(faults.filter((fault) => !fault.includes('401'))).toEqual([]);
});

/** The example of docs/extending.md, which is in examples/ as well. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadExtensions } from '../../gateway/extend/load-extensions.ts';
import { blocksOf } from '../tour/blocks.ts';
import { listenOn } from './listening.ts';
import type { ServedWorld } from './served-world.ts';
import { serveWorld } from './served-world.ts';

const DOCUMENT = 'docs/extending.md';
const EXAMPLE = 'examples/extension/geography.ts';

const textOf = (language: string): string =>
  blocksOf(DOCUMENT).find((block) => block.language === language)?.text ?? '';

let served: ServedWorld;
beforeAll(async () => {
  served = await serveWorld({ extensions: await loadExtensions([EXAMPLE]) });
});
afterAll(() => served.stop());

it('is the same in both', () => {
  const example = readFileSync(EXAMPLE, 'utf8').replaceAll(
    '../../gateway/index.ts',
    'datahike-gateway/gateway',
  );
  expect(example.slice(example.indexOf('import')).trim()).toBe(textOf('ts').trim());
});

it('answers what it says', async () => {
  expect(await served.data(textOf('graphql'))).toEqual(JSON.parse(textOf('json')));
});

it('makes a city, and reports a country', async () => {
  const { found } = await served.data(
    'mutation { found(name: "Porto", cca2: "PT") { name country { cityCount } } }',
  );
  expect(found).toEqual({ name: 'Porto', country: { cityCount: 3 } });
  const listening = await listenOn(served);
  const report = await fetch(listening.url.replace('/graphql', '/v1/world/reports/PT'));
  expect(await report.text()).toBe('Portugal: 92090');
  expect((await fetch(`${report.url}X`)).status).toBe(404);
  await listening.close();
});

it('says what is wrong with a module', async () => {
  await expect(loadExtensions(['examples/extension/none.ts'])).rejects.toThrow(
    /^The extension examples\/extension\/none\.ts: cannot be loaded: /,
  );
  await expect(loadExtensions(['gateway/read/marks.ts'])).rejects.toThrow(
    /expected the module to export `extension`/,
  );
});

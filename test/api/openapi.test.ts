/** What tools of others make of the document of the REST interface. */
import { Validator } from '@seriousme/openapi-schema-validator';
import spectralCore from '@stoplight/spectral-core';
import spectralRulesets from '@stoplight/spectral-rulesets';
import openapiTS, { astToString } from 'openapi-typescript';
import { beforeAll, expect, it } from 'vitest';
import type { OpenApi } from '../../gateway/generate/rest/openapi-frame.ts';
import { openApi } from '../../gateway/generate/rest/openapi.ts';
import { openApiOfSet } from '../../gateway/generate/rest/openapi-sets.ts';
import { mergeModels } from '../../schema/model/merge-models.ts';
import { modelOfWorld } from '../gateway/world-database.ts';
import { compile } from './compile.ts';

let document: OpenApi;
beforeAll(async () => {
  document = openApi(await modelOfWorld(), { database: 'world', isGuarded: true });
});

const ofSet = async (): Promise<OpenApi> =>
  openApiOfSet(mergeModels([await modelOfWorld()]), { name: 'worlds', isGuarded: true });

it('is world.openapi.json', async () => {
  await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot('world.openapi.json');
});

it('is valid OpenAPI 3.1', async () => {
  for (const each of [document, await ofSet()]) {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(structuredClone(each));
    expect(errors ?? []).toEqual([]);
    expect(valid).toBe(true);
    expect(validator.version).toBe('3.1');
  }
});

it('follows the rules of Spectral', async () => {
  const spectral = new spectralCore.Spectral();
  spectral.setRuleset({ extends: [[spectralRulesets.oas as never, 'recommended']] });
  for (const each of [document, await ofSet()]) {
    const found = await spectral.run(structuredClone(each) as Record<string, unknown>);
    expect(found.map(({ code, path, message }) => `${code} ${path.join('.')}: ${message}`)).toEqual(
      [],
    );
  }
});

it('is what a generated client compiles against', async () => {
  const types = astToString(await openapiTS(structuredClone(document) as never));
  const use = `import type { components, paths } from './api.ts';
    type City = components['schemas']['City'];
    type Page = paths['/city']['get']['responses'][200]['content']['application/json'];
    export const names = (page: Page): ReadonlyArray<string> =>
      page.nodes.map((city: City) => city.name ?? '');
    type Filters = NonNullable<paths['/city']['get']['parameters']['query']>;
    export const filters: Filters = { 'population.gte': '1000', first: 2 };`;
  expect(await compile('rest-client', { 'api.ts': types, 'use.ts': use })).toBe('');
});

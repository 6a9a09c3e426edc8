import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { SETTING_KEYS, variablesOf } from '../../../config/settings.ts';

const rows = new Map(
  Array.from(
    readFileSync('README.md', 'utf8').matchAll(/^\| `([\w.]+)` +\| (`[A-Z_`, ]+`) +\|/gm),
    ([, key = '', variables = '']) => [key, variables.replaceAll('`', '').split(', ')] as const,
  ),
);

it.each(SETTING_KEYS)('%s stands in the table of the README, with its variables', (key) => {
  expect(rows.get(key)?.toSorted()).toEqual([...variablesOf(key)].sort());
});

it('the table has no others', () => {
  expect([...rows.keys()].filter((key) => !SETTING_KEYS.some((known) => known === key))).toEqual(
    [],
  );
});

import { describe, expect, it } from 'vitest';
import { findShape, inputsOf } from '../../../../gateway/command-line/query-shape.ts';
import { printEdn } from '../../../../schema/edn-print.ts';
import { readEdn } from '../../../../schema/edn-read.ts';

describe('what a query says of its answer', () => {
  it.each([
    ['[:find ?a (count ?b) :where [?a ?b]]', 'relation', ['?a', '(count ?b)'], false],
    ['[:find [?a ...] :where [?a]]', 'collection', ['?a'], false],
    ['[:find [?a ?b] :where [?a ?b]]', 'tuple', ['?a', '?b'], false],
    ['[:find (max ?a) . :where [?a]]', 'scalar', ['(max ?a)'], false],
    ['[:find ?a ?b :strs one two :where [?a ?b]]', 'relation', ['one', 'two'], true],
    ['{:find [?a .] :where [[?a]]}', 'scalar', ['?a'], false],
    ['{:find [[?a ...]] :where [[?a]]}', 'collection', ['?a'], false],
    ['{:query [:find ?a :where [?a]] :limit 1}', 'relation', ['?a'], false],
    ['{:query {:find (?a) :keys [x] :where [[?a]]}}', 'relation', ['x'], true],
    ['7', 'relation', [], false],
  ] as const)('%s', (query, kind, columns, areMaps) => {
    expect(findShape(readEdn(query))).toEqual({ kind, columns, areMaps });
  });

  it('and of its inputs', () => {
    const shown = (query: string): ReadonlyArray<string> => inputsOf(readEdn(query)).map(printEdn);
    expect(shown('[:find ?a :in $ % [?x ...] $b :where [?a]]')).toEqual([
      '$',
      '%',
      '[?x ...]',
      '$b',
    ]);
    expect(shown('[:find ?a :where [?a]]')).toEqual(['$']);
  });
});

/** What a query did: its answer, and for each clause in the order in which they were worked out what it took and left. */
import { kw, sym } from '../../../schema/keyword.ts';
import { EdnDouble } from '../../../schema/value.ts';
import type { EdnData, EdnMap } from '../../../schema/value.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { Clause, Query } from '../language/ast.ts';
import type { PagedQuery } from '../language/parsed.ts';
import { sectionsOf } from '../language/sections.ts';
import type { QueryInput } from '../execute.ts';
import { execute } from '../execute.ts';
import type { ClauseTrace } from '../trace.ts';
import { Trace } from '../trace.ts';

/** `{:query :ret :consts :rules :stats [{:clause :type :t :rels [{:rows :bound}] :branches} …]}`, `:t` in milliseconds. */
export function* executeWithStats(
  { query, page }: PagedQuery,
  form: EdnData,
  inputs: ReadonlyArray<QueryInput>,
): Suspended<EdnMap> {
  const trace = new Trace();
  const answer = yield* execute(query, inputs, page, trace);
  return toMap([
    ['query', new Map(Array.from(sectionsOf(form), ([name, part]) => [kw(name), part]))],
    ['ret', answer],
    ['consts', constantsOf(query, inputs)],
    ['rules', rulesOf(query, inputs)],
    ['stats', (trace.conjunctions[0] ?? []).map(statsOf)],
  ]);
}

function statsOf({ clause, durationMs, rows, bound, within }: ClauseTrace): EdnMap {
  return toMap([
    ['clause', clause.form],
    ['type', kw(TYPES[clause.kind])],
    ['t', new EdnDouble(durationMs)],
    [
      'rels',
      [
        toMap([
          ['rows', rows],
          ['bound', new Set(bound.map(sym))],
        ]),
      ],
    ],
    ...(within.conjunctions.length > 0 ? [['branches', branchesOf(clause, within)] as const] : []),
  ]);
}

/** A negation has one conjunction within it, alternatives and rules have any number. */
function branchesOf({ kind }: Clause, { conjunctions }: Trace): EdnData {
  const branches = conjunctions.map((conjunction) => conjunction.map(statsOf));
  return kind === 'not' ? branches.flat() : branches;
}

const TYPES: Readonly<Record<Clause['kind'], string>> = {
  pattern: 'lookup',
  call: 'call',
  not: 'not',
  or: 'or',
  rule: 'rule',
  given: 'given',
};

/** The single inputs by their variables. */
function constantsOf(query: Query, inputs: ReadonlyArray<QueryInput>): EdnMap {
  const constants = new Map<EdnData, EdnData>();
  for (const [i, input] of query.in.entries())
    if (input.kind === 'binding' && input.binding.kind === 'scalar')
      constants.set(sym(input.binding.name), (inputs[i] as EdnData | undefined) ?? null);
  return constants;
}

function rulesOf(query: Query, inputs: ReadonlyArray<QueryInput>): EdnData {
  const place = query.in.findIndex(({ kind }) => kind === 'rules');
  return place < 0 ? new Map() : ((inputs[place] as EdnData | undefined) ?? null);
}

function toMap(entries: ReadonlyArray<readonly [string, EdnData]>): EdnMap {
  return new Map(entries.map(([name, value]) => [kw(name), value]));
}

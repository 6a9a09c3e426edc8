/** Random queries, and the rules that they may call. */
import fc from 'fast-check';
import { kw, sym } from '../../schema/keyword.ts';
import type { Keyword } from '../../schema/keyword.ts';
import { EdnList } from '../../schema/value.ts';
import type { EdnData } from '../../schema/value.ts';
import { ids, kinds, numbers, texts } from './generate-transactions.ts';
import type { ModelQuery } from './query.ts';

const A = {
  id: kw('x/id'),
  code: kw('x/code'),
  n: kw('x/n'),
  tags: kw('x/tags'),
  ref: kw('x/ref'),
  refs: kw('y/refs'),
  kind: kw('kind'),
} as const;

/** Rules that queries may call. */
export const RULES: ReadonlyArray<ReadonlyArray<EdnData>> = [
  [list('linked', '?x', '?y'), [sym('?x'), A.refs, sym('?y')]],
  [list('linked', '?x', '?y'), [sym('?x'), A.ref, sym('?y')]],
  [list('reach', '?x', '?y'), list('linked', '?x', '?y')],
  [list('reach', '?x', '?y'), list('reach', '?x', '?z'), list('linked', '?z', '?y')],
  [
    list('alone', '?x'),
    [sym('?x'), A.tags, sym('_')],
    new EdnList([sym('not'), list('linked', '?x', '?other')]),
  ],
];

function list(...names: ReadonlyArray<string>): EdnList {
  return new EdnList(names.map(sym));
}

const ENTITY_NAMES = ['?a', '?b', '?c'];
const entityVariables = fc.constantFrom(...ENTITY_NAMES).map(sym);
const valueVariables = fc.constantFrom('?v', '?w').map(sym);

/** A pattern and the variables that it binds. */
const dataPatterns: fc.Arbitrary<ReadonlyArray<EdnData>> = fc
  .record({
    e: fc.oneof({ weight: 6, arbitrary: entityVariables }, { weight: 1, arbitrary: ids }),
    a: fc.constantFrom(A.id, A.n, A.tags, A.ref, A.refs, A.kind, A.code),
    isAnyAttribute: fc.nat(9),
    isConstant: fc.nat(3),
    text: texts,
    number: numbers,
    id: ids,
    kind: kinds,
    target: fc.oneof(
      { weight: 3, arbitrary: entityVariables },
      { weight: 1, arbitrary: fc.constant(sym('_')) },
    ),
    value: fc.oneof(
      { weight: 4, arbitrary: valueVariables },
      { weight: 1, arbitrary: fc.constant(sym('_')) },
    ),
    tail: fc.oneof(
      { weight: 8, arbitrary: fc.constant<EdnData[]>([]) },
      { weight: 1, arbitrary: fc.constant<EdnData[]>([sym('?tx')]) },
      { weight: 1, arbitrary: fc.constant<EdnData[]>([sym('_'), sym('?op')]) },
      { weight: 1, arbitrary: fc.constant<EdnData[]>([sym('?tx'), true]) },
    ),
  })
  .map((r) => {
    if (r.isAnyAttribute === 0) return [r.e, sym('?attr'), r.value, ...r.tail];
    const constants = new Map<Keyword, EdnData>([
      [A.id, r.text],
      [A.tags, r.text],
      [A.n, r.number],
      [A.code, r.number],
      [A.kind, r.kind],
      [A.ref, r.id],
      [A.refs, r.id],
    ]);
    const open = r.a === A.ref || r.a === A.refs ? r.target : r.value;
    return [r.e, r.a, r.isConstant === 0 ? constants.get(r.a)! : open, ...r.tail];
  });

/** Rule calls and alternatives bind entities only. */
const otherBinders: fc.Arbitrary<EdnData> = fc.oneof(
  fc
    .tuple(fc.constantFrom('linked', 'reach'), entityVariables, entityVariables)
    .map((items): EdnData => new EdnList([sym(items[0]), items[1], items[2]])),
  entityVariables.map((e): EdnData => new EdnList([sym('alone'), e])),
  fc.tuple(ids, entityVariables).map(([id, e]): EdnData => new EdnList([sym('reach'), id, e])),
  fc
    .tuple(entityVariables, texts, numbers)
    .map(
      ([e, text, number]): EdnData =>
        new EdnList([
          sym('or'),
          [e, A.tags, text],
          new EdnList([sym('and'), [e, A.n, number], new EdnList([sym('not'), [e, A.id, text]])]),
        ]),
    ),
  fc
    .tuple(entityVariables, texts)
    .map(
      ([e, text]): EdnData =>
        new EdnList([
          sym('or-join'),
          [e],
          [e, A.id, text],
          new EdnList([sym('and'), [e, A.refs, sym('?v')], [sym('?v'), A.n, sym('?w')]]),
        ]),
    ),
);

/** Queries whose clauses, in any order, have an answer: what is tested or negated is bound by some other clause. */
export const queries: fc.Arbitrary<ModelQuery> = fc
  .tuple(
    fc.array(dataPatterns, { minLength: 1, maxLength: 3 }),
    fc.array(otherBinders, { maxLength: 1 }),
  )
  .chain(([first, others]) => {
    const binders: ReadonlyArray<EdnData> = [...first, ...others];
    const bound = [...new Set(binders.flatMap(variablesOf))].sort();
    if (bound.length === 0)
      return fc.constant({
        find: [sym('?z')],
        with: [],
        where: [[sym('?z'), A.id, sym('_')], ...binders],
        rules: RULES,
      });
    const variables = fc.constantFrom(...bound).map(sym);
    return fc
      .record({
        find: fc.subarray(bound, { minLength: 1, maxLength: Math.min(3, bound.length) }),
        tests: fc.array(testsOver(variables, subjectsOf(bound)), { maxLength: 2 }),
        aggregates: fc.option(fc.constantFrom('count', 'count-distinct', 'min', 'max'), {
          freq: 4,
        }),
        with: fc.option(variables, { freq: 3 }),
      })
      .chain(({ find, tests, aggregates, with: more }) => {
        const elements: EdnData[] = find.map(sym);
        if (aggregates !== null) elements.push(new EdnList([sym(aggregates), elements.pop()!]));
        const isNew = more !== null && aggregates !== null && !find.includes(more.name);
        return fc
          .shuffledSubarray([...binders, ...tests], { minLength: binders.length + tests.length })
          .map((where): ModelQuery => ({
            find: elements,
            with: isNew ? [more] : [],
            where,
            rules: RULES,
          }));
      });
  });

/** Variables that stand for entities: a keyword that came from a value names no entity for the model. */
function subjectsOf(bound: ReadonlyArray<string>): fc.Arbitrary<EdnData> | undefined {
  const names = bound.filter((name) => ENTITY_NAMES.includes(name));
  return names.length === 0 ? undefined : fc.constantFrom(...names).map(sym);
}

function testsOver(
  variables: fc.Arbitrary<EdnData>,
  subjects: fc.Arbitrary<EdnData> | undefined,
): fc.Arbitrary<EdnData> {
  const calls = fc
    .tuple(fc.constantFrom('<', '>=', '=', 'not='), variables, fc.oneof(variables, numbers, texts))
    .map(([name, one, other]): EdnData => [new EdnList([sym(name), one, other])]);
  const functions = fc
    .tuple(variables, variables)
    .map(([one, other]): EdnData => [new EdnList([sym('vector'), one, other]), sym('?pair')]);
  if (subjects === undefined) return fc.oneof(calls, functions);
  const negations = fc
    .tuple(subjects, fc.constantFrom(A.n, A.tags, A.refs, A.id), fc.constantFrom('?inner', '_'))
    .map(([e, a, v]): EdnData => new EdnList([sym('not'), [e, a, sym(v)]]));
  const joins = fc
    .tuple(subjects, entityVariables)
    .map(
      ([one, inner]): EdnData =>
        new EdnList([sym('not-join'), [one], [one, A.refs, inner], [inner, A.n, sym('?v')]]),
    );
  const alternatives = fc
    .tuple(subjects, numbers, texts)
    .map(
      ([one, number, text]): EdnData =>
        new EdnList([
          sym('or'),
          [one, A.n, number],
          new EdnList([sym('not'), [one, A.tags, text]]),
        ]),
    );
  const reached = subjects.map(
    (one): EdnData => new EdnList([sym('not'), new EdnList([sym('reach'), one, one])]),
  );
  return fc.oneof(
    { weight: 3, arbitrary: calls },
    functions,
    negations,
    joins,
    alternatives,
    reached,
  );
}

function variablesOf(form: EdnData): string[] {
  if (!(form instanceof EdnList))
    return (form as ReadonlyArray<EdnData>).map(String).filter((name) => name.startsWith('?'));
  const [head, ...rest] = form.items;
  if (String(head) === 'or' || String(head) === 'or-join')
    return (rest[0] as ReadonlyArray<EdnData>).map(String).filter((name) => name.startsWith('?'));
  return rest.map(String).filter((name) => name.startsWith('?'));
}

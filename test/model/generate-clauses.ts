/** Random clauses over few variables, and the rules that they may call. */
import fc from 'fast-check';
import { kw, sym } from '../../schema/keyword.ts';
import { EdnList, type EdnData } from '../../schema/value.ts';
import { FIRST_TX } from './facts.ts';
import { ids, kinds, numbers, texts } from './generate-transactions.ts';
import { variablesIn } from './query-world.ts';

export type Clauses = fc.Arbitrary<EdnData>;

/** Variables that stand for entities, and those that stand for anything else: what is no entity names none. */
export const ENTITIES = ['?a', '?b', '?c'];
export const VALUES = ['?v', '?w'];

const A = {
  id: kw('x/id'),
  code: kw('x/code'),
  n: kw('x/n'),
  tags: kw('x/tags'),
  ref: kw('x/ref'),
  refs: kw('y/refs'),
  kind: kw('kind'),
} as const;

export const attributes = fc.constantFrom(...Object.values(A));

export function call(head: string, ...args: EdnData[]): EdnList {
  return new EdnList([sym(head), ...args]);
}

const named = (text: string): EdnData => (/^[?$_]/.test(text) ? sym(text) : text);
const list = (head: string, ...names: string[]): EdnList => call(head, ...names.map(named));

/** Rules that queries may call. */
export const RULES: ReadonlyArray<ReadonlyArray<EdnData>> = [
  [list('linked', '?x', '?y'), [sym('?x'), A.refs, sym('?y')]],
  [list('linked', '?x', '?y'), [sym('?x'), A.ref, sym('?y')]],
  [list('reach', '?x', '?y'), list('linked', '?x', '?y')],
  [list('reach', '?x', '?y'), list('reach', '?x', '?z'), list('linked', '?z', '?y')],
  // Twice itself.
  [list('far', '?x', '?y'), [sym('?x'), A.ref, sym('?y')]],
  [list('far', '?x', '?y'), list('far', '?x', '?z'), list('far', '?z', '?y')],
  // Each by the other.
  [list('odd', '?x', '?y'), [sym('?x'), A.refs, sym('?y')]],
  [list('odd', '?x', '?y'), [sym('?x'), A.refs, sym('?z')], list('even', '?z', '?y')],
  [list('even', '?x', '?y'), [sym('?x'), A.refs, sym('?z')], list('odd', '?z', '?y')],
  [list('alone', '?x'), [sym('?x'), A.tags, sym('_')], call('not', list('linked', '?x', '?other'))],
  // Has to be told its first argument.
  [
    call('beyond', [sym('?low')], sym('?x')),
    [sym('?x'), A.n, sym('?n')],
    [list('<', '?low', '?n')],
  ],
  [list('next', '?n', '?m'), [list('inc', '?n'), sym('?m')]],
  [
    list('known', '?x', '?y'),
    call(
      'or',
      list('linked', '?x', '?y'),
      call('and', list('linked', '?y', '?x'), call('not', [sym('?y'), A.n, 1])),
    ),
  ],
  [
    list('lost', '?x'),
    [sym('?x'), A.n, sym('_')],
    call('not-join', [sym('?x')], list('reach', '?x', '?y'), [sym('?y'), A.id, sym('_')]),
  ],
  [
    list('named', '?x', '?d'),
    [sym('?x'), A.n, sym('_')],
    [call('get-else', sym('$'), sym('?x'), A.id, 'none'), sym('?d')],
  ],
];

/** The places of the arguments that rules have to be told. */
export const RULE_NEEDS: ReadonlyMap<string, ReadonlyArray<number>> = new Map([
  ['beyond', [0]],
  ['next', [0]],
]);

export const entityVariables = fc.constantFrom(...ENTITIES).map(sym);
const valueVariables = fc.constantFrom(...VALUES).map(sym);
const blank = fc.constant<EdnData>(sym('_'));
const lookupRefs: Clauses = texts.map((text): EdnData => [A.id, text]);

/** A value that the attribute may have. */
export function constantOf(a: EdnData): Clauses {
  if (a === A.id || a === A.tags) return texts;
  if (a === A.kind) return kinds;
  return a === A.ref || a === A.refs ? ids : numbers;
}

function weighted(...all: ReadonlyArray<readonly [number, Clauses]>): Clauses {
  return fc.oneof(...all.map(([weight, arbitrary]) => ({ weight, arbitrary })));
}

const tails: fc.Arbitrary<EdnData[]> = fc.oneof(
  { weight: 9, arbitrary: fc.constant<EdnData[]>([]) },
  {
    weight: 3,
    arbitrary: fc.constantFrom<EdnData[]>(
      [sym('?tx')],
      [sym('?tx')],
      [sym('_'), sym('?op')],
      [sym('?tx'), true],
      [sym('?tx'), sym('?op')],
      [sym('_'), false],
      [FIRST_TX + 1],
      [FIRST_TX + 1, sym('?op')],
    ),
  },
);

export interface Places {
  /** Sources that are databases, and those that are tuples `[text number]`. */
  readonly databases: ReadonlyArray<string>;
  readonly tuples: ReadonlyArray<string>;
}

export function patterns({ databases, tuples }: Places): Clauses {
  const prefix = fc.constantFrom<EdnData[]>(
    [],
    [],
    ...databases.map((name): EdnData[] => (name === '$' ? [] : [sym(name)])),
  );
  const facts = fc
    .record({
      prefix,
      e: weighted([20, entityVariables], [2, ids], [1, lookupRefs], [1, blank]),
      a: weighted([14, attributes], [2, fc.constant(sym('?attr'))], [1, blank]),
      entity: weighted([12, entityVariables], [2, ids], [1, lookupRefs], [3, blank]),
      value: weighted([5, valueVariables], [1, blank]),
      isConstant: fc.nat(6),
      tail: tails,
      length: weighted([12, fc.constant(3)], [1, fc.constant(2)], [1, fc.constant(1)]),
    })
    .chain(({ prefix: source, e, a, entity, value, isConstant, tail, length }) => {
      const isRef = a === A.ref || a === A.refs;
      const isName = String(a).startsWith('?') || String(a) === '_';
      const open = isName ? value : isRef ? entity : value;
      const v = isConstant === 0 && !isName && !isRef ? constantOf(a) : fc.constant(open);
      return v.map((last): EdnData => {
        const pattern: EdnData[] = [...source, e, a, last].slice(0, source.length + Number(length));
        return length === 3 ? [...pattern, ...tail] : pattern;
      });
    });
  if (tuples.length === 0) return facts;
  const rows = fc
    .tuple(
      fc.constantFrom(...tuples).map(sym),
      weighted([3, valueVariables], [1, texts], [1, blank]),
      weighted([3, valueVariables], [1, numbers], [1, blank]),
    )
    .map((items): EdnData => items);
  return weighted([8, facts], [1, rows]);
}

/** Two patterns of one entity that share what is seldom shared: the transaction, or the attribute. */
export const twins: fc.Arbitrary<ReadonlyArray<EdnData>> = fc
  .record({
    e: weighted([3, entityVariables], [1, ids]),
    one: attributes,
    other: attributes,
    isByAttribute: fc.boolean(),
  })
  .chain(({ e, one, other, isByAttribute }) => {
    const [tx, attribute, v, w] = [sym('?tx'), sym('?attr'), sym('?v'), sym('?w')];
    return weighted([1, constantOf(one)], [1, fc.constant(v)]).map((value): EdnData[] =>
      isByAttribute
        ? [
            [e, attribute, value],
            [e, attribute, w],
          ]
        : [
            [e, one, value, tx],
            [e, other, w, tx],
          ],
    );
  });

/** Calls of rules that bind entities; some name the source that the rule is about. */
export function ruleCalls({ databases }: Places): Clauses {
  const arg = weighted([14, entityVariables], [2, ids], [1, blank], [1, lookupRefs]);
  const two = fc
    .tuple(fc.constantFrom('linked', 'reach', 'far', 'odd', 'even', 'known'), arg, entityVariables)
    .map(([name, one, other]) => call(name, one, other));
  const one = fc
    .tuple(fc.constantFrom('alone', 'lost'), entityVariables)
    .map(([name, e]) => call(name, e));
  const withDefault = fc
    .tuple(entityVariables, valueVariables)
    .map(([e, v]) => call('named', e, v));
  return fc
    .tuple(fc.oneof(two, two, one, withDefault), fc.constantFrom('$', '$', ...databases))
    .map(([rule, name]) => (name === '$' ? rule : new EdnList([sym(name), ...rule.items])));
}

/** `or` with branches of the same variables, and `or-join` with any that binds what it names. */
export function alternatives(places: Places): Clauses {
  const simple = fc
    .tuple(entityVariables, texts, numbers, kinds, fc.nat(2))
    .map(([e, text, number, kind, which]): EdnData =>
      call(
        'or',
        [e, A.tags, text],
        which === 0 ? [e, A.kind, kind] : list('alone', String(e)),
        call('and', [e, A.n, number], call('not', [e, A.id, text])),
      ),
    );
  const pairs = fc
    .tuple(entityVariables, entityVariables, fc.constantFrom('linked', 'reach', 'even'))
    .filter(([one, other]) => one !== other)
    .map(([one, other, rule]): EdnData =>
      call(
        'or',
        [one, A.ref, other],
        call(rule, one, other),
        call('and', [other, A.refs, one], [one, A.tags, sym('_')]),
      ),
    );
  const joins = fc
    .tuple(
      entityVariables,
      fc.array(patterns(places), { minLength: 1, maxLength: 2 }),
      texts,
      fc.option(valueVariables),
    )
    .map(([e, inner, text, v]): EdnData => {
      const branch: EdnData[] = [[e, A.refs, sym('?z')], [sym('?z'), A.n, v ?? sym('_')], ...inner];
      const other: EdnData = v === null ? [e, A.id, text] : [e, A.tags, v];
      return call(
        'or-join',
        v === null ? [e] : [e, v],
        other,
        new EdnList([sym('and'), ...branch]),
      );
    });
  return fc
    .tuple(
      weighted([2, simple], [2, pairs], [2, joins]),
      fc.constantFrom('$', '$', ...places.databases),
    )
    .map(([clause, name]) =>
      name === '$' ? clause : new EdnList([sym(name), ...(clause as EdnList).items]),
    );
}

const COMPARISONS = ['<', '>', '<=', '>=', '=', 'not=', '!='];

/** What tests or adds to bindings that have the variables. */
export function testsOver(bound: ReadonlyArray<string>, places: Places): Clauses {
  const any = fc.constantFrom(...bound).map(sym);
  const anyOrConstant = weighted([3, any], [1, numbers], [1, texts]);
  const predicates = fc.oneof(
    fc
      .tuple(fc.constantFrom(...COMPARISONS), any, anyOrConstant)
      .map(([name, one, other]): EdnData => [call(name, one, other)]),
    fc
      .tuple(any, any, anyOrConstant)
      .map(([one, two, three]): EdnData => [call('<=', one, two, three)]),
    fc
      .tuple(fc.constantFrom('even?', 'pos?', 'string?', 'keyword?', 'some?'), any)
      .map(([name, one]): EdnData => [call(name, one)]),
  );
  const target = weighted([4, fc.constant(sym('?out'))], [1, valueVariables], [1, blank]);
  const functions = fc.oneof(
    fc
      .tuple(fc.constantFrom('inc', 'count', 'str', 'name', 'identity', 'vector'), any, target)
      .map(([name, one, out]): EdnData => [call(name, one), out]),
    fc
      .tuple(fc.constantFrom('+', '-', '*'), any, anyOrConstant, target)
      .map(([name, one, other, out]): EdnData => [call(name, one, other), out]),
    fc
      .tuple(any, any)
      .map(([one, other]): EdnData => [call('tuple', one, other), [sym('?o1'), sym('?o2')]]),
    fc
      .tuple(any, any)
      .map(([one, other]): EdnData => [call('vector', one, other), [sym('?o1'), sym('...')]]),
    fc
      .array(
        fc.tuple(texts, numbers).map((pair): EdnData => pair),
        { maxLength: 3 },
      )
      .map((pairs): EdnData => [call('ground', pairs), [[sym('?v'), sym('?o2')]]]),
    fc
      .array(numbers, { maxLength: 3 })
      .map((all): EdnData => [call('ground', all), [sym('?w'), sym('...')]]),
    any.map((one): EdnData => call('next', one, sym('?o3'))),
    fc.tuple(any, entityVariables).map(([one, e]): EdnData => call('beyond', one, e)),
  );
  const subjects = ENTITIES.filter((name) => bound.includes(name));
  if (subjects.length === 0) return weighted([3, predicates], [2, functions]);
  const e = fc.constantFrom(...subjects).map(sym);
  const source = fc.constantFrom(...places.databases).map(sym);
  const lookUps = fc.oneof(
    attributes.chain((a) =>
      fc
        .tuple(source, e, constantOf(a), target)
        .map(([name, one, otherwise, out]): EdnData => [
          call('get-else', name, one, a, otherwise),
          out,
        ]),
    ),
    fc
      .tuple(source, e, attributes, attributes)
      .map(([name, one, a, b]): EdnData => [
        call('get-some', name, one, a, b),
        [sym('?attr'), sym('?o4')],
      ]),
    fc
      .tuple(source, e, fc.oneof(attributes, fc.constantFrom(kw('x/_ref'), kw('y/_refs'))))
      .map(([name, one, a]): EdnData => [call('missing?', name, one, a)]),
  );
  return weighted(
    [3, predicates],
    [2, functions],
    [2, lookUps],
    [4, negations(e, bound, places)],
    [1, guards(e)],
  );
}

/** `not` and `not-join` around clauses of every kind. */
function negations(e: Clauses, bound: ReadonlyArray<string>, places: Places): Clauses {
  const simple = fc
    .tuple(
      e,
      attributes,
      weighted([2, fc.constant(sym('?inner'))], [2, blank], [1, valueVariables]),
    )
    .map(([one, a, v]): EdnData => call('not', [one, a, v]));
  const inner = fc.array(fc.oneof(patterns(places), ruleCalls(places), alternatives(places)), {
    minLength: 1,
    maxLength: 2,
  });
  const whole = fc
    .tuple(e, inner)
    .map(([one, clauses]): EdnData => new EdnList([sym('not'), [one, sym('_')], ...clauses]));
  const joins = fc
    .tuple(
      fc.subarray([...bound], { minLength: 1, maxLength: Math.min(2, bound.length) }),
      inner,
      e,
    )
    .map(([names, clauses, one]): EdnData => {
      const mentioned = variablesIn(clauses);
      const join = names.filter((name) => mentioned.includes(name));
      const all: EdnData[] = [[one, A.refs, sym('?inner')], ...clauses];
      return new EdnList([sym('not-join'), [...new Set([String(one), ...join])].map(sym), ...all]);
    });
  const nested = fc
    .tuple(e, e, texts)
    .map(([one, other, text]): EdnData =>
      call(
        'not',
        [one, A.tags, sym('_')],
        call('not', [one, A.tags, text], [other, A.id, sym('_')]),
      ),
    );
  const rules = fc
    .tuple(e, e)
    .map(([one, other]): EdnData => call('not', call('reach', one, other)));
  const sourced = fc
    .tuple(e, attributes, fc.constantFrom(...places.databases))
    .map(
      ([one, a, name]): EdnData =>
        new EdnList([...(name === '$' ? [] : [sym(name)]), sym('not'), [one, a, sym('_')]]),
    );
  return fc.oneof(simple, whole, joins, nested, rules, sourced);
}

/** Alternatives that only test. */
function guards(e: Clauses): Clauses {
  return fc
    .tuple(e, numbers, texts)
    .map(([one, number, text]): EdnData =>
      call('or', [one, A.n, number], call('not', [one, A.tags, text])),
    );
}

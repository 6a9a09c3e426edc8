/** Random transactions over few names and values, so that they meet. */
import fc from 'fast-check';
import { kw, sym } from '../../schema/keyword.ts';
import type { Keyword } from '../../schema/keyword.ts';
import type { EdnData } from '../../schema/value.ts';
import type { Slot, World } from './generate-schemas.ts';
import { FIRST_ID, SPECS } from './generate-schemas.ts';
import { changesOfSchema } from './generate-changes.ts';
import { VALUES, anyValues } from './generate-values.ts';
import { TX_FUNCTIONS } from './functions.ts';
import { TX0 } from './facts.ts';

/** Two of them more often than the others. */
export const ids = fc.oneof(
  fc.integer({ min: FIRST_ID, max: FIRST_ID + 1 }),
  fc.integer({ min: FIRST_ID, max: FIRST_ID + 6 }),
);
export const texts = fc.constantFrom('a', 'b', 'c', 'd');
export const numbers = fc.integer({ min: -1, max: 4 });
export const kinds = fc.constantFrom(kw('red'), kw('k/red'), kw('k/blue'));
const tempids = fc.constantFrom<EdnData>(-1, -2, 'new');
const lookupRefs: fc.Arbitrary<EdnData> = fc.oneof(
  { weight: 3, arbitrary: texts.map((text): EdnData => [kw('x/id'), text]) },
  { weight: 1, arbitrary: numbers.map((n): EdnData => [kw('x/code'), n]) },
);
export const knownEntities: fc.Arbitrary<EdnData> = fc.oneof(
  { weight: 12, arbitrary: ids },
  { weight: 1, arbitrary: lookupRefs },
);
const anyEntities: fc.Arbitrary<EdnData> = fc.oneof(
  { weight: 6, arbitrary: knownEntities },
  { weight: 2, arbitrary: tempids },
  { weight: 1, arbitrary: fc.constant<EdnData>(kw('db/current-tx')) },
);

/** Instants between and beside the times of transactions. */
export const times = fc
  .integer({ min: -2, max: 12 })
  .map((n) => new Date(Date.UTC(2020, 0, 1) + n * 500));

export interface Step {
  readonly forms: ReadonlyArray<EdnData>;
  readonly meta: ReadonlyMap<EdnData, EdnData>;
}

export interface Mix {
  /** Whether forms change the schema. */
  readonly schema?: boolean;
  /** Whether attributes get other idents also where facts hold idents. */
  readonly renames?: boolean;
  readonly purges?: boolean;
  /** Whether assertions name a transaction. */
  readonly explicitTx?: boolean;
  /** Whether transactions name their own times. */
  readonly times?: boolean;
}

export function stepsIn(world: World, mix: Mix, maxLength = 8): fc.Arbitrary<ReadonlyArray<Step>> {
  const forms = fc.array(formsIn(world, mix), { minLength: 1, maxLength: 4 });
  const metas = mix.times === true ? metaIn() : fc.constant(new Map<EdnData, EdnData>());
  return fc.array(fc.record({ forms, meta: metas }), { minLength: 1, maxLength });
}

function metaIn(): fc.Arbitrary<ReadonlyMap<EdnData, EdnData>> {
  const names = ['db/txInstant', 'db.valid/from', 'db.valid/to'].map(kw);
  const entries = fc.tuple(fc.constantFrom(...names), times);
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant(new Map<EdnData, EdnData>()) },
    {
      weight: 1,
      arbitrary: fc.array(entries, { maxLength: 2 }).map((all) => new Map<EdnData, EdnData>(all)),
    },
  );
}

type Fact = readonly [Keyword, EdnData];

function formsIn(world: World, mix: Mix): fc.Arbitrary<EdnData> {
  const facts = factsIn(world);
  const op = (name: string): fc.Arbitrary<EdnData> => fc.constant(kw(name));
  const names = facts.map(([a]): EdnData => a);
  const form = (...parts: Array<fc.Arbitrary<EdnData>>): fc.Arbitrary<EdnData> =>
    fc.tuple(...parts).map((items): EdnData => items);
  const withFact = (name: string, entities: fc.Arbitrary<EdnData>): fc.Arbitrary<EdnData> =>
    fc.tuple(op(name), entities, facts).map(([first, e, fact]): EdnData => [first, e, ...fact]);
  const past = fc.integer({ min: TX0, max: TX0 + 6 });
  return fc.oneof(
    { weight: 6, arbitrary: mapsIn(world, 2) },
    { weight: 5, arbitrary: withFact('db/add', anyEntities) },
    { weight: 3, arbitrary: withFact('db/retract', knownEntities) },
    { weight: 1, arbitrary: form(op('db/retract'), knownEntities, names) },
    { weight: 1, arbitrary: form(op('db.fn/retractAttribute'), knownEntities, names) },
    { weight: 2, arbitrary: form(op('db/retractEntity'), knownEntities) },
    {
      // Where attributes are entities, only their ids will do.
      weight: world.config.attributeRefs ? 0 : 2,
      arbitrary: fc
        .tuple(op('db/cas'), ids, facts, fc.option(facts))
        .map(([cas, e, [a, v], old]): EdnData => [cas, e, a, expected(a, v, old), v]),
    },
    {
      weight: 1,
      arbitrary: form(
        op('db.fn/call'),
        fc.constantFrom(...Object.keys(TX_FUNCTIONS).map(sym)),
        ids,
      ),
    },
    ...(mix.schema === true
      ? [{ weight: 5, arbitrary: changesOfSchema(world, mix.renames === true) }]
      : []),
    ...(mix.purges === true
      ? [
          { weight: 2, arbitrary: withFact('db/purge', knownEntities) },
          { weight: 2, arbitrary: form(op('db.purge/attribute'), knownEntities, names) },
          { weight: 1, arbitrary: form(op('db.purge/entity'), knownEntities) },
          { weight: 2, arbitrary: form(op('db.history.purge/before'), times) },
        ]
      : []),
    ...(mix.explicitTx === true
      ? [
          {
            weight: 3,
            arbitrary: fc
              .tuple(withFact('db/add', ids), past)
              .map(([add, tx]): EdnData => [...(add as EdnData[]), tx]),
          },
        ]
      : []),
  );
}

/** What `:db/cas` expects: nothing, another value of the attribute, or the one that it asks for. */
function expected(a: Keyword, v: EdnData, old: Fact | null): EdnData {
  if (old === null) return null;
  return old[0] === a ? old[1] : v;
}

/** A value for an attribute; rarely one that does not fit. */
function valuesFor({ ident, type, tuple }: Slot): fc.Arbitrary<EdnData> {
  if (ident === 'kind') return kinds;
  if (type === 'ref') return knownEntities;
  if (ident === 'x/n' || ident === 'x/code') return numbers;
  if (tuple?.[0] === 'db/tupleTypes') return fc.tuple(numbers, texts).map((pair): EdnData => pair);
  if (tuple?.[0] === 'db/tupleType')
    return fc.array(numbers, { minLength: 1, maxLength: 3 }).map((run): EdnData => run);
  if (type === 'tuple') return fc.tuple(numbers, kinds).map((pair): EdnData => pair);
  return VALUES[type] ?? fc.constantFrom<EdnData>('a', 'b', 'c', 'd', 'abc');
}

const UNDECLARED = ['free', 'u/free'];

function fieldsIn({ config, slots }: World): ReadonlyMap<string, fc.Arbitrary<EdnData>> {
  const isLenient = config.schemaFlexibility === 'read';
  const fields = new Map<string, fc.Arbitrary<EdnData>>();
  for (const slot of slots) {
    const fitting = valuesFor(slot);
    const weight = isLenient ? 3 : 40;
    const any = slot.type === 'ref' ? fitting : anyValues;
    fields.set(slot.ident, fc.oneof({ weight, arbitrary: fitting }, { weight: 1, arbitrary: any }));
  }
  if (isLenient) for (const name of UNDECLARED) fields.set(name, anyValues);
  return fields;
}

/** Nobody may write these. */
function isComposite({ slots }: World, ident: string): boolean {
  return slots.some((slot) => slot.ident === ident && slot.tuple?.[0] === 'db/tupleAttrs');
}

function factsIn(world: World): fc.Arbitrary<Fact> {
  const fields = [...fieldsIn(world)];
  return fc.oneof(
    ...fields.map(([ident, values]) => ({
      weight: isComposite(world, ident) ? 1 : 10,
      arbitrary: fc.tuple(fc.constant(kw(ident)), values),
    })),
  );
}

function mapsIn(world: World, depth: number): fc.Arbitrary<EdnData> {
  const nested =
    depth === 0
      ? anyEntities
      : fc.oneof(
          { weight: 3, arbitrary: anyEntities },
          { weight: 1, arbitrary: mapsIn(world, depth - 1) },
        );
  const fields = new Map<string, fc.Arbitrary<EdnData>>(fieldsIn(world));
  for (const { ident, type, isMany } of world.slots) {
    if (type === 'ref') fields.set(ident, isMany ? fc.array(nested, { maxLength: 3 }) : nested);
    else if (isMany) fields.set(ident, fc.array(fields.get(ident)!, { maxLength: 3 }));
  }
  if (fields.has('x/ref')) fields.set('x/_ref', knownEntities);
  if (fields.has('y/refs')) fields.set('y/_refs', fc.array(nested, { maxLength: 2 }));
  if (!world.config.attributeRefs)
    fields.set('db/ensure', fc.constantFrom<EdnData>(...SPECS.map(kw), kw('spec/none')));
  const known = [...fields.keys()].filter((ident) => !isComposite(world, ident));
  return fc
    .tuple(fc.option(anyEntities, { freq: 3 }), fc.subarray(known, { minLength: 1, maxLength: 4 }))
    .chain(([id, names]) =>
      fc.tuple(...names.map((name) => fields.get(name)!)).map((values): EdnData => {
        const entries = names.map((name, i): [EdnData, EdnData] => [kw(name), values[i]!]);
        return new Map<EdnData, EdnData>(id === null ? entries : [[kw('db/id'), id], ...entries]);
      }),
    );
}

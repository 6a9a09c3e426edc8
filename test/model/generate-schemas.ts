/** Random databases: how they are made, and which attributes their first transaction declares. */
import fc from 'fast-check';
import type { DatabaseConfig } from '../../engine/index.ts';
import { databaseConfig, kw, sym } from '../../engine/index.ts';
import type { EdnData } from '../../schema/value.ts';
import { VALUES } from './generate-values.ts';

/** What a generator of transactions has to know of a declared attribute. */
export interface Slot {
  readonly ident: string;
  readonly type: string;
  readonly isMany: boolean;
  readonly unique?: 'identity' | 'value';
  readonly isIndexed: boolean;
  readonly isComponent: boolean;
  readonly isForgetful: boolean;
  readonly maxLength?: number;
  readonly predicate?: string;
  readonly tuple?: readonly [part: string, definition: EdnData];
}

export interface World {
  readonly config: DatabaseConfig;
  readonly slots: ReadonlyArray<Slot>;
}

/** The first entity that transactions speak of: beyond those that hold the schema. */
export const FIRST_ID = 100;

export function slot(ident: string, type: string, more: Partial<Slot> = {}): Slot {
  const plain = { isMany: false, isIndexed: false, isComponent: false, isForgetful: false };
  return { ...plain, ident, type, ...more };
}

const flags = fc.record({
  isIndexed: fc.boolean(),
  isMany: fc.boolean(),
  isForgetful: fc.boolean(),
  isComponent: fc.boolean(),
});

/** Attributes of every kind; which are indexed, components or without history is random. */
function slotsOf(isPlain: boolean): fc.Arbitrary<ReadonlyArray<Slot>> {
  const common = fc.tuple(flags, flags, flags, flags).map(([one, two, three, four]) => [
    slot('x/id', 'string', { unique: 'identity' }),
    slot('x/code', 'long', { unique: 'value' }),
    slot('x/n', 'long', { isIndexed: one.isIndexed, isForgetful: one.isForgetful }),
    slot('x/tags', 'string', {
      isMany: true,
      isIndexed: two.isIndexed,
      isForgetful: two.isForgetful,
    }),
    slot('x/ref', 'ref', { isComponent: three.isComponent }),
    slot('y/refs', 'ref', { isMany: true, isComponent: four.isComponent }),
    slot('kind', 'keyword'),
  ]);
  return isPlain ? common : fc.tuple(common, typedSlots, otherSlots).map((slots) => slots.flat());
}

const members = (...idents: string[]): EdnData => idents.map(kw);
const composite = (ident: string, parts: string[], unique?: 'identity' | 'value'): Slot =>
  slot(ident, 'tuple', {
    tuple: ['db/tupleAttrs', members(...parts)],
    ...(unique === undefined ? { isIndexed: true } : { unique }),
  });

/** So few that transactions often speak of the same facts. */
const fewSlots = flags.map(({ isIndexed, isForgetful, isComponent }) => [
  slot('x/id', 'string', { unique: 'identity' }),
  slot('x/n', 'long', { isIndexed, isForgetful }),
  slot('x/tags', 'string', { isMany: true, isIndexed }),
  slot('x/ref', 'ref'),
  slot('y/refs', 'ref', { isMany: true, isComponent }),
  slot('kind', 'keyword'),
  composite('t/n+kind', ['x/n', 'kind']),
]);

const typedSlots = fc
  .subarray(Object.keys(VALUES), { minLength: 1, maxLength: 3 })
  .chain((types) =>
    fc.tuple(
      ...types.map((type) =>
        flags.map(({ isMany, isIndexed, isForgetful }) =>
          slot(`v/${type}`, type, { isMany, isIndexed, isForgetful }),
        ),
      ),
    ),
  );

const otherSlots = fc.subarray<Slot>(
  [
    slot('t/pair', 'tuple', {
      tuple: ['db/tupleTypes', members('db.type/long', 'db.type/string')],
    }),
    slot('t/run', 'tuple', {
      tuple: ['db/tupleType', kw('db.type/long')],
      isMany: true,
      isIndexed: true,
    }),
    composite('t/n+kind', ['x/n', 'kind'], 'identity'),
    composite('t/kind+code', ['kind', 'x/code'], 'value'),
    composite('t/ref+n', ['x/ref', 'x/n']),
    slot('c/short', 'string', { maxLength: 1, isMany: true }),
    slot('c/held', 'string', { predicate: 'model/not-b?', maxLength: 2 }),
  ],
  { maxLength: 3 },
);

const NO_ENTITIES = ['bytes', 'float-array', 'double-array'];

function withConfig(given: Partial<DatabaseConfig>, isPlain: boolean): fc.Arbitrary<World> {
  const config = databaseConfig(given);
  const anySlots = isPlain ? slotsOf(true) : fc.oneof(fewSlots, slotsOf(false));
  return anySlots.map((slots) => ({
    config,
    // Types without an entity of their own cannot be declared where attributes are entities.
    slots: slots.filter(({ type }) => !config.attributeRefs || !NO_ENTITIES.includes(type)),
  }));
}

/** Databases made in every way. */
export const worlds: fc.Arbitrary<World> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .boolean()
      .chain((allowIndexBackfill) => withConfig({ allowIndexBackfill }, false)),
  },
  { weight: 2, arbitrary: withConfig({ attributeRefs: true, allowIndexBackfill: true }, false) },
  { weight: 1, arbitrary: withConfig({ keepHistory: false, allowIndexBackfill: true }, false) },
  { weight: 1, arbitrary: withConfig({ keepHistory: false, attributeRefs: true }, false) },
  {
    weight: 2,
    arbitrary: withConfig({ schemaFlexibility: 'read', allowIndexBackfill: true }, false),
  },
);

/** With the attributes that queries speak of, alone. */
export const plainWorlds: fc.Arbitrary<World> = fc.oneof(
  { weight: 3, arbitrary: withConfig({}, true) },
  { weight: 2, arbitrary: withConfig({ attributeRefs: true }, true) },
  { weight: 1, arbitrary: withConfig({ keepHistory: false }, true) },
  { weight: 1, arbitrary: withConfig({ schemaFlexibility: 'read' }, true) },
);

export const SPECS = ['spec/n', 'spec/small'];

/** The transaction data that declares attributes, and specs of entities where there can be any. */
export function declaration({ config, slots }: World): EdnData[] {
  const attributes = slots.map(definitionOf);
  if (config.attributeRefs) return attributes;
  return [
    ...attributes,
    new Map<EdnData, EdnData>([
      [kw('db/ident'), kw('spec/n')],
      [kw('db.entity/attrs'), [kw('x/n'), kw('kind')]],
    ]),
    new Map<EdnData, EdnData>([
      [kw('db/ident'), kw('spec/small')],
      [kw('db.entity/preds'), [sym('model/small?')]],
    ]),
  ];
}

/** The map that declares an attribute. */
export function definitionOf(one: Slot): EdnData {
  const map = new Map<EdnData, EdnData>([
    [kw('db/ident'), kw(one.ident)],
    [kw('db/valueType'), kw(`db.type/${one.type}`)],
    [kw('db/cardinality'), kw(`db.cardinality/${one.isMany ? 'many' : 'one'}`)],
  ]);
  if (one.unique !== undefined) map.set(kw('db/unique'), kw(`db.unique/${one.unique}`));
  if (one.isIndexed) map.set(kw('db/index'), true);
  if (one.isComponent) map.set(kw('db/isComponent'), true);
  if (one.isForgetful) map.set(kw('db/noHistory'), true);
  if (one.maxLength !== undefined) map.set(kw('db/maxLength'), one.maxLength);
  if (one.predicate !== undefined) map.set(kw('db.attr/preds'), [sym(one.predicate)]);
  if (one.tuple !== undefined) map.set(kw(one.tuple[0]), one.tuple[1]);
  return map;
}

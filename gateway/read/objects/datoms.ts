/** What was ever said of entities, or by transactions, as far as the caller may see it. */
import { DatabaseError } from '../../../schema/error.ts';
import { Keyword, kw, sym } from '../../../schema/keyword.ts';
import type { EntityType, Model, RefField, ScalarField } from '../../../schema/model/model.ts';
import { primaryType } from '../../../schema/model/primary-type.ts';
import type { EdnData } from '../../../schema/value.ts';
import type { Projection } from '../../../services/reader/reader.ts';
import { mapInTurns } from '../in-turns.ts';
import { jsonWriter, quote } from '../json.ts';
import type { ReadScope } from '../scope.ts';
import { visibleAmong } from '../visible.ts';

/** A fact and when it was said, or taken back. */
export interface ShownDatom {
  readonly entity: number;
  /** The types that the entity has, or had, and that show the field. */
  readonly types: ReadonlyArray<EntityType>;
  readonly field: ScalarField | RefField;
  readonly value: EdnData;
  readonly tx: number;
  readonly added: boolean;
}

/** A value as the field shows it; an entity by its id. */
export function writeValue(
  field: ScalarField | RefField,
  value: EdnData,
  { encodeId }: ReadScope,
): string {
  const isEntity = typeof value === 'number' && (field.kind === 'ref' || field.isIdent);
  if (isEntity || field.kind === 'ref') return quote(encodeId(Number(value)));
  return writerOf(field)(value, encodeId);
}

const writers = new WeakMap<ScalarField, ReturnType<typeof jsonWriter>>();

function writerOf(field: ScalarField): ReturnType<typeof jsonWriter> {
  let writer = writers.get(field);
  if (writer === undefined) writers.set(field, (writer = jsonWriter(field.shape)));
  return writer;
}

const DATOM = ['?e', '?a', '?v', '?tx', '?added'].map(sym);

const ALL_EVER = new Map<EdnData, EdnData>([
  [kw('find'), DATOM],
  [kw('in'), [sym('$'), [sym('?e'), sym('...')]]],
  [kw('where'), [DATOM]],
]);

/** All that was ever said of some entities that the caller sees, in the order in which it was said. */
export async function datomsOf(
  scope: ReadScope,
  entities: ReadonlyArray<number>,
): Promise<ReadonlyArray<ShownDatom>> {
  if (entities.length === 0) return [];
  const rows = (await scope.snapshot.history().q(ALL_EVER, [entities])) as ReadonlyArray<
    readonly [number, Keyword | number, EdnData, number, boolean]
  >;
  const idents = identsByNumber(scope);
  const said = rows.map(([entity, a, value, tx, added]): SaidFact => {
    return { entity, ident: typeof a === 'number' ? idents.get(a) : a, value, tx, added };
  });
  return (await shownFacts(scope, said)).toSorted(
    (a, b) =>
      a.tx - b.tx ||
      a.entity - b.entity ||
      a.field.attribute.id - b.field.attribute.id ||
      Number(a.added) - Number(b.added),
  );
}

/** What one transaction said, in the order in which it did. */
export async function datomsOfTransaction(
  scope: ReadScope,
  tx: number,
): Promise<ReadonlyArray<ShownDatom>> {
  const { changes = [] } = (await scope.log.transaction(tx, scope.limits)) ?? {};
  if (changes.length > MAX_CHANGES)
    throw new DatabaseError(
      'LIMIT_EXCEEDED',
      `Transaction ${tx} has ${changes.length} facts, more than the ${MAX_CHANGES} that are shown of one; read its entities as of it`,
    );
  const said = changes.map(({ e, attribute, v, added }): SaidFact => {
    const ident = attribute instanceof Keyword ? attribute : undefined;
    return { entity: e, ident, value: v, tx, added };
  });
  return shownFacts(scope, said);
}

const MAX_CHANGES = 50_000;

interface SaidFact extends Pick<ShownDatom, 'entity' | 'value' | 'tx' | 'added'> {
  readonly ident: Keyword | undefined;
}

async function shownFacts(
  scope: ReadScope,
  said: ReadonlyArray<SaidFact>,
): Promise<ReadonlyArray<ShownDatom>> {
  const fields = fieldsByAttribute(scope.model);
  const typesOf = typesByEntity(
    scope.model,
    said.map(({ entity, ident }) => [entity, ident]),
  );
  const datoms = await mapInTurns(said, scope.limits, (fact): ShownDatom | undefined => {
    const { ident, entity, value, tx, added } = fact;
    const shown = fields.get(ident);
    if (shown === undefined) return undefined;
    const types = shown.types.filter((type) => typesOf.get(entity)?.has(type) === true);
    return { entity, value, tx, added, types, field: shown.field };
  });
  return visibleDatoms(
    scope,
    datoms.filter((each) => each !== undefined),
  );
}

/** The types of entities by all attributes that they ever had. */
function typesByEntity(
  { types, typesByAttribute }: Model,
  said: Iterable<readonly [entity: number, ident: Keyword | undefined]>,
): ReadonlyMap<number, ReadonlySet<EntityType>> {
  const found = new Map<number, Set<EntityType>>();
  for (const [entity, ident] of said) {
    const name = ident === undefined ? undefined : typesByAttribute.get(ident)?.name;
    const type = name === undefined ? undefined : types.get(name);
    if (type === undefined) continue;
    const known = found.get(entity);
    if (known === undefined) found.set(entity, new Set([type]));
    else known.add(type);
  }
  return found;
}

/** Where attributes are entities, a query shows their numbers. */
function identsByNumber({ snapshot }: ReadScope): ReadonlyMap<number, Keyword> {
  if (!snapshot.config.attributeRefs) return new Map();
  return new Map(Array.from(snapshot.attributes.values(), ({ id, ident }) => [id, ident]));
}

/** Of facts those of entities that the caller sees as ones of their types, about entities that the caller sees; what stands for an ident is it. */
export async function visibleDatoms(
  scope: ReadScope,
  all: ReadonlyArray<ShownDatom>,
): Promise<ReadonlyArray<ShownDatom>> {
  const datoms = await withIdents(scope, all);
  if (!scope.lists.rules.isRestricted) return datoms;
  const seen = new Map<string, ReadonlySet<number> | undefined>();
  const places = datoms.flatMap(({ types, entity }) =>
    types.map(({ name }) => [name, entity] as const),
  );
  for (const [type, entities] of grouped(places))
    seen.set(type, await visibleAmong(scope, type, entities));
  const targets = await visibleTargets(scope, datoms);
  return datoms.filter(
    ({ types, entity, field, value }) =>
      types.some(({ name }) => seen.get(name)?.has(entity) ?? true) &&
      (field.kind !== 'ref' || targets.has(value as number)),
  );
}

const IDENT: Projection = { attributes: [{ kind: 'one', ident: kw('db/ident') }] };

async function withIdents(
  { snapshot }: ReadScope,
  datoms: ReadonlyArray<ShownDatom>,
): Promise<ReadonlyArray<ShownDatom>> {
  const isIdent = ({ field }: ShownDatom): boolean => field.kind === 'scalar' && field.isIdent;
  const entities = new Set(datoms.filter(isIdent).map(({ value }) => value as number));
  if (entities.size === 0) return datoms;
  const named = Array.from(entities);
  const { columns } = await snapshot.project(IDENT, named);
  const idents = columns[0] as ReadonlyArray<EdnData | undefined>;
  const byEntity = new Map(named.map((entity, place) => [entity, idents[place]]));
  return datoms.map((datom) =>
    isIdent(datom)
      ? { ...datom, value: byEntity.get(datom.value as number) ?? datom.value }
      : datom,
  );
}

/** Of the entities that facts refer to those that the caller sees, whatever as. */
async function visibleTargets(
  scope: ReadScope,
  datoms: ReadonlyArray<ShownDatom>,
): Promise<ReadonlySet<number>> {
  const refs = datoms.filter(({ field }) => field.kind === 'ref');
  const targets = Array.from(new Set(refs.map(({ value }) => value as number)));
  const { discriminator } = scope.model;
  const attributes =
    discriminator === undefined ? [] : [{ kind: 'one' as const, ident: discriminator }];
  const { idents, columns } = await scope.snapshot.project({ attributes, idents: true }, targets);
  const said = (columns[0] ?? []) as ReadonlyArray<EdnData | undefined>;
  const typed = targets.flatMap((entity, place): ReadonlyArray<readonly [string, number]> => {
    const type = primaryType(scope.model, idents[place] ?? [], said[place]);
    return type === undefined ? [] : [[type.name, entity]];
  });
  const visible = new Set<number>();
  for (const [type, entities] of grouped(typed)) {
    const some = await visibleAmong(scope, type, entities);
    for (const entity of entities) if (some?.has(entity) ?? true) visible.add(entity);
  }
  return visible;
}

function grouped(
  all: Iterable<readonly [group: string, entity: number]>,
): ReadonlyMap<string, ReadonlyArray<number>> {
  const groups = new Map<string, Set<number>>();
  for (const [name, entity] of all) {
    const group = groups.get(name);
    if (group === undefined) groups.set(name, new Set([entity]));
    else group.add(entity);
  }
  return new Map(Array.from(groups, ([name, entities]) => [name, Array.from(entities)]));
}

interface ShownField {
  readonly types: EntityType[];
  readonly field: ScalarField | RefField;
}

const fieldsByModel = new WeakMap<Model, ReadonlyMap<Keyword | undefined, ShownField>>();

/** The attributes whose past the caller may see: the types that show each, and the first field that does. */
export function fieldsByAttribute(model: Model): ReadonlyMap<Keyword | undefined, ShownField> {
  const known = fieldsByModel.get(model);
  if (known !== undefined) return known;
  const fields = new Map<Keyword | undefined, ShownField>();
  for (const type of model.types.values()) {
    if (type.access?.history === false) continue;
    for (const field of type.fields.values()) {
      if (field.kind === 'reverse') continue;
      const shown = fields.get(field.attribute.ident);
      if (shown === undefined) fields.set(field.attribute.ident, { types: [type], field });
      else shown.types.push(type);
    }
  }
  fieldsByModel.set(model, fields);
  return fields;
}

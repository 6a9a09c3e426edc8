/**
 * Runs plans: entities to the JSON text that is shown of them, level by level. However many entities there are on a level, it is one projection
 * and one question for each list below it. An entity that is met more than once on a level is read and written once.
 */
import { primaryType } from '../../schema/model/primary-type.ts';
import { kw } from '../../schema/keyword.ts';
import type { EdnData } from '../../schema/value.ts';
import type { Lists, Projected, Projection } from '../../services/reader/reader.ts';
import type { EntityType } from '../../schema/model/model.ts';
import { DEFAULT_REFS } from '../generate/page-sizes.ts';
import type { ListArguments } from '../select/selection.ts';
import type { Connections } from './connection-json.ts';
import { entitiesOn, readConnections, tellOfOthers, writeNodes } from './connection-json.ts';
import { findByKey } from './foreign-keys.ts';
import { KeptFragments } from './kept-fragments.ts';
import { List, NO_PARENTS } from './list.ts';
import { visibleAmong } from './visible.ts';
import type { ConnectionPlan, EntityPlan, FieldPlan, Fragments, ObjectPlan, Run } from './plan.ts';

/** A page of a type's entities; its one parent is undefined. @throws BAD_USER_INPUT, BAD_CURSOR */
export function readConnection(
  run: Run,
  type: EntityType,
  list: ListArguments,
  plan: ConnectionPlan,
): Promise<Connections> {
  const origin = { kind: 'type', type } as const;
  const { connection } = type.names;
  return readConnections(readEntities, run, connection, origin, list, plan, NO_PARENTS);
}

/** The JSON of one entity. */
export async function readEntity(
  run: Run,
  plan: EntityPlan,
  entity: number,
): Promise<string | null> {
  return (await readEntities(run, plan, [entity])).get(entity) ?? null;
}

/** The JSON of some entities, each given once. */
export async function readEntities(
  run: Run,
  plan: EntityPlan,
  entities: ReadonlyArray<number>,
): Promise<Fragments> {
  if (entities.length === 0) return NO_FRAGMENTS;
  const kept = KeptFragments.of(run.scope, plan, entities);
  if (kept === undefined) return writeAnew(run, plan, entities);
  const fragments = new Map<number, string | null>();
  const missing: number[] = [];
  for (const entity of entities) {
    const known = kept.get(entity);
    if (known === undefined) missing.push(entity);
    else fragments.set(entity, known);
  }
  if (missing.length === 0) return fragments;
  const written = await writeAnew(run, plan, missing);
  for (const [entity, text] of written) {
    fragments.set(entity, text);
    if (text !== null) kept.keep(entity, text);
  }
  return fragments;
}

async function writeAnew(
  run: Run,
  plan: EntityPlan,
  entities: ReadonlyArray<number>,
): Promise<Fragments> {
  const projected = await run.scope.snapshot.project(plan.projection, entities);
  const fragments = new Map<number, string | null>();
  const { shows } = plan;
  if (shows.kind === 'typed') {
    const found: number[] = [];
    for (let place = 0; place < entities.length; place++)
      if (projected.has[place] === true) found.push(place);
    const places = await visiblePlaces(run, shows.type, entities, found);
    await writeEntities(run, shows.fields, { entities, projected, places }, fragments);
    return fragments;
  }
  const said = shows.discriminator === undefined ? [] : projected.columns[shows.discriminator];
  const groups = placesByType(run, entities, projected.idents, said as ReadonlyArray<EdnData>);
  for (const [type, found] of groups) {
    const places = await visiblePlaces(run, type.name, entities, found);
    await writeEntities(run, shows.fieldsOf(type), { entities, projected, places }, fragments);
  }
  return fragments;
}

const NO_FRAGMENTS: Fragments = new Map();

/** Entities that were read, and those of them that are written in one way. */
interface Level {
  readonly entities: ReadonlyArray<number>;
  readonly projected: Projected;
  readonly places: ReadonlyArray<number>;
}

/** Writes a value of the entity at a place of the level. */
type WriteAt = (place: number) => string;

async function writeEntities(
  run: Run,
  fields: ReadonlyArray<FieldPlan>,
  level: Level,
  fragments: Map<number, string | null>,
): Promise<void> {
  const { entities, places } = level;
  if (places.length === 0) return;
  const writers: WriteAt[] = [];
  const below: Promise<void>[] = [];
  for (const [i, field] of fields.entries()) {
    const writer = writerOf(run, field, level);
    if (!(writer instanceof Promise)) writers[i] = writer;
    else
      below.push(
        writer.then((ready) => {
          writers[i] = ready;
        }),
      );
  }
  if (below.length > 0) await Promise.all(below);
  for (const place of places) {
    let text = '{';
    for (let i = 0; i < fields.length; i++) {
      if (i > 0) text += ',';
      text += fields[i]!.prefix + writers[i]!(place);
    }
    fragments.set(entities[place]!, `${text}}`);
  }
}

function writerOf(run: Run, field: FieldPlan, level: Level): WriteAt | Promise<WriteAt> {
  const { entities, projected } = level;
  switch (field.kind) {
    case 'constant':
      return () => field.text;
    case 'id': {
      const { encodeId } = run.scope;
      return (place) => `"${encodeId(entities[place]!)}"`;
    }
    case 'object':
      return objectWriter(run, field.object, level);
    case 'facets':
      return facetsWriter(run, field.fieldsOf, level);
    case 'value':
    case 'values':
      return field.isIdent ? identWriter(run, field, level) : valueWriter(run, field, projected);
    case 'one':
      return oneWriter(run, field, targetsIn(projected, field.column), level.places);
    case 'made':
      return madeWriter(run, field, level);
    case 'foreign':
      return foreignWriter(run, field, level);
    case 'list':
      return listWriter(run, field, level);
    case 'connection':
      return connectionWriter(run, field, level);
  }
}

async function objectWriter(
  run: Run,
  object: ObjectPlan<number>,
  { entities, places }: Level,
): Promise<WriteAt> {
  const write = await object.read(
    { readEntities, ...run },
    places.map((place) => entities[place]!),
  );
  return (place) => write(entities[place]!);
}

/** What code of users makes of each entity, which it is handed with the fields that it needs. */
async function madeWriter(
  run: Run,
  { needs, object }: Extract<FieldPlan, { kind: 'made' }>,
  { entities, projected, places }: Level,
): Promise<WriteAt> {
  const readers = needs.map(({ name, many, column }) => {
    if (column === undefined)
      return [name, (place: number) => run.scope.encodeId(entities[place]!)] as const;
    const valuesAt = valuesIn(projected, column);
    const valueAt = (place: number): unknown => valuesAt(place)[0] ?? null;
    return [name, many ? valuesAt : valueAt] as const;
  });
  const neededAt = new Map(
    places.map((place) => [
      place,
      Object.fromEntries(readers.map(([name, read]) => [name, read(place)])),
    ]),
  );
  const write = await object.read({ readEntities, ...run }, Array.from(neededAt.values()));
  return (place) => write(neededAt.get(place)!);
}

/** Each entity once for each of its types that the caller may see it as, in the order of the model. */
async function facetsWriter(
  run: Run,
  fieldsOf: (type: EntityType) => ReadonlyArray<FieldPlan>,
  { entities, projected, places }: Level,
): Promise<WriteAt> {
  const { typesByAttribute, types } = run.scope.model;
  const placesByName = new Map<string, number[]>();
  for (const place of places) {
    const found = new Set<string>();
    for (const ident of projected.idents[place] ?? []) {
      const type = typesByAttribute.get(ident);
      if (type !== undefined) found.add(type.name);
    }
    for (const name of found) {
      const known = placesByName.get(name);
      if (known === undefined) placesByName.set(name, [place]);
      else known.push(place);
    }
  }
  const facets: Array<Map<number, string | null>> = [];
  for (const type of types.values()) {
    const found = placesByName.get(type.name);
    if (found === undefined) continue;
    const visible = await visiblePlaces(run, type.name, entities, found);
    const fragments = new Map<number, string | null>();
    await writeEntities(run, fieldsOf(type), { entities, projected, places: visible }, fragments);
    facets.push(fragments);
  }
  return (place) => {
    const shown = facets.flatMap((fragments) => fragments.get(entities[place]!) ?? []);
    return `[${shown.join(',')}]`;
  };
}

type ValuePlan = Extract<FieldPlan, { kind: 'value' | 'values' }>;

function valueWriter({ scope }: Run, field: ValuePlan, { columns }: Projected): WriteAt {
  const { encodeId } = scope;
  const column = columns[field.column]!;
  if (field.kind === 'value') {
    const values = column as ReadonlyArray<EdnData | undefined>;
    return (place) => {
      const value = values[place];
      return value === undefined ? 'null' : field.write(value, encodeId);
    };
  }
  const { starts, values } = column as Lists;
  return (place) => {
    let text = '[';
    for (let i = starts[place]!; i < starts[place + 1]!; i++)
      text += (i > starts[place]! ? ',' : '') + field.write(values[i]!, encodeId);
    return `${text}]`;
  };
}

/** As {@link valueWriter} with the idents of the entities in their places; what has none is left out. */
async function identWriter(run: Run, field: ValuePlan, { projected }: Level): Promise<WriteAt> {
  const column = projected.columns[field.column]!;
  const isOne = field.kind === 'value';
  const found = isOne ? (column as ReadonlyArray<EdnData | undefined>) : (column as Lists).values;
  const entities = Array.from(new Set(found.filter((each) => each !== undefined))) as number[];
  const named = await run.scope.snapshot.project(IDENTS, entities);
  const idents = new Map(
    entities.map((entity, place) => [entity, (named.columns[0] as ReadonlyArray<EdnData>)[place]]),
  );
  const identOf = (entity: unknown): EdnData | undefined => idents.get(entity as number);
  if (isOne) return valueWriter(run, field, withColumn(projected, field, found.map(identOf)));
  const { starts } = column as Lists;
  return (place) => {
    const texts: string[] = [];
    for (let i = starts[place]!; i < starts[place + 1]!; i++) {
      const ident = identOf(found[i]);
      if (ident !== undefined) texts.push(field.write(ident, run.scope.encodeId));
    }
    return `[${texts.join(',')}]`;
  };
}

const IDENTS: Projection = { attributes: [{ kind: 'one', ident: kw('db/ident') }] };

function withColumn(
  projected: Projected,
  { column }: ValuePlan,
  values: ReadonlyArray<EdnData | undefined>,
): Projected {
  return { ...projected, columns: projected.columns.with(column, values as never) };
}

/** The entity that each one refers to, or that refers to it. */
function targetsIn({ columns }: Projected, column: number): (place: number) => number | undefined {
  const found = columns[column] as ReadonlyArray<number | undefined> | Lists;
  if (Array.isArray(found)) return (place) => found[place] as number | undefined;
  const { starts, values } = found as Lists;
  return (place) =>
    starts[place]! < starts[place + 1]! ? (values[starts[place]!] as number) : undefined;
}

async function oneWriter(
  run: Run,
  { place: field, below }: Extract<FieldPlan, { kind: 'one' }>,
  targetOf: (place: number) => number | undefined,
  places: ReadonlyArray<number>,
): Promise<WriteAt> {
  const targets = new Set<number>();
  for (const place of places) {
    const target = targetOf(place);
    if (target !== undefined) targets.add(target);
  }
  const fragments = await readEntities(run, below, Array.from(targets));
  tellOfOthers(run, field, below, targets.size - fragments.size);
  return (place) => {
    const target = targetOf(place);
    return (target === undefined ? undefined : fragments.get(target)) ?? 'null';
  };
}

/** One question for all values of the level; then the entities are read as everything in their database is. */
async function foreignWriter(
  run: Run,
  { field, column, below, at }: Extract<FieldPlan, { kind: 'foreign' }>,
  { projected, places }: Level,
): Promise<WriteAt> {
  const valuesAt = valuesIn(projected, column);
  const values = places.flatMap(valuesAt);
  try {
    if (values.length === 0) return () => (field.key.many ? '[]' : 'null');
    const scope = await run.scope.foreign.open(field.database);
    const entityOf = await findByKey(scope.snapshot, field.attribute, values);
    const entities = new Set(values.flatMap((value) => entityOf(value) ?? []));
    const fragments = await readEntities({ ...run, scope }, below, Array.from(entities));
    const textsAt = (place: number): ReadonlyArray<string> =>
      valuesAt(place).flatMap((value) => fragments.get(entityOf(value) ?? -1) ?? []);
    return field.key.many
      ? (place) => `[${textsAt(place).join(',')}]`
      : (place) => textsAt(place)[0] ?? 'null';
  } catch (error) {
    run.scope.foreign.fail({ at, database: field.database, error });
    return () => 'null';
  }
}

/** The values of each one, none, one or many. */
function valuesIn({ columns }: Projected, column: number): (place: number) => EdnData[] {
  const found = columns[column] as ReadonlyArray<EdnData | undefined> | Lists;
  if (Array.isArray(found))
    return (place) => (found[place] === undefined ? [] : [found[place] as EdnData]);
  const { starts, values } = found as Lists;
  return (place) => values.slice(starts[place], starts[place + 1]) as EdnData[];
}

async function listWriter(
  run: Run,
  { place: named, field, list, isSized, below }: Extract<FieldPlan, { kind: 'list' }>,
  { entities, places }: Level,
): Promise<WriteAt> {
  const parents = places.map((place) => entities[place]!);
  const opened = await List.open(
    run.scope,
    { kind: 'link', field },
    list(run.variables),
    DEFAULT_REFS,
  );
  const pageOf = await opened.pages(parents, false);
  const scoped = { ...run, scope: opened.scope };
  const shown = entitiesOn(pageOf, parents);
  const fragments = await readEntities(scoped, below, shown);
  tellOfOthers(run, named, below, shown.length - fragments.size);
  return (place) => {
    const page = pageOf(entities[place]);
    if (!isSized && page.hasNextPage) run.scope.warnings.listCut(named, DEFAULT_REFS);
    return writeNodes(page, fragments);
  };
}

async function connectionWriter(
  run: Run,
  { place: named, field, list, connection }: Extract<FieldPlan, { kind: 'connection' }>,
  { entities, places }: Level,
): Promise<WriteAt> {
  const parents = places.map((place) => entities[place]!);
  const origin = { kind: 'link', field } as const;
  const args = list(run.variables);
  const { write } = await readConnections(
    readEntities,
    run,
    named,
    origin,
    args,
    connection,
    parents,
  );
  return (place) => write(entities[place]);
}

/** The places of entities by their primary types; those without a type that is shown are none. */
function placesByType(
  { scope }: Run,
  entities: ReadonlyArray<number>,
  idents: Projected['idents'],
  said: ReadonlyArray<EdnData | undefined>,
): ReadonlyMap<EntityType, number[]> {
  const groups = new Map<EntityType, number[]>();
  for (let place = 0; place < entities.length; place++) {
    const type = primaryType(scope.model, idents[place] ?? [], said[place]);
    if (type === undefined) continue;
    const group = groups.get(type);
    if (group === undefined) groups.set(type, [place]);
    else group.push(place);
  }
  return groups;
}

/** The places of those entities of a type that the caller may see. */
async function visiblePlaces(
  { scope }: Run,
  type: string,
  entities: ReadonlyArray<number>,
  places: ReadonlyArray<number>,
): Promise<ReadonlyArray<number>> {
  const asked = places.map((place) => entities[place]!);
  const visible = await visibleAmong(scope, type, asked);
  return visible === undefined ? places : places.filter((place) => visible.has(entities[place]!));
}

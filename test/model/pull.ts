/** Pull by reading the facts of one entity after the other. */
import { Keyword, Sym, kw } from '../../schema/keyword.ts';
import { EdnList } from '../../schema/value.ts';
import type { EdnData, EdnMap } from '../../schema/value.ts';
import type { Fact, ModelDb } from './facts.ts';
import { TRANSFORMS } from './functions.ts';
import { sortFacts } from './order.ts';
import { ModelSchema, undeclared } from './schema.ts';

const ID = kw('db/id');
const LIMIT = 1_000;
const WHOLE: ReadonlyArray<EdnData> = [Keyword.intern('*')];

/** What a recursion has gone through: the entities that it entered, and how often by each attribute. */
interface Trail {
  readonly entered: ReadonlyArray<number>;
  readonly depths: ReadonlyMap<Keyword, number>;
}

export const START: Trail = { entered: [], depths: new Map() };

/** What a pattern shows of an entity of which some facts are known. `spend` is told of the facts that are gone through, and may end it. */
export function pullModel(
  db: ModelDb,
  facts: ReadonlyArray<Fact>,
  pattern: ReadonlyArray<EdnData>,
  e: number,
  trail: Trail = START,
  schema: ModelSchema = new ModelSchema(db),
  spend: (facts: number) => void = () => undefined,
): EdnMap | null {
  spend(facts.length);
  const result = new Map<EdnData, EdnData>();
  const own = sortFacts(
    facts.filter((fact) => fact.e === e),
    'eavt',
  );
  const isWildcard = pattern.some((item) => String(item) === '*' || String(item) === ':*');
  const all = pattern.flatMap(specsOf);
  const id = all.find(({ name }) => name === ID);
  if (isWildcard || (id !== undefined && own.length > 0)) result.set(id?.key ?? ID, e);
  const specs = all.filter(
    ({ name, target }) => name !== ID && !(isWildcard && isRecursion(target) && !isBackward(name)),
  );
  const named = new Set(specs.map(({ name }) => schema.nameOf(name)));
  if (isWildcard)
    for (const { a } of own)
      if (!named.has(a)) show(specOf(schema.attribute(a)?.ident ?? (a as Keyword)));
  for (const spec of specs) show(spec);
  return result.size > 0 ? result : null;

  function show(spec: Spec): void {
    const { name, key, target, limit } = spec;
    const isReverse = isBackward(name);
    const ident = isReverse ? kw(`${name.namespace}/${name.name.slice(1)}`) : name;
    const attribute = schema.nameOf(ident);
    const { isMany, isComponent, type } = schema.attributeNamed(ident) ?? undeclared(ident);
    const values = isReverse
      ? sortFacts(
          facts.filter(({ a, v }) => a === attribute && v === e),
          'avet',
        ).map((fact) => fact.e)
      : own.filter(({ a }) => a === attribute).map(({ v }) => v);
    if (values.length === 0) {
      if (spec.fallback !== undefined && !isWildcard) result.set(key, spec.fallback);
      return;
    }
    const isSingle = isReverse ? isComponent : !isMany;
    const isRef = type === 'ref';
    const shown = isSingle && !isRef ? values.slice(0, 1) : values.slice(0, limit);
    const present = shown
      .map((v) => (isRef ? follow(v as number, name, target, isComponent && !isReverse) : v))
      .filter((one) => one !== null);
    const isOut = isOver(name, target);
    if (isOut || (isSingle && present.length === 0)) result.delete(key);
    else result.set(key, spec.transform(isSingle ? present[0]! : present));
  }

  function isOver(name: Keyword, target: EdnData | undefined): boolean {
    return typeof target === 'number' && target <= (trail.depths.get(name) ?? 0);
  }

  function follow(
    to: number,
    name: Keyword,
    target: EdnData | undefined,
    isWhole: boolean,
  ): EdnMap | null {
    const ident = db.config.attributeRefs ? schema.identOf(to) : undefined;
    const plain = new Map<EdnData, EdnData>([[ID, to]]);
    if (ident !== undefined) plain.set(kw('db/ident'), ident);
    if (Array.isArray(target))
      return pullModel(db, facts, target as ReadonlyArray<EdnData>, to, START, schema, spend);
    if (target === undefined && !isWhole) return plain;
    if (isOver(name, target)) return null;
    const isStart = target === undefined && !trail.entered.includes(e);
    const entered = isStart ? [...trail.entered, e] : trail.entered;
    if (entered.includes(to)) return plain;
    const depths = new Map(trail.depths).set(name, (trail.depths.get(name) ?? 0) + 1);
    const next = { entered: [...entered, to], depths };
    return pullModel(db, facts, target === undefined ? WHOLE : pattern, to, next, schema, spend);
  }
}

function isRecursion(target: EdnData | undefined): boolean {
  return typeof target === 'number' || target instanceof Sym;
}

function isBackward({ name }: Keyword): boolean {
  return name.startsWith('_');
}

interface Spec {
  readonly name: Keyword;
  readonly key: EdnData;
  /** A pattern, a depth, `...`, or nothing. */
  readonly target: EdnData | undefined;
  readonly fallback: EdnData | undefined;
  readonly limit: number | undefined;
  readonly transform: (value: EdnData) => EdnData;
}

function specOf(name: Keyword): Spec {
  const transform = (value: EdnData): EdnData => value;
  return { name, key: name, target: undefined, fallback: undefined, limit: LIMIT, transform };
}

function specsOf(item: EdnData): Spec[] {
  if (item instanceof Map)
    return Array.from(item as EdnMap, ([key, target]) => ({ ...specsOf(key)[0]!, target }));
  if (item instanceof EdnList)
    return [{ ...specOf(item.items[1] as Keyword), fallback: item.items[2] }];
  if (Array.isArray(item)) return [withOptions(item as ReadonlyArray<EdnData>)];
  return item instanceof Sym || String(item) === ':*' ? [] : [specOf(item as Keyword)];
}

/** `[attr :as key :limit n :default x :xform f]` */
function withOptions([name, ...options]: ReadonlyArray<EdnData>): Spec {
  const given = new Map<string, EdnData>();
  for (let i = 0; i < options.length; i += 2) given.set(String(options[i]), options[i + 1]!);
  const spec = specOf(name as Keyword);
  const limit = given.get(':limit');
  const transform = TRANSFORMS[String(given.get(':xform'))] as Spec['transform'] | undefined;
  return {
    ...spec,
    key: given.get(':as') ?? spec.key,
    fallback: given.get(':default'),
    limit: limit === undefined ? LIMIT : limit === null ? undefined : (limit as number),
    transform: transform ?? spec.transform,
  };
}

/** Pull by reading the facts of one entity after the other. */
import { Keyword, Sym, kw } from '../../schema/keyword.ts';
import { EdnList } from '../../schema/value.ts';
import type { EdnData, EdnMap } from '../../schema/value.ts';
import type { Fact, ModelDb } from './facts.ts';
import { attributeOf } from './facts.ts';
import { sortFacts } from './order.ts';

const ID = kw('db/id');
const LIMIT = 1_000;
const WHOLE: ReadonlyArray<EdnData> = [Keyword.intern('*')];

/** What a recursion has gone through: the entities that it entered, and how often by each attribute. */
interface Trail {
  readonly entered: ReadonlyArray<number>;
  readonly depths: ReadonlyMap<Keyword, number>;
}

const START: Trail = { entered: [], depths: new Map() };

export function pullModel(
  db: ModelDb,
  facts: ReadonlyArray<Fact>,
  pattern: ReadonlyArray<EdnData>,
  e: number,
  trail: Trail = START,
): EdnMap | null {
  const result = new Map<EdnData, EdnData>();
  const own = sortFacts(facts, 'eavt').filter((fact) => fact.e === e);
  const isWildcard = pattern.some((item) => String(item) === '*' || String(item) === ':*');
  if (isWildcard || (pattern.includes(ID) && own.length > 0)) result.set(ID, e);
  const specs = pattern
    .flatMap(specsOf)
    .filter(
      ({ name, target }) =>
        name !== ID && !(isWildcard && isRecursion(target) && !isBackward(name)),
    );
  const named = new Set(specs.map(({ name }) => name));
  if (isWildcard)
    for (const { a } of own)
      if (!named.has(a)) show({ name: a, target: undefined, fallback: undefined });
  for (const spec of specs) show(spec);
  return result.size > 0 ? result : null;

  function show({ name, target, fallback }: Spec): void {
    const isReverse = isBackward(name);
    const ident = isReverse ? kw(`${name.namespace}/${name.name.slice(1)}`) : name;
    const { isMany, isComponent, type } = attributeOf(db, ident);
    const values = isReverse
      ? sortFacts(facts, 'avet')
          .filter(({ a, v }) => a === ident && v === e)
          .map((fact) => fact.e)
      : own.filter(({ a }) => a === ident).map(({ v }) => v);
    if (values.length === 0) {
      if (fallback !== undefined && !isWildcard) result.set(name, fallback);
      return;
    }
    const isSingle = isReverse ? isComponent : !isMany;
    const shown =
      type === 'ref'
        ? values
            .slice(0, LIMIT)
            .map((v) => follow(v as number, name, target, isComponent && !isReverse))
        : values;
    const present = shown.filter((one) => one !== null);
    if (!isSingle)
      result.set(
        name,
        type === 'ref' && target !== undefined && isOver(name, target) ? [] : present,
      );
    else if (present[0] !== undefined) result.set(name, present[0]);
    if (Array.isArray(result.get(name)) && isOver(name, target)) result.delete(name);
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
    const plain = new Map<EdnData, EdnData>([[ID, to]]);
    if (Array.isArray(target)) return pullModel(db, facts, target as ReadonlyArray<EdnData>, to);
    if (target === undefined && !isWhole) return plain;
    if (isOver(name, target)) return null;
    const isStart = target === undefined && !trail.entered.includes(e);
    const entered = isStart ? [...trail.entered, e] : trail.entered;
    if (entered.includes(to)) return plain;
    const depths = new Map(trail.depths).set(name, (trail.depths.get(name) ?? 0) + 1);
    const next = { entered: [...entered, to], depths };
    return pullModel(db, facts, target === undefined ? WHOLE : pattern, to, next);
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
  /** A pattern, a depth, `...`, or nothing. */
  readonly target: EdnData | undefined;
  readonly fallback: EdnData | undefined;
}

function specsOf(item: EdnData): Spec[] {
  if (item instanceof Map)
    return Array.from(item as EdnMap, ([name, target]) => ({
      name: name as Keyword,
      target,
      fallback: undefined,
    }));
  if (item instanceof EdnList)
    return [{ name: item.items[1] as Keyword, target: undefined, fallback: item.items[2] }];
  return item instanceof Sym || String(item) === ':*'
    ? []
    : [{ name: item as Keyword, target: undefined, fallback: undefined }];
}

/** Which changes of the schema the model allows: what a map may say, and what a transaction may come to. */
import { Keyword, kw } from '../../schema/keyword.ts';
import type { EdnData, EdnMap, Value } from '../../schema/value.ts';
import type { Attempt } from './attempt.ts';
import type { Name } from './facts.ts';
import { isSameValue } from './order.ts';
import { fail } from './refusal.ts';
import type { Definition } from './schema.ts';
import { ModelSchema } from './schema.ts';

const ALWAYS_ALLOWED = [
  'db/doc',
  'db/noHistory',
  'db/isComponent',
  'db/maxLength',
  'db.attr/preds',
  'db.entity/attrs',
  'db.entity/preds',
];
const TUPLES = ['db/tupleAttrs', 'db/tupleType', 'db/tupleTypes'];
const TYPED = ['db/unique', 'db/index', 'db/noHistory', 'db/isComponent', ...TUPLES];
const DEFINING = ['db/ident', 'db/valueType', 'db/cardinality', 'db/doc', ...TYPED];
const ONE = kw('db.cardinality/one');
const MANY = kw('db.cardinality/many');

/** What a map may say of an entity, before it is applied. */
export function checkDefinition({ schema, isStrict }: Attempt, e: number, map: EdnMap): void {
  const parts = [...map.keys()].map((key) => String(key).slice(1));
  if (![...DEFINING, 'db/maxLength', 'db.attr/preds'].some((part) => parts.includes(part))) return;
  const ident = map.get(kw('db/ident'));
  if (ident instanceof Keyword && /^db(\.|$)/.test(ident.namespace)) fail('transact/schema');
  const three = ['db/ident', 'db/valueType', 'db/cardinality'];
  if (schema.identOf(e) === undefined) {
    const isDefinition = parts.includes('db/valueType') || parts.includes('db/cardinality');
    if (isStrict && isDefinition && !three.every((part) => parts.includes(part)))
      fail('transact/schema');
    return;
  }
  // Of what its ident alone found only the outcome is judged.
  if (!parts.includes('db/id')) return;
  const said = schema.definition(e);
  for (const [key, value] of map) {
    const part = String(key).slice(1);
    if (part === 'db/id' || isSame(saidOf(said, part), value)) continue;
    const isAllowed =
      ALWAYS_ALLOWED.includes(part) ||
      (part === 'db/cardinality' && (value !== MANY || !said.has('db/unique'))) ||
      (part === 'db/unique' && saidOf(said, 'db/cardinality') === ONE) ||
      (part === 'db/index' && value === true);
    if (!isAllowed) fail('transact/schema');
  }
}

/** What a whole transaction may make of the schema. */
export function checkSchema(attempt: Attempt): void {
  const { schema } = attempt;
  const before = new ModelSchema(attempt.before);
  for (const [ident, id] of schema.entries)
    checkEntry(attempt, before, ident, schema.definition(id));
  for (const [ident, id] of before.entries) {
    const old = before.definition(id);
    const now = schema.entries.find(([other]) => other === ident);
    const name = schema.nameOf(ident);
    checkTransition(attempt, { ident, name, old, now: now && schema.definition(now[1]) });
  }
  if (attempt.before.config.attributeRefs) return;
  for (const [ident, id] of before.entries) {
    const renamed = before.isCurrent(ident) ? schema.identOf(id) : undefined;
    if (renamed !== undefined && renamed !== ident) requireUnused(attempt, ident);
  }
}

function checkEntry(attempt: Attempt, before: ModelSchema, ident: Keyword, now: Definition): void {
  const isComplete = now.has('db/valueType') && now.has('db/cardinality');
  const parts = ['db/valueType', 'db/cardinality', ...TYPED];
  if (attempt.isStrict && !isComplete && parts.some((part) => now.has(part)))
    fail('transact/schema');
  const old = before.entries.find(([other]) => other === ident);
  const members = saidOf(now, 'db/tupleAttrs');
  if (!Array.isArray(members)) return;
  if (old !== undefined && isSame(saidOf(before.definition(old[1]), 'db/tupleAttrs'), members))
    return;
  for (const member of members as Keyword[]) {
    const attribute = attempt.schema.attributeNamed(member);
    if (attribute?.isMany === true || attribute?.type === 'tuple') fail('transact/schema');
  }
}

interface Transition {
  readonly ident: Keyword;
  readonly name: Name | undefined;
  readonly old: Definition;
  readonly now: Definition | undefined;
}

function checkTransition(attempt: Attempt, { name, old, now }: Transition): void {
  if (now === undefined) return requireUnused(attempt, name);
  const isChanged = (part: string): boolean => !isSame(saidOf(old, part), saidOf(now, part));
  const isMany = saidOf(now, 'db/cardinality') === MANY;
  const isMadeUnique = now.has('db/unique') && !old.has('db/unique');
  const isMadeIndexed = isChanged('db/index') && saidOf(now, 'db/index') === true;
  if (isChanged('db/cardinality') && isMany && now.has('db/unique')) fail('transact/schema');
  if (isMadeUnique && isMany) fail('transact/schema');
  if (['db/valueType', ...TUPLES].some((part) => old.has(part) && isChanged(part)))
    requireUnused(attempt, name);
  const facts = attempt.held.filter(({ a }) => a === name);
  if (saidOf(old, 'db/cardinality') === MANY && !isMany)
    if (new Set(facts.map(({ e }) => e)).size < facts.length) fail('transact/schema');
  if ((isMadeIndexed || isMadeUnique) && !attempt.before.config.allowIndexBackfill)
    requireUnused(attempt, name);
  if (isMadeUnique)
    for (const fact of facts)
      if (facts.some((other) => other !== fact && isSameValue(other.v, fact.v)))
        fail('transact/schema');
}

/** No fact of it may be remembered. */
function requireUnused({ soFar }: Attempt, name: Name | undefined): void {
  if (soFar.log.some(({ a }) => a === name)) fail('transact/schema');
}

function saidOf(said: Definition, part: string): EdnData {
  return said.get(part)?.[0] ?? null;
}

function isSame(one: EdnData, other: EdnData): boolean {
  if (one === null || other === null) return one === other;
  return isSameValue(one as Value, other as Value);
}

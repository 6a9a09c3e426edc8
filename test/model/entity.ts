/** Entities of the model: what one says under an attribute, in a form that compares. References are shown by their ids. */
import type { Keyword } from '../../schema/keyword.ts';
import { forwardOf, isReverse } from '../../schema/keyword.ts';
import type { Value } from '../../schema/value.ts';
import type { Fact, ModelDb } from './facts.ts';
import { isSameValue, sortFacts } from './order.ts';
import { ModelSchema } from './schema.ts';

export interface ModelReference {
  readonly id: number;
}

type Shown = Value | ModelReference;

export type ModelEntityValue = Shown | ReadonlySet<Shown> | undefined;

/** Backward: who points here, one alone where it is as a component. */
export function entityValue(
  db: ModelDb,
  facts: ReadonlyArray<Fact>,
  id: number,
  ident: Keyword,
): ModelEntityValue {
  const schema = new ModelSchema(db);
  const name = schema.nameOf(forwardOf(ident));
  const attribute = name === undefined ? undefined : schema.attribute(name);
  const ofAttribute = sortFacts(facts, 'eavt').filter(({ a }) => a === name);
  if (isReverse(ident)) {
    const ids = ofAttribute.filter(({ v }) => v === id).map(({ e }) => e);
    if (attribute?.isComponent === true) return ids[0] === undefined ? undefined : { id: ids[0] };
    return ids.length === 0 ? undefined : new Set([...new Set(ids)].map((e) => ({ id: e })));
  }
  const values = ofAttribute.filter(({ e }) => e === id).map(({ v }) => v);
  const distinct = values.filter((v, i) => i === 0 || !isSameValue(v, values[i - 1]!));
  const shown = distinct.map((v) => (attribute?.type === 'ref' ? { id: v as number } : v));
  return attribute?.isMany === true && shown.length > 0 ? new Set(shown) : shown[0];
}

/** The idents of all that an entity says. */
export function entityKeys(db: ModelDb, facts: ReadonlyArray<Fact>, id: number): Keyword[] {
  const schema = new ModelSchema(db);
  const idents = facts
    .filter(({ e }) => e === id)
    .map(({ a }) => schema.attribute(a)?.ident ?? (a as Keyword));
  return [...new Set(idents)];
}

/** Purging in the model: facts are taken out of the list. */
import { Keyword } from '../../schema/keyword.ts';
import type { EdnData, Value } from '../../schema/value.ts';
import type { Attempt } from './attempt.ts';
import { isTempid } from './attempt.ts';
import type { Fact } from './facts.ts';
import { systemName } from './facts.ts';
import { isSameValue } from './order.ts';
import { fail } from './refusal.ts';
import { historyOf } from './views.ts';

export function purgeForm(attempt: Attempt, form: ReadonlyArray<EdnData>): void {
  const [op, ref = null, ident = null, value = null] = form;
  if (!attempt.before.config.keepHistory) return fail('transact/purge');
  if (ref instanceof Date) return purgeBefore(attempt, ref);
  const e = entityIn(attempt, ref);
  if (String(op) === ':db.purge/entity') return purgeEntity(attempt, e, new Set());
  const name = attempt.schema.nameOf(ident as Keyword);
  if (name === undefined) return;
  if (String(op) === ':db.purge/attribute')
    return purgeComponents(
      attempt,
      attempt.purge((fact) => fact.e === e && fact.a === name),
    );
  const isRef = attempt.schema.attribute(name)?.type === 'ref';
  const v =
    isRef && value !== null ? (pastEntity(attempt, value) ?? fail('entity-id/missing')) : value;
  attempt.purge(
    (fact) => fact.e === e && fact.a === name && (v === null || isSameValue(fact.v, v as Value)),
  );
}

/** What holds no more, of transactions before a time. */
function purgeBefore(attempt: Attempt, time: Date): void {
  const a = systemName(attempt.before.config, Keyword.intern('db/txInstant'));
  const { held } = attempt;
  const isOld = (tx: number): boolean =>
    held.some((fact) => fact.e === tx && fact.a === a && (fact.v as Date) < time);
  purgeComponents(
    attempt,
    attempt.purge((fact) => !held.includes(fact) && isOld(fact.tx)),
  );
}

function purgeEntity(attempt: Attempt, e: number, done: Set<number>): void {
  if (done.has(e)) return;
  done.add(e);
  const purged = attempt.purge((fact) => fact.e === e);
  attempt.purge(({ a, v }) => v === e && attempt.schema.attribute(a)?.type === 'ref');
  purgeComponents(attempt, purged, done);
}

function purgeComponents(
  attempt: Attempt,
  purged: ReadonlyArray<Fact>,
  done = new Set<number>(),
): void {
  for (const { a, v } of purged)
    if (attempt.schema.attribute(a)?.isComponent === true) purgeEntity(attempt, v as number, done);
}

function entityIn(attempt: Attempt, ref: EdnData): number {
  if (isTempid(ref)) return fail('transact/syntax');
  return pastEntity(attempt, ref) ?? fail('transact/purge');
}

/** What a reference names or ever named: a lookup ref may be one of the past. */
function pastEntity({ schema, soFar }: Attempt, ref: EdnData): number | undefined {
  if (typeof ref === 'number') return ref;
  if (ref instanceof Keyword) return schema.idOf(ref);
  const [ident, value] = ref as readonly [Keyword, Value];
  const attribute = schema.attributeNamed(ident);
  if (attribute?.unique === undefined) return fail('lookup-ref/unique');
  const rows = historyOf(soFar).filter(({ a, v }) => a === attribute.name && isSameValue(v, value));
  return rows.map(({ e }) => e).sort((one, other) => one - other)[0];
}

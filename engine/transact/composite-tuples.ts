/**
 * Composite tuples: `[:db/tupleAttrs [:a :b]]` holds the values of other attributes of its entity, nil for those that are missing. They are
 * made anew after each form that wrote a member.
 */
import { compareValues } from '../datom/value-order.ts';
import type { Suspended } from '../shared/suspend.ts';
import type { Transaction } from './transaction.ts';
import type { Member } from './tuple-queue.ts';

/** Brings the tuples in step with their members. */
export function* flushTuples(transaction: Transaction): Suspended<void> {
  for (const { e, tuple, written } of transaction.tuples.take()) {
    const attribute = transaction.db.schema.attributeNamed(tuple);
    if (attribute?.tuple?.kind !== 'composite') continue;
    const [present] = yield* transaction.values(e, attribute.number);
    const before = (present?.v ?? []) as ReadonlyArray<Member>;
    const members = attribute.tuple.attributes.map((_, place): Member => {
      const member = written.get(place);
      return member === undefined ? (before[place] ?? null) : member;
    });
    const isEmpty = members.every((member) => member === null);
    if (present !== undefined && !isEmpty && compareValues(present.v, members) === 0) continue;
    if (!isEmpty) yield* transaction.assert(e, attribute, members);
    else if (present !== undefined) transaction.retract(present);
  }
}

/** Which members of composite tuples were written since their tuples were last made. */
import type { Keyword } from '../../schema/keyword.ts';
import type { Value } from '../../schema/value.ts';
import type { SchemaAttribute } from '../db/schema.ts';

/** The value of a member; null where it has none. */
export type Member = Value | null;

interface Pending {
  readonly e: number;
  readonly tuple: Keyword;
  /** The members that were written, by their places. */
  readonly written: Map<number, Member>;
}

export class TupleQueue {
  /** Undefined where nothing waits. */
  #pending: Map<string, Pending> | undefined;

  get isEmpty(): boolean {
    return this.#pending === undefined;
  }

  /** Remembers that an attribute of an entity has a value now, or none. */
  note(attribute: SchemaAttribute, e: number, v: Member): void {
    for (const { tuple, place } of attribute.memberOf) {
      const key = `${e} ${tuple.qualifiedName}`;
      this.#pending ??= new Map();
      let pending = this.#pending.get(key);
      if (pending === undefined) {
        pending = { e, tuple, written: new Map() };
        this.#pending.set(key, pending);
      }
      pending.written.set(place, v);
    }
  }

  /** What waits; nothing afterwards. */
  take(): Iterable<Pending> {
    const pending = this.#pending?.values() ?? [];
    this.#pending = undefined;
    return pending;
  }
}

/**
 * What a caller gave, parted into its shape and its values. Requests of one shape share the query that was made for it; the values, each
 * in a slot, are its inputs.
 */
import type { Where } from '../../select/selection.ts';

/** Stands in a shape where a value was. */
export class Slot {
  readonly index: number;

  constructor(index: number) {
    this.index = index;
  }
}

export class Slots {
  /** By the indices of their slots. */
  readonly values: unknown[];

  /** `reserved` are the values of slots that every list has. */
  constructor(reserved: ReadonlyArray<unknown> = []) {
    this.values = [...reserved];
  }

  add(value: unknown): Slot {
    return new Slot(this.values.push(value) - 1);
  }
}

export interface ShapedWhere {
  /** Equal for filters that differ in values alone. */
  readonly key: string;
  /** The filter with slots in the place of values. */
  readonly template: Where;
}

export function shapeWhere(where: Where, slots: Slots): ShapedWhere {
  const walk = new Walk(slots);
  const template = walk.object(where);
  return { key: walk.key, template };
}

/** Lists of which each member is a condition of its own, so how many there are is of the shape. */
const LISTS_OF_CONDITIONS: ReadonlySet<string> = new Set(['_and', '_or', 'hasAll']);

/** Operators of which a list is one value. So is a list that is a member of another one, which has no name. */
const VALUE_OPERATORS: ReadonlySet<string> = new Set(['eq', 'ne', 'has', 'startsWith', '']);

class Walk {
  key = '';
  readonly #slots: Slots;

  constructor(slots: Slots) {
    this.#slots = slots;
  }

  object(where: Where): Where {
    const template: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    this.key += '{';
    for (const name in where) {
      const value = where[name];
      if (value === undefined) continue;
      this.key += `${name}:`;
      template[name] = this.#part(name, value);
      this.key += ',';
    }
    this.key += '}';
    return template;
  }

  #part(name: string, value: unknown): unknown {
    // A rule is a part of the shape.
    if (value instanceof Slot) return value;
    if (value === null || typeof value === 'boolean') {
      this.key += String(value);
      return value;
    }
    if (isPlainObject(value)) return this.object(value);
    const isList = Array.isArray(value);
    const isOfMany =
      isList &&
      (LISTS_OF_CONDITIONS.has(name) || (!VALUE_OPERATORS.has(name) && !value.every(isValue)));
    if (!isOfMany) {
      this.key += isList ? '[?]' : '?';
      return this.#slots.add(value);
    }
    this.key += '[';
    const parts = value.map((each: unknown) => {
      const part = this.#part('', each);
      this.key += ',';
      return part;
    });
    this.key += ']';
    return parts;
  }
}

function isValue(item: unknown): boolean {
  return item !== null && item !== undefined && !isPlainObject(item);
}

function isPlainObject(value: unknown): value is Where {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

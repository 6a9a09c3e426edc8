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
  /** Makes the filter with slots in the place of values: of a shape that is known already, nobody asks for it. */
  readonly template: () => Where;
}

export function shapeWhere(where: Where, slots: Slots): ShapedWhere {
  const first = slots.values.length;
  const key = takeValues(where, slots);
  return { key, template: () => new Template(first).of(where) };
}

/** Lists of which each member is a condition of its own, so how many there are is of the shape. */
const LISTS_OF_CONDITIONS: ReadonlySet<string> = new Set(['_and', '_or', 'hasAll']);

/** Operators of which a list is one value. So is a list that is a member of another one, which has no name. */
const VALUE_OPERATORS: ReadonlySet<string> = new Set(['eq', 'ne', 'has', 'startsWith', '']);

function isListOfConditions(name: string, part: unknown): part is ReadonlyArray<unknown> {
  if (!Array.isArray(part)) return false;
  return LISTS_OF_CONDITIONS.has(name) || (!VALUE_OPERATORS.has(name) && !part.every(isValue));
}

/** A rule is a part of the shape, too. */
function isOfShape(part: unknown): boolean {
  return part === null || typeof part === 'boolean' || part instanceof Slot;
}

/** Puts the values of a filter into slots, in the order that {@link Template} goes by, and gives what is left as a text. */
function takeValues(where: Where, slots: Slots): string {
  let key = '{';
  for (const name in where) {
    const part = where[name];
    if (part !== undefined) key += `${name}:${takeValuesOf(name, part, slots)},`;
  }
  return `${key}}`;
}

function takeValuesOf(name: string, part: unknown, slots: Slots): string {
  if (isOfShape(part)) return part instanceof Slot ? '' : String(part);
  if (isPlainObject(part)) return takeValues(part, slots);
  if (isListOfConditions(name, part))
    return `[${part.map((each) => `${takeValuesOf('', each, slots)},`).join('')}]`;
  slots.add(part);
  return Array.isArray(part) ? '[?]' : '?';
}

/** The slots of the values of one filter after the other. */
class Template {
  #next: number;

  constructor(first: number) {
    this.#next = first;
  }

  of(where: Where): Where {
    const template = Object.create(null) as Record<string, unknown>;
    for (const name in where) {
      const part = where[name];
      if (part !== undefined) template[name] = this.#part(name, part);
    }
    return template;
  }

  #part(name: string, part: unknown): unknown {
    if (isOfShape(part)) return part;
    if (isPlainObject(part)) return this.of(part);
    if (isListOfConditions(name, part)) return part.map((each) => this.#part('', each));
    return new Slot(this.#next++);
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

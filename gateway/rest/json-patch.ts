/**
 * JSON Patch (RFC 6902) of an entity as it is shown. The operations are applied to what was read; what comes of it are the fields that changed, and those
 * whose values the patch rests on, which the writer finds unchanged or refuses.
 */
import { isDeepStrictEqual } from 'node:util';
import { DatabaseError } from '../../schema/error.ts';
import { badInput } from '../read/bad-input.ts';
import { listAt, objectAt } from '../write/input.ts';

type Json = Readonly<Record<string, unknown>>;

export interface AppliedPatch {
  /** Fields with their new values; null where one was removed. */
  readonly changed: Json;
  /** Fields with the values that they had to have. */
  readonly read: Json;
}

/** @throws BAD_USER_INPUT, CAS_CONFLICT where a test fails */
export function applyJsonPatch(shown: Json, body: unknown): AppliedPatch {
  const patched = new PatchedEntity(shown);
  for (const [i, operation] of listAt(body, 'body').entries())
    patched.apply(objectAt(operation, `body[${i}]`), `body[${i}]`);
  return patched.result;
}

class PatchedEntity {
  readonly #shown: Json;
  readonly #fields: Map<string, unknown>;
  readonly #read = new Set<string>();

  constructor(shown: Json) {
    this.#shown = shown;
    this.#fields = new Map(Object.entries(shown));
  }

  get result(): AppliedPatch {
    const names = Object.keys(this.#shown);
    const changed = [...new Set([...names, ...this.#fields.keys()])].filter(
      (name) => !isDeepStrictEqual(this.#fields.get(name) ?? null, this.#shown[name] ?? null),
    );
    // An id never changes.
    const read = names.filter((name) => name !== 'id' && this.#read.has(name));
    return {
      changed: Object.fromEntries(changed.map((name) => [name, this.#fields.get(name) ?? null])),
      read: Object.fromEntries(read.map((name) => [name, this.#shown[name]])),
    };
  }

  apply(operation: Json, place: string): void {
    const path = pathAt(operation['path'], `${place}.path`);
    const value = (): unknown => {
      if (operation['value'] === undefined) throw badInput(`${place}.value`, 'is missing');
      return structuredClone(operation['value']);
    };
    const from = (): ReadonlyArray<string> => pathAt(operation['from'], `${place}.from`);
    switch (operation['op']) {
      case 'add':
        return this.#add(path, value(), place);
      case 'remove':
        return void this.#remove(path, place);
      case 'replace': {
        const replaced = value();
        this.#remove(path, place);
        return this.#add(path, replaced, place);
      }
      case 'move':
        return this.#add(path, this.#remove(from(), place), place);
      case 'copy':
        return this.#add(path, structuredClone(this.#valueAt(from(), place)), place);
      case 'test':
        if (isDeepStrictEqual(this.#valueAt(path, place), value())) return;
        throw new DatabaseError(
          'CAS_CONFLICT',
          `${place}: ${String(operation['path'])} is not the value that is tested`,
        );
      default:
        throw badInput(`${place}.op`, 'must be one of add, remove, replace, move, copy, test');
    }
  }

  #valueAt(path: ReadonlyArray<string>, place: string): unknown {
    const [name = '', ...below] = path;
    this.#read.add(name);
    let value = this.#fields.get(name);
    for (const step of below) value = childOf(value, step, place);
    if (value === undefined) throw nothingAt(path, place);
    return value;
  }

  #add(path: ReadonlyArray<string>, value: unknown, place: string): void {
    const [name = '', ...below] = path;
    const last = below.pop();
    if (last === undefined) {
      this.#fields.set(name, value);
      return;
    }
    const parent = this.#ownParent(name, below, place);
    if (Array.isArray(parent)) {
      const index = last === '-' ? parent.length : indexIn(last, parent.length, place);
      parent.splice(index, 0, value);
    } else objectOf(parent, path, place)[last] = value;
  }

  #remove(path: ReadonlyArray<string>, place: string): unknown {
    const removed = this.#valueAt(path, place);
    const [name = '', ...below] = path;
    const last = below.pop();
    if (last === undefined) this.#fields.delete(name);
    else {
      const parent = this.#ownParent(name, below, place);
      if (Array.isArray(parent)) parent.splice(Number(last), 1);
      else delete objectOf(parent, path, place)[last];
    }
    return removed;
  }

  /** What holds the end of a path, as a copy that may be changed. */
  #ownParent(name: string, below: ReadonlyArray<string>, place: string): unknown {
    this.#fields.set(name, structuredClone(this.#fields.get(name)));
    return this.#valueAt([name, ...below], place);
  }
}

/** A JSON Pointer (RFC 6901) to a field, or into its value. */
function pathAt(pointer: unknown, place: string): ReadonlyArray<string> {
  if (typeof pointer !== 'string' || !/^\/./.test(pointer))
    throw badInput(place, 'must be a JSON Pointer to a field, like /name');
  const [, ...steps] = pointer.split('/');
  return steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function childOf(value: unknown, step: string, place: string): unknown {
  if (Array.isArray(value)) return value[indexIn(step, value.length - 1, place)] as unknown;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
  return (value as Json)[step];
}

function indexIn(step: string, max: number, place: string): number {
  if (/^(0|[1-9]\d{0,6})$/.test(step) && Number(step) <= max) return Number(step);
  throw badInput(place, `names place ${step.slice(0, 20)} of a list that ends at ${max}`);
}

function objectOf(
  value: unknown,
  path: ReadonlyArray<string>,
  place: string,
): Record<string, unknown> {
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  throw nothingAt(path, place);
}

function nothingAt(path: ReadonlyArray<string>, place: string): DatabaseError {
  return badInput(place, `names /${path.join('/').slice(0, 60)}, where there is nothing`);
}

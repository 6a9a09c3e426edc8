/** Whether a value fits the definition of a tuple attribute. */
import type { TupleDefinition } from '../../schema/attribute.ts';
import { printEdn } from '../../schema/edn-print.ts';
import { EdnList } from '../../schema/value.ts';
import type { EdnData } from '../../schema/value.ts';
import type { SchemaAttribute } from '../db/schema.ts';
import { conform, typeOf } from '../db/value-check.ts';
import { syntaxError } from './tx-error.ts';

const MAX_TUPLE_LENGTH = 8;

/** @throws BAD_TRANSACTION (`transact/syntax`) */
export function checkTuple(
  { ident }: SchemaAttribute,
  tuple: TupleDefinition,
  value: EdnData,
  form: EdnData,
): void {
  if (tuple.kind === 'composite')
    throw syntaxError(
      `Can’t modify tuple attrs directly: ${ident.toString()} is made of ${tuple.attributes.join(' ')}, at ${printEdn(form)}`,
      form,
    );
  const members = value instanceof EdnList ? value.items : value;
  if (!Array.isArray(members))
    throw syntaxError(
      `Expected a vector as tuple, got ${printEdn(value)} at ${printEdn(form)}`,
      form,
    );
  const items = members as ReadonlyArray<EdnData>;
  if (tuple.kind === 'heterogeneous') checkTypes(tuple.types, items, form);
  else checkHomogeneous(tuple.type, items, form);
}

function checkHomogeneous(
  type: Parameters<typeof conform>[1],
  items: ReadonlyArray<EdnData>,
  form: EdnData,
): void {
  if (items.length > MAX_TUPLE_LENGTH)
    throw syntaxError(
      `Cannot store more than ${MAX_TUPLE_LENGTH} values for homogeneous tuple: ${printEdn(form)}`,
      form,
    );
  if (items.length === 0)
    throw syntaxError(`Cannot store an empty homogeneous tuple: ${printEdn(form)}`, form);
  const types = new Set(items.map((item) => (item === null ? null : typeOf(item))));
  if (types.size > 1)
    throw syntaxError(
      `Cannot store homogeneous tuple with values of different type: ${printEdn(form)}`,
      form,
    );
  if (items.some((item) => conform(item, type) === undefined))
    throw syntaxError(
      `Cannot store homogeneous tuple. Values are of wrong type, expected ${String(type)}: ${printEdn(form)}`,
      form,
    );
}

function checkTypes(
  types: ReadonlyArray<Parameters<typeof conform>[1]>,
  items: ReadonlyArray<EdnData>,
  form: EdnData,
): void {
  if (items.length !== types.length)
    throw syntaxError(
      `Cannot store heterogeneous tuple: expecting ${types.length} values, got ${items.length} at ${printEdn(form)}`,
      form,
    );
  for (const [i, item] of items.entries())
    if (conform(item, types[i]) === undefined)
      throw syntaxError(
        `Cannot store heterogeneous tuple: expected ${String(types[i])} at place ${i}, got ${printEdn(item)} at ${printEdn(form)}`,
        form,
      );
}

/** Whether a value fits the definition of a tuple attribute. */
import type { TupleDefinition } from '../../schema/attribute.ts';
import { printEdn } from '../../schema/edn-print.ts';
import { DatabaseError } from '../../schema/error.ts';
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
      `Can’t modify tuple attrs directly: ${printEdn(form)}`,
      form,
      {},
      `, ${ident.toString()} is made of ${tuple.attributes.join(' ')}`,
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
    throw notOfTypes(`expecting ${types.length} values, got ${items.length}`, '', form);
  const place = items.findIndex((item, i) => conform(item, types[i]) === undefined);
  if (place < 0) return;
  const names = types.map((type) => `:db.type/${String(type)}`).join(' ');
  throw notOfTypes(
    `there is a mismatch between values ${printEdn(items)} and their types [${names}]`,
    `: expected ${String(types[place])} at place ${place}, got ${printEdn(items[place] ?? null)}`,
    form,
  );
}

function notOfTypes(why: string, more: string, form: EdnData): Error {
  const message = `Cannot store heterogeneous tuple: ${why}`;
  return new DatabaseError('BAD_TRANSACTION', `${message}${more} at ${printEdn(form)}`, {
    kind: 'transact/syntax',
    data: { context: form },
    // Datahike prints the text that it puts together.
    summary: printEdn(message),
  });
}

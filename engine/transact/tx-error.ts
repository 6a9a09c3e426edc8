/** Errors of transactions, with Datahike's kinds. */
import { printEdn } from '../../schema/edn-print.ts';
import type { ErrorCode } from '../../schema/error.ts';
import { DatabaseError } from '../../schema/error.ts';
import type { Keyword } from '../../schema/keyword.ts';
import { Tagged } from '../../schema/value.ts';
import type { EdnData } from '../../schema/value.ts';
import type { Datom } from '../datom/datom.ts';
import type { Schema, SchemaAttribute } from '../db/schema.ts';
import type { Expectation } from '../db/value-check.ts';
import { expectationOf } from '../db/value-check.ts';
import { didYouMean } from '../shared/suggest.ts';

/** A datom in the data of an error. */
export function taggedDatom({ e, attribute, v, tx, added }: Datom): Tagged {
  return new Tagged('datahike/Datom', [e, attribute, v, tx, added]);
}

/** `message` is what Datahike says; `hint` goes on with what helps besides. */
export function txError(
  kind: string,
  message: string,
  data: Readonly<Record<string, unknown>> = {},
  code: ErrorCode = 'BAD_TRANSACTION',
  hint = '',
): DatabaseError {
  return new DatabaseError(code, `${message}${hint}`, { kind, data, summary: message });
}

/** What is said of the form beside `:context` comes before it. */
export function syntaxError(
  message: string,
  form: EdnData,
  data: Readonly<Record<string, unknown>> = {},
  hint = '',
): DatabaseError {
  return txError('transact/syntax', message, { ...data, context: form }, 'BAD_TRANSACTION', hint);
}

export function nilValue(form: EdnData): DatabaseError {
  return syntaxError(`Cannot store nil as a value at ${printEdn(form)}`, form, { value: null });
}

/** A tempid where only entities that exist may stand. */
export function tempidElsewhere(form: EdnData): DatabaseError {
  return syntaxError(
    `Can't use tempid in '${printEdn(form)}'. Tempids are allowed in :db/add only`,
    form,
  );
}

export function undeclaredAttribute(
  attribute: EdnData,
  form: EdnData,
  idents: Iterable<Keyword>,
  kind: 'schema' | 'syntax',
): DatabaseError {
  const name = printEdn(attribute);
  return txError(
    `transact/${kind}`,
    `Bad entity attribute ${name} at ${printEdn(form)}, not defined in current schema`,
    { attribute, context: form },
    'SCHEMA_VIOLATION',
    didYouMean(name, idents),
  );
}

/** A value that is not of the type of its attribute. */
export function misfit(
  schema: Schema,
  attribute: SchemaAttribute,
  value: EdnData,
  form: EdnData,
): DatabaseError {
  return badValue(schema, attribute, value, expectationOf(attribute.valueType), form);
}

/** A value that is none of its attribute. */
export function badValue(
  schema: Schema,
  { id, ident, isSystem }: SchemaAttribute,
  value: EdnData,
  { words, predicate }: Expectation,
  form: EdnData,
): DatabaseError {
  const text = `Bad entity value ${printEdn(value)} at ${printEdn(form)}, value does not match schema definition. Must be conform to: `;
  return new DatabaseError('SCHEMA_VIOLATION', `${text}${words}`, {
    kind: 'transact/schema',
    data: { value, attribute: ident, schema: isSystem ? null : schema.factsOf(id, ident) },
    summary: `${text}${predicate}`,
  });
}

/** Errors of transactions, with Datahike's kinds. */
import { printEdn } from '../../schema/edn-print.ts';
import type { ErrorCode } from '../../schema/error.ts';
import { DatabaseError } from '../../schema/error.ts';
import type { Keyword } from '../../schema/keyword.ts';
import { Tagged } from '../../schema/value.ts';
import type { EdnData } from '../../schema/value.ts';
import type { Datom } from '../datom/datom.ts';
import { didYouMean } from '../shared/suggest.ts';

/** A datom in the data of an error. */
export function taggedDatom({ e, attribute, v, tx, added }: Datom): Tagged {
  return new Tagged('datahike/Datom', [e, attribute, v, tx, added]);
}

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
): DatabaseError {
  return txError('transact/syntax', message, { ...data, context: form });
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

export function badValue(
  attribute: Keyword,
  value: EdnData,
  expectation: string,
  form: EdnData,
): DatabaseError {
  return txError(
    'transact/schema',
    `Bad entity value ${printEdn(value)} at ${printEdn(form)}, value does not match schema definition. Must be conform to: ${expectation}`,
    { value, attribute, context: form },
    'SCHEMA_VIOLATION',
  );
}

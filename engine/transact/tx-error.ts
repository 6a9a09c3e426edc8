/** Errors of transactions, with Datahike's kinds. */
import { printEdn } from '../../schema/edn-print.ts';
import type { ErrorCode } from '../../schema/error.ts';
import { DatabaseError } from '../../schema/error.ts';
import type { Keyword } from '../../schema/keyword.ts';
import type { EdnData } from '../../schema/value.ts';
import { didYouMean } from '../shared/suggest.ts';

export function txError(
  kind: string,
  message: string,
  data: Readonly<Record<string, unknown>> = {},
  code: ErrorCode = 'BAD_TRANSACTION',
): DatabaseError {
  return new DatabaseError(code, message, { kind, data });
}

export function syntaxError(message: string, form: EdnData): DatabaseError {
  return txError('transact/syntax', message, { form });
}

export function undeclaredAttribute(
  attribute: Keyword,
  form: EdnData,
  idents: Iterable<Keyword>,
): DatabaseError {
  return txError(
    'transact/schema',
    `Bad entity attribute ${attribute.toString()} at ${printEdn(form)}, not defined in current schema${didYouMean(attribute.toString(), idents)}`,
    { attribute, form },
    'SCHEMA_VIOLATION',
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
    { attribute, value, form },
    'SCHEMA_VIOLATION',
  );
}

/** How long values may be: what `:db/maxLength` says, or else what the database was made with. */
import { isReserved } from '../../schema/bootstrap.ts';
import type { LengthCaps } from '../../schema/database.ts';
import type { EdnData, Value } from '../../schema/value.ts';
import type { SchemaAttribute } from '../db/schema.ts';
import type { Transaction } from './transaction.ts';
import { txError } from './tx-error.ts';

interface Measured {
  /** What is too long, as Datahike says it. */
  readonly what: string;
  readonly length: number;
  readonly unit: 'chars' | 'bytes' | 'floats' | 'doubles';
  readonly cap: keyof LengthCaps;
}

/** @throws SCHEMA_VIOLATION (`transact/max-length`) */
export function checkLengths(
  transaction: Transaction,
  attribute: SchemaAttribute,
  v: Value,
  form: EdnData,
): void {
  const { lengthCaps } = transaction.before.config;
  const hasCaps = transaction.isStrict && !isReserved(attribute.ident);
  const measured = measure(v);
  if (measured !== undefined) {
    const cap = hasCaps ? lengthCaps[measured.cap] : undefined;
    checkLength(attribute, measured, attribute.maxLength ?? cap, form);
  } else if (hasCaps && lengthCaps.tupleString !== undefined && Array.isArray(v)) {
    for (const member of v)
      if (typeof member === 'string' && attribute.tuple?.kind !== 'composite')
        checkLength(
          attribute,
          measureText(member, 'Tuple string slot'),
          lengthCaps.tupleString,
          form,
        );
  }
}

function checkLength(
  { ident }: SchemaAttribute,
  { what, length, unit }: Measured,
  limit: number | undefined,
  form: EdnData,
): void {
  if (limit === undefined || limit === 0 || length <= limit) return;
  throw txError(
    'transact/max-length',
    `${what} for ${ident.toString()} exceeds max length ${limit}${unit === 'bytes' ? ' bytes' : ''} (was ${length})`,
    { attribute: ident, length, limit, unit, context: form },
    'SCHEMA_VIOLATION',
  );
}

function measure(v: Value): Measured | undefined {
  if (typeof v === 'string') return measureText(v);
  const { length } = v as { readonly length: number };
  if (v instanceof Uint8Array) return { what: 'Byte value', length, unit: 'bytes', cap: 'bytes' };
  if (v instanceof Float32Array)
    return { what: 'Float-array value', length, unit: 'floats', cap: 'floatArray' };
  if (v instanceof Float64Array)
    return { what: 'Double-array value', length, unit: 'doubles', cap: 'doubleArray' };
  return undefined;
}

function measureText(text: string, what = 'String value'): Measured {
  return { what, length: text.length, unit: 'chars', cap: 'string' };
}

import { printEdn } from '../../schema/edn-print.ts';
import { DatabaseError } from '../../schema/error.ts';
import type { EdnData } from '../../schema/value.ts';

/** A query that cannot be understood or answered; `kind` is Datahike's, such as `parser/where`; a hint comes last. */
export function queryError(
  kind: string,
  message: string,
  form?: EdnData,
  hint = '',
): DatabaseError {
  const place = form === undefined ? '' : `: ${printEdn(form)}`;
  return new DatabaseError('BAD_QUERY', `${message}${place}${hint}`, {
    kind,
    data: form === undefined ? {} : { form },
  });
}

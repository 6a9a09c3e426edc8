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
  const place = form === undefined ? '' : `: ${shown(form)}`;
  return new DatabaseError('BAD_QUERY', `${message}${place}${hint}`, {
    kind,
    data: form === undefined ? {} : { form },
    summary: message,
  });
}

/** Longer data is cut off in messages; all of it is in their `data`. */
const MAX_SHOWN = 300;

/** Data as EDN, as far as somebody reads it. */
export function shown(form: EdnData, length = MAX_SHOWN): string {
  const text = printEdn(form);
  return text.length <= length ? text : `${text.slice(0, length)} …`;
}

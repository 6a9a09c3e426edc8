import { printEdn } from '../../schema/edn-print.ts';
import { DatabaseError } from '../../schema/error.ts';
import type { EdnData } from '../../schema/value.ts';

/**
 * A query that cannot be understood or answered; `kind` is Datahike's, such as `parser/where`, and so is `message`. What helps besides stands before the
 * form (`more`) and after it (`hint`). A form that the message ends with is not said again.
 */
export function queryError(
  kind: string,
  message: string,
  form?: EdnData,
  hint = '',
  more = '',
): DatabaseError {
  const isSaid = form === undefined || message.endsWith(shown(form));
  const place = isSaid ? '' : `: ${shown(form)}`;
  return new DatabaseError('BAD_QUERY', `${message}${more}${place}${hint}`, {
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

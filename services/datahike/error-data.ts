/** Errors as Datahike tells them: a message, and a map with what it is about. */
import type { EdnData, EdnMap, DatabaseError } from '../../engine/index.ts';
import { EdnList, Keyword, Sym, Uuid, kw, printEdn } from '../../engine/index.ts';
import { isDecimal } from '../../schema/decimal.ts';
import { Tagged } from '../../schema/value.ts';

/** Kinds that Datahike tells as `:type`; the others are `:error`. */
const TYPES: ReadonlySet<string> = new Set([
  'bad-handle',
  'branch-does-not-exist',
  'branch-already-exists',
  'cannot-delete-main-db-branch',
  'commit-not-found',
  'config-does-not-match-stored-db',
  'connection-has-been-released',
  'db-already-exists',
  'db-does-not-exist',
  'from-branch-does-not-point-to-existing-branch-or-commit',
  'must-provide-at-least-one-parent',
  'no-connection-for-db',
  'not-allowed',
  'parent-does-not-exist-in-store',
  'store-not-allowed',
]);

/** What an error is about; what is not data, such as a function, is left out. */
export function errorData({ code, kind, data }: DatabaseError): EdnMap {
  const entries: Array<[EdnData, EdnData]> = [];
  if (kind !== undefined) entries.push([kw(TYPES.has(kind) ? 'type' : 'error'), kw(kind)]);
  for (const [key, value] of Object.entries(data))
    if (isData(value)) entries.push([kw(key), value]);
  if (entries.length === 0 && kind === undefined)
    entries.push([kw('error'), kw(`gateway/${code.toLowerCase().replaceAll('_', '-')}`)]);
  return new Map(entries);
}

/** The text that Clojure has for an exception that another one was the cause of. */
export function causedBy(error: DatabaseError): string {
  return `clojure.lang.ExceptionInfo: ${error.summary} ${printEdn(errorData(error))}`;
}

function isData(value: unknown): value is EdnData {
  if (value === null) return true;
  if (typeof value !== 'object') return typeof value !== 'function' && value !== undefined;
  if (Array.isArray(value)) return value.every(isData);
  if (value instanceof Set) return [...value].every(isData);
  if (value instanceof Map) return [...value].flat().every(isData);
  return (
    [Keyword, Sym, Uuid, EdnList, Tagged, Date].some((kind) => value instanceof kind) ||
    isDecimal(value)
  );
}

/** What databases are asked, apart from queries: patterns, schemas, counts. */
import type { EdnData, EdnMap } from '../../../engine/index.ts';
import { kw, readEdn } from '../../../engine/index.ts';
import type { Read } from './call.ts';
import { call, callWith } from './call.ts';
import type { Database } from './handles.ts';
import type { AnyDefinition, EntityRef, Pattern, Pulled } from './schema-types.ts';

/**
 * What a pattern shows of an entity; null where there is nothing of it.
 *
 *     await pull(db, [':person/name', { ':person/friends': [':person/name'] }], [':person/email', 'ada@example.com'])
 *     await pull(db, '[:person/name {:person/friends ...}]', 17)
 */
export function pull<S extends AnyDefinition, const P extends Pattern<S>>(
  db: Database<S>,
  pattern: P,
  eid: EntityRef<S>,
): Promise<Pulled<S, P> | null>;
export function pull(
  db: Database,
  ...asked: readonly [pattern: string, eid: unknown] | readonly [options: PullOptions]
): Promise<Readonly<Record<string, unknown>> | null>;
export function pull(db: Database, ...asked: ReadonlyArray<unknown>): Promise<unknown> {
  return callWith('pull', (read) => [read(db), ...readPull(asked, read)]);
}

/** The same of several entities, without those of which there is nothing. */
export function pullMany<S extends AnyDefinition, const P extends Pattern<S>>(
  db: Database<S>,
  pattern: P,
  eids: ReadonlyArray<EntityRef<S>>,
): Promise<ReadonlyArray<Pulled<S, P>>>;
export function pullMany(
  db: Database,
  ...asked:
    readonly [pattern: string, eids: ReadonlyArray<unknown>] | readonly [options: PullOptions]
): Promise<ReadonlyArray<Readonly<Record<string, unknown>>>>;
export function pullMany(db: Database, ...asked: ReadonlyArray<unknown>): Promise<unknown> {
  return callWith('pull-many', (read) => [read(db), ...readPull(asked, read)]);
}

export interface PullOptions {
  readonly selector: string | ReadonlyArray<unknown>;
  readonly eid: unknown;
}

const SELECTOR = kw('selector');

function readPull(asked: ReadonlyArray<unknown>, read: Read): ReadonlyArray<EdnData> {
  const [first, ...rest] = asked;
  if (typeof first === 'string') return [readEdn(first), ...rest.map(read)];
  const pattern = read(first);
  const selector = pattern instanceof Map ? (pattern as EdnMap).get(SELECTOR) : undefined;
  if (typeof selector !== 'string') return [pattern, ...rest.map(read)];
  return [new Map([...(pattern as EdnMap), [SELECTOR, readEdn(selector)]])];
}

/** The attributes of a database by their idents. */
export function schema(
  db: Database,
): Promise<Readonly<Record<string, Readonly<Record<string, unknown>>>>> {
  return call('schema', [db]);
}

/** The idents of attributes by what they are. */
export function reverseSchema(
  db: Database,
): Promise<Readonly<Record<string, ReadonlyArray<string>>>> {
  return call('reverse-schema', [db]);
}

/** How many datoms there are, in all and of what. */
export function metrics(db: Database): Promise<Readonly<Record<string, unknown>>> {
  return call('metrics', [db]);
}

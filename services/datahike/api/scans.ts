/** Datoms of the indices: all at once for whoever waits for them, or one after the other for as long as somebody asks. */
import type { EdnData } from '../../../engine/index.ts';
import type { ScanName } from '../operations.ts';
import { scan } from '../operations.ts';
import { DatabaseValue } from '../live.ts';
import { Arguments, ask, coerced } from './call.ts';
import type { Database } from './handles.ts';
import type { Datom } from './show.ts';
import { showDatom } from './show.ts';

/**
 * `await` gives an array; `for await` reads on only while the loop goes on. Nothing is read before one of them begins. A peer sends all of them at once.
 */
export type Datoms = Promise<Datom[]> & AsyncIterable<Datom>;

/** `eavt`, `aevt` or `avet`, and components; or both in an object. */
export type IndexPlace =
  | readonly [index: string, ...components: ReadonlyArray<unknown>]
  | readonly [place: { readonly index: string; readonly components?: ReadonlyArray<unknown> }];

/**
 * The datoms of an index that have some components.
 *
 *     await datoms(db, ':aevt', ':person/name')
 *     for await (const { e, v } of datoms(db, ':avet', ':person/age')) …
 */
export function datoms(db: Database, ...place: IndexPlace): Datoms {
  return byIndex('datoms', db, place);
}

/** The datoms of an index from a place on. */
export function seekDatoms(db: Database, ...place: IndexPlace): Datoms {
  return byIndex('seek-datoms', db, place);
}

/** The datoms of an index from a place on, backwards. */
export function rseekDatoms(db: Database, ...place: IndexPlace): Datoms {
  return byIndex('rseek-datoms', db, place);
}

export interface IndexRange {
  /** An attribute with an index. */
  readonly attrid: string | number;
  /** Inclusive; open where it is missing or null. */
  readonly start?: unknown;
  readonly end?: unknown;
}

/** The datoms of an attribute between two values. */
export function indexRange(db: Database, { attrid, start = null, end = null }: IndexRange): Datoms {
  return found('index-range', db, { attrid, start, end });
}

function byIndex(name: ScanName, db: Database, [first, ...components]: IndexPlace): Datoms {
  const isPlace = typeof first === 'object';
  return found(name, db, isPlace ? first : { index: first, components });
}

function found(name: ScanName, db: Database, place: object): Datoms {
  let reading: Promise<Datom[]> | undefined;
  const begin = (): Promise<Datom[]> => (reading ??= allOf(name, db, place));
  return Object.assign(Object.create(Promise.prototype) as Promise<Datom[]>, {
    then: (...handlers: Parameters<Promise<Datom[]>['then']>) => begin().then(...handlers),
    catch: (...handlers: Parameters<Promise<Datom[]>['catch']>) => begin().catch(...handlers),
    finally: (...handlers: Parameters<Promise<Datom[]>['finally']>) => begin().finally(...handlers),
    [Symbol.asyncIterator]: () => oneByOne(name, db, place),
  }) as Datoms;
}

async function allOf(name: ScanName, db: Database, place: object): Promise<Datom[]> {
  const { reading, args } = readArguments(name, db, place);
  // Where a database has none there is nothing in Datahike.
  return (await ask<Datom[] | null>(name, args, reading)) ?? [];
}

async function* oneByOne(name: ScanName, db: Database, place: object): AsyncGenerator<Datom> {
  const { reading, args } = readArguments(name, db, place);
  const [value, ...rest] = args.map((arg) => reading.liveOf(arg));
  if (value instanceof DatabaseValue)
    for await (const datom of scan(name, value, rest)) yield showDatom(datom);
  else yield* await allOf(name, db, place);
}

function readArguments(
  name: ScanName,
  db: Database,
  place: object,
): { readonly reading: Arguments; readonly args: ReadonlyArray<EdnData> } {
  const reading = new Arguments();
  return { reading, args: coerced(name, [db, place].map(reading.read)) };
}

/**
 * How a database begins: the transaction {@link TX0}, which says nothing but, where attributes are named by their entities, which
 * entities those are.
 */
import { DB, ENUM_ATTRIBUTES } from '../../schema/bootstrap.ts';
import type { DatabaseConfig } from '../../schema/database.ts';
import { Keyword } from '../../schema/keyword.ts';
import { LAST_SYSTEM_ENTITY, SYSTEM_ENTITIES } from '../../schema/system-entities.ts';
import type { Value } from '../../schema/value.ts';
import { attributeNumberOfEntity } from '../datom/attribute-number.ts';
import { Datom, TX0 } from '../datom/datom.ts';
import { NO_ROOTS } from '../indices/base-index.ts';
import type { Change } from '../novelty/change.ts';
import { Novelty } from '../novelty/novelty.ts';
import type { Db } from './db.ts';
import { PRESENT } from './db.ts';
import { runSync } from '../shared/suspend.ts';
import { EvolvingDb } from './evolving-db.ts';
import { Schema } from './schema.ts';

const NO_NODES = { peek: () => undefined, load: () => Promise.resolve() };

/** A database without a store, for speculation and tests. */
export function emptyDb(config: DatabaseConfig): Db {
  const genesis = genesisOf(config);
  const evolving = new EvolvingDb(databaseBefore(config), genesis.tx);
  for (const change of genesis.changes) evolving.apply(change);
  return runSync(evolving.finish(genesis.maxEid));
}

/** What is there before the first transaction. */
export function databaseBefore(config: DatabaseConfig): Db {
  return {
    config,
    base: { roots: NO_ROOTS, source: NO_NODES },
    novelty: Novelty.empty,
    indexedTx: TX0 - 1,
    schema: Schema.empty(config.attributeRefs),
    maxTx: TX0 - 1,
    maxEid: 0,
    topEntity: 0,
    view: PRESENT,
    commit: undefined,
  };
}

/** The first transaction of a database. */
export function genesisOf({ attributeRefs }: DatabaseConfig): {
  readonly tx: number;
  readonly maxEid: number;
  readonly changes: ReadonlyArray<Change>;
} {
  if (!attributeRefs) return { tx: TX0, maxEid: 0, changes: [] };
  const ids = new Map(SYSTEM_ENTITIES.map(({ ident, id }) => [ident, id]));
  const datom = (e: number, ident: Keyword, v: Value): Datom =>
    new Datom(e, attributeNumberOfEntity(ids.get(ident) ?? 0), v, TX0, true);
  const stored = (ident: Keyword, v: Value): Value =>
    ENUM_ATTRIBUTES.has(ident) && v instanceof Keyword ? (ids.get(v) ?? v) : v;
  const facts = SYSTEM_ENTITIES.flatMap(({ id, facts: said }) =>
    said.map(([ident, v]) => datom(id, ident, stored(ident, v))),
  );
  const changes = [datom(TX0, DB.txInstant, new Date(0)), ...facts];
  return { tx: TX0, maxEid: LAST_SYSTEM_ENTITY, changes };
}

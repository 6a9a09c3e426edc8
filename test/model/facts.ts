/**
 * The model: a database that is nothing but the list of all that was ever asserted and retracted and is remembered. Every view picks from
 * that list. Slow and obvious, so that the engine can be compared with it.
 */
import type { DatabaseConfig } from '../../engine/index.ts';
import { ENUM_ATTRIBUTES } from '../../schema/bootstrap.ts';
import { Keyword } from '../../schema/keyword.ts';
import { SYSTEM_ENTITIES } from '../../schema/system-entities.ts';
import type { Value } from '../../schema/value.ts';

/** What names an attribute in facts: its ident, or its entity where the database was made with `attribute-refs?`. */
export type Name = Keyword | number;

export interface Fact {
  readonly e: number;
  readonly a: Name;
  readonly v: Value;
  readonly tx: number;
  readonly added: boolean;
}

export interface ModelDb {
  readonly config: DatabaseConfig;
  /** What is remembered, in the order in which it was said. */
  readonly log: ReadonlyArray<Fact>;
  /** Those of the log that hold. */
  readonly held: ReadonlyArray<Fact>;
  readonly maxTx: number;
  readonly maxEid: number;
}

export const TX0 = 536_870_912;
export const FIRST_TX = TX0 + 1;

/** A database before its first transaction. Where attributes are entities, it says what those are. */
export function emptyModel(config: DatabaseConfig): ModelDb {
  const log = config.attributeRefs ? systemFacts(config) : [];
  const maxEid = config.attributeRefs ? SYSTEM_ENTITIES.length : 0;
  return { config, log, held: log, maxTx: TX0, maxEid };
}

function systemFacts(config: DatabaseConfig): Fact[] {
  const facts = SYSTEM_ENTITIES.flatMap(({ id, facts: said }) =>
    said.map(([ident, v]): readonly [number, Keyword, Value] => [
      id,
      ident,
      ENUM_ATTRIBUTES.has(ident) && v instanceof Keyword ? systemName(config, v) : v,
    ]),
  );
  const all = [[TX0, Keyword.intern('db/txInstant'), new Date(0)] as const, ...facts];
  return all.map(([e, ident, v]) => ({ e, a: systemName(config, ident), v, tx: TX0, added: true }));
}

/** The name of an attribute that every database has. */
export function systemName({ attributeRefs }: DatabaseConfig, ident: Keyword): Name {
  return attributeRefs ? (SYSTEM_ENTITIES.find((one) => one.ident === ident)?.id ?? 0) : ident;
}

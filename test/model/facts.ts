/**
 * The model: a database that is nothing but the list of all that was ever asserted and retracted. Every view is a replay of that list.
 * Slow and obvious, so that the engine can be compared with it.
 */
import { kw } from '../../schema/keyword.ts';
import type { Keyword } from '../../schema/keyword.ts';
import type { Value } from '../../schema/value.ts';
import { valueEquals } from '../../schema/value-key.ts';

export interface Fact {
  readonly e: number;
  readonly a: Keyword;
  readonly v: Value;
  readonly tx: number;
  readonly added: boolean;
}

export interface ModelAttribute {
  readonly ident: Keyword;
  readonly type: 'long' | 'string' | 'keyword' | 'boolean' | 'instant' | 'ref';
  readonly isMany: boolean;
  readonly unique?: 'identity' | 'value' | undefined;
  readonly isIndexed: boolean;
  readonly isComponent: boolean;
  readonly isForgetful: boolean;
}

export interface ModelDb {
  readonly attributes: ReadonlyMap<Keyword, ModelAttribute>;
  readonly log: ReadonlyArray<Fact>;
  readonly maxTx: number;
  readonly maxEid: number;
}

export const FIRST_TX = 536_870_913;

const PLAIN = { isMany: false, isIndexed: false, isComponent: false, isForgetful: false };

export function attribute(
  name: string,
  type: ModelAttribute['type'],
  options: Partial<Omit<ModelAttribute, 'ident' | 'type'>> = {},
): ModelAttribute {
  const isIndexed = options.isIndexed === true || type === 'ref' || options.unique !== undefined;
  return { ...PLAIN, ...options, ident: kw(name), type, isIndexed };
}

const SYSTEM: ReadonlyArray<ModelAttribute> = [
  attribute('db/ident', 'keyword', { unique: 'identity' }),
  attribute('db/valueType', 'keyword'),
  attribute('db/cardinality', 'keyword'),
  attribute('db/unique', 'keyword'),
  attribute('db/index', 'boolean'),
  attribute('db/isComponent', 'boolean'),
  attribute('db/noHistory', 'boolean'),
  attribute('db/txInstant', 'instant', { isForgetful: true }),
];

/** An empty database that knows some attributes; that they are declared in it is the business of its first transaction. */
export function emptyModel(attributes: ReadonlyArray<ModelAttribute>): ModelDb {
  const all = [...SYSTEM, ...attributes];
  return {
    attributes: new Map(all.map((one) => [one.ident, one])),
    log: [],
    maxTx: FIRST_TX - 1,
    maxEid: 0,
  };
}

export function attributeOf(db: ModelDb, ident: Keyword): ModelAttribute {
  const found = db.attributes.get(ident);
  if (found === undefined) throw new Error(`The model knows no ${ident.toString()}`);
  return found;
}

export function isSameFact(one: Fact, other: Fact): boolean {
  return one.e === other.e && one.a === other.a && valueEquals(one.v, other.v);
}

/** What holds after all the facts of a list. */
export function replay(facts: ReadonlyArray<Fact>): ReadonlyArray<Fact> {
  let held: Fact[] = [];
  for (const fact of facts) {
    held = held.filter((one) => !isSameFact(one, fact));
    if (fact.added) held.push(fact);
  }
  return held;
}

export function presentOf(db: ModelDb): ReadonlyArray<Fact> {
  return replay(db.log);
}

export function asOfOf(db: ModelDb, tx: number): ReadonlyArray<Fact> {
  return replay(remembered(db).filter((fact) => fact.tx <= tx));
}

export function sinceOf(db: ModelDb, tx: number): ReadonlyArray<Fact> {
  return presentOf(db).filter((fact) => fact.tx > tx);
}

/**
 * Every assertion and retraction, each once. Of a fact that one transaction turned more than once, what the transaction came to is
 * kept, and of a flip that came to nothing one assertion and one retraction.
 */
export function historyOf(db: ModelDb): ReadonlyArray<Fact> {
  const rows: Fact[] = [];
  for (const fact of remembered(db)) {
    const ofTransaction = rows.filter((row) => row.tx === fact.tx && isSameFact(row, fact));
    // The third turn takes back the two before it.
    if (ofTransaction.length === 2)
      for (const row of ofTransaction) rows.splice(rows.indexOf(row), 1);
    rows.push(fact);
  }
  return rows;
}

/** The log without what an attribute without history forgets. */
function remembered(db: ModelDb): ReadonlyArray<Fact> {
  const present = new Set(presentOf(db));
  return db.log.filter((fact) => !attributeOf(db, fact.a).isForgetful || present.has(fact));
}

/** The commit that makes a database, be it empty or with all that an export holds. */
import type { DatabaseConfig } from '../../schema/database.ts';
import type { Db } from '../db/db.ts';
import { databaseBefore, genesisOf } from '../db/genesis.ts';
import type { BaseRoots } from '../indices/base-index.ts';
import { NO_ROOTS } from '../indices/base-index.ts';
import { runSync } from '../shared/suspend.ts';
import type { Commit } from '../store/store.ts';
import { contentCommit, hashOfTrees } from './commit-info.ts';
import { encodeRecord } from './record.ts';
import type { Segment } from './segment.ts';
import { encodeSegment, withCommit } from './segment.ts';

/** What is committed to make a database. */
export type FirstCommit = Pick<Commit, 'id' | 'record' | 'indexedTx' | 'segments'>;

/**
 * A record without trees, and the transaction that begins the database.
 *
 * @param id of the commit, where it does not follow from what it says
 */
export function firstCommit(config: DatabaseConfig, id: string): FirstCommit {
  const { indexedTx, maxEid } = databaseBefore(config);
  return begin({ config, indexedTx, maxEid, roots: NO_ROOTS }, genesisOf(config), id, 0);
}

/**
 * A record of trees that hold all of a database. The log begins with its last transaction and does not say what came before.
 *
 * @param unnamedFrom the address after those of the trees
 */
export function commitOfTrees(
  { config, base, maxTx, maxEid }: Db,
  id: string,
  unnamedFrom: number,
): FirstCommit {
  const segment = { tx: maxTx, maxEid, changes: [] };
  const beginning = { config, indexedTx: maxTx, maxEid, roots: base.roots };
  return begin(beginning, segment, id, unnamedFrom);
}

interface Beginning {
  readonly config: DatabaseConfig;
  readonly indexedTx: number;
  readonly maxEid: number;
  readonly roots: BaseRoots;
}

function begin(
  { config, indexedTx, maxEid, roots }: Beginning,
  segment: Segment,
  id: string,
  unnamedFrom: number,
): FirstCommit {
  const bytes = runSync(encodeSegment(segment));
  const commit = config.cryptoHash
    ? contentCommit([], hashOfTrees(roots), [bytes])
    : { id, parents: [] };
  const isInTrees = segment.tx === indexedTx;
  const record = {
    config,
    indexedTx,
    maxEid,
    commit: isInTrees ? commit : undefined,
    roots,
    purges: 0,
    purge: undefined,
    unnamedFrom,
    past: undefined,
  };
  return {
    id: commit.id,
    record: encodeRecord(record),
    indexedTx,
    segments: [{ tx: segment.tx, bytes: withCommit(bytes, commit) }],
  };
}

/**
 * Rows of any era into the base trees of a database that is being made: they are gathered as novelty, which is folded when the caller says
 * so. What is written meanwhile no root names; the record at the end does.
 */
import type { Db } from '../db/db.ts';
import { databaseBefore } from '../db/genesis.ts';
import type { EraRow } from '../db/read-schema.ts';
import { schemaOfRows } from '../db/read-schema.ts';
import type { Schema } from '../db/schema.ts';
import type { StoredNodes } from '../indices/node-cache.ts';
import { Novelty } from '../novelty/novelty.ts';
import { awaiting } from '../shared/suspend.ts';
import type { Suspended } from '../shared/suspend.ts';
import type { FirstCommit } from '../commit/first-commit.ts';
import { commitOfTrees } from '../commit/first-commit.ts';
import type { WriteNodes } from '../commit/fold.ts';
import { fold } from '../commit/fold.ts';
import type { ExportHeader } from './items.ts';
import { badExport } from './items.ts';

export interface BulkLoadOptions {
  readonly header: ExportHeader;
  readonly nodes: StoredNodes;
  /** Gives an address that was never given before. */
  readonly newAddress: () => number;
  readonly write: WriteNodes;
}

export class BulkLoad {
  readonly #options: BulkLoadOptions;
  /** The rows that define attributes, until the first other one. */
  #definitions: EraRow[] | undefined = [];
  /** Once all rows that define attributes are there. */
  #schema: Schema;
  #db: Db;
  #novelty = Novelty.empty.edit();
  #pending = 0;

  constructor(options: BulkLoadOptions) {
    const { header, nodes } = options;
    const { config, maxTx, maxEid } = header;
    const before = databaseBefore(config);
    this.#options = options;
    this.#schema = before.schema;
    this.#db = { ...before, base: { ...before.base, source: nodes }, maxTx, maxEid };
  }

  /** How many rows wait to be folded. */
  get pending(): number {
    return this.#pending;
  }

  /** @throws BAD_EXPORT for a definition that comes after other rows; `at` is the number of the item */
  add(row: EraRow, at: number): void {
    const { era, datom } = row;
    const isDefinition = this.#schema.names.definingIdent(datom.a) !== undefined;
    if (!isDefinition) this.#endDefinitions();
    else if (this.#definitions === undefined)
      throw badExport(
        'Expected all rows that define attributes before the others, got one after them',
        at,
      );
    else this.#definitions.push(row);
    this.#novelty.load(era, datom, this.#schema.isIndexed(datom.a));
    this.#pending++;
  }

  /** Moves the rows that wait into the base trees, whose nodes are written meanwhile. */
  *fold(): Suspended<void> {
    if (this.#pending === 0) return;
    const { nodes: source, newAddress, write } = this.#options;
    const db = { ...this.#db, novelty: this.#novelty.seal() };
    const { roots, nodes } = yield* fold(db, source, newAddress, write);
    yield* awaiting(write(nodes));
    this.#db = { ...this.#db, base: { roots, source } };
    this.#novelty = Novelty.empty.edit();
    this.#pending = 0;
  }

  /** How many rows the trees hold. */
  get datomCount(): number {
    const { current, temporal } = this.#db.base.roots;
    return current.eavt.count + temporal.eavt.count;
  }

  /** What makes the database. `id` names the commit, where its name does not follow from what it says. */
  commit(id: string): FirstCommit {
    return commitOfTrees(this.#db, id, this.#options.newAddress());
  }

  #endDefinitions(): void {
    if (this.#definitions === undefined) return;
    this.#schema = schemaOfRows(this.#options.header.config.attributeRefs, this.#definitions);
    this.#definitions = undefined;
  }
}

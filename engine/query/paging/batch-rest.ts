/** The clauses that are left of a query, worked out with one batch of bindings after the other. */
import type { Value } from '../../../schema/value.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { Context } from '../context.ts';
import type { Clause, PatternClause, Variable } from '../language/ast.ts';
import { nameOf } from '../language/ast.ts';
import { termsIn } from '../patterns/pattern.ts';
import { wayOf } from '../patterns/way.ts';
import { take } from '../relation/algebra.ts';
import { Relation } from '../relation/relation.ts';
import type { DriveAccess } from './access.ts';
import type { AskedAttribute } from './entity-columns.ts';
import { columnsOfEntities } from './entity-columns.ts';
import type { PageTrace } from './page-trace.ts';

/** The columns of so many entities are read one entity after the other; those of more by one pass over each attribute. */
const FEW = 256;

interface AskedColumn extends AskedAttribute {
  readonly variable: Variable | undefined;
}

export class BatchRest {
  readonly #context: Context;
  readonly #access: DriveAccess;
  readonly #wanted: ReadonlySet<Variable>;
  readonly #trace: PageTrace | undefined;
  readonly #all: ReadonlyArray<Clause>;
  readonly #columns: ReadonlyArray<PatternClause>;
  /** Those that are no columns. */
  readonly #others: ReadonlyArray<Clause>;
  #asked: ReadonlyArray<AskedColumn> | undefined;

  constructor(
    context: Context,
    access: DriveAccess,
    wanted: ReadonlySet<Variable>,
    trace: PageTrace | undefined,
  ) {
    this.#context = trace?.context ?? context;
    this.#access = access;
    this.#wanted = wanted;
    this.#trace = trace;
    this.#all = access.rest;
    const { columns } = access.drive;
    // Of the past more than one value may be shown.
    this.#columns = access.db.window === undefined ? columns : [];
    this.#others =
      this.#columns.length === 0
        ? this.#all
        : this.#all.filter((clause) => !this.#columns.some((column) => column === clause));
  }

  /** The bindings joined with what the clauses say of them. */
  *solve(bindings: Relation): Suspended<Relation> {
    if (bindings.length === 0 || this.#all.length === 0) return bindings;
    const context = this.#context;
    if (this.#columns.length === 0 || bindings.length > FEW)
      return yield* context.solve(context, this.#all, bindings, this.#wanted);
    const found = yield* this.#withColumns(bindings);
    if (found.length === 0 || this.#others.length === 0) return found;
    return yield* context.solve(context, this.#others, found, this.#wanted);
  }

  *#withColumns(bindings: Relation): Suspended<Relation> {
    const { db, drive } = this.#access;
    const startedMs = this.#trace === undefined ? 0 : performance.now();
    const asked = (this.#asked ??= yield* this.#ask());
    if (asked.length < this.#columns.length) return Relation.empty([]);
    const { places, columns } = yield* columnsOfEntities(db, bindings.column(drive.e), asked);
    const kept = yield* take(bindings, places);
    const isNew = asked.map(({ variable }) => variable !== undefined);
    const names = asked.flatMap(({ variable }) => variable ?? []);
    const found = new Relation(
      [...kept.variables, ...names],
      [...kept.held, ...columns.filter((_, i) => isNew[i])],
      kept.length,
      {
        sortedBy: kept.sortedBy,
        dependencies: [...kept.dependencies, ...names.map((to) => ({ from: drive.e, to }))],
      },
    );
    this.#trace?.noteColumns(this.#columns, found, performance.now() - startedMs);
    return found;
  }

  /** The attributes with the values that are given; fewer where one of these names nothing. */
  *#ask(): Suspended<ReadonlyArray<AskedColumn>> {
    const asked: AskedColumn[] = [];
    for (const clause of this.#columns) {
      const terms = termsIn(this.#context, clause);
      const way = yield* wayOf(this.#access.db, terms, undefined);
      const number = way?.fixed.a;
      if (way === undefined || number === undefined) return [];
      const [, , v] = terms;
      const [variable] = v === undefined ? [] : nameOf(v);
      asked.push({ number, value: way.fixed.v as Value | undefined, variable });
    }
    return asked;
  }
}

/** The clauses that are left of a query, worked out with one batch of bindings after the other. */
import type { EdnData, Value } from '../../../schema/value.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { Context } from '../context.ts';
import type { Clause, Variable } from '../language/ast.ts';
import { nameOf } from '../language/ast.ts';
import { termsIn } from '../patterns/pattern.ts';
import { wayOf } from '../patterns/way.ts';
import { take } from '../relation/algebra.ts';
import { Relation } from '../relation/relation.ts';
import type { DriveAccess } from './access.ts';
import type { ColumnClause } from './drives.ts';
import type { AskedAttribute } from './entity-columns.ts';
import { columnsOfEntities } from './entity-columns.ts';
import type { PageTrace } from './page-trace.ts';

/** The columns of so many entities are read one entity after the other; those of more by one pass over each attribute. */
const FEW = 256;

/** Which attribute a clause is about, and what is made of what an entity has of it. */
interface AskedColumn {
  readonly place: number;
  readonly variable: Variable | undefined;
  readonly columnOf: (values: ReadonlyArray<Value | undefined>) => ReadonlyArray<EdnData>;
}

interface Asked {
  /** Each once. */
  readonly attributes: ReadonlyArray<AskedAttribute>;
  readonly columns: ReadonlyArray<AskedColumn>;
}

export class BatchRest {
  readonly #context: Context;
  readonly #access: DriveAccess;
  readonly #wanted: ReadonlySet<Variable>;
  readonly #trace: PageTrace | undefined;
  readonly #all: ReadonlyArray<Clause>;
  readonly #columns: ReadonlyArray<ColumnClause>;
  /** Those that are no columns. */
  readonly #others: ReadonlyArray<Clause>;
  #asked: Asked | undefined;

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
        : this.#all.filter((clause) => !this.#columns.some((column) => column.clause === clause));
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
    if (asked === NOBODY) return Relation.empty([]);
    const entities = bindings.column(drive.e);
    const { places, columns } = yield* columnsOfEntities(db, entities, asked.attributes);
    const kept = yield* take(bindings, places);
    const named = asked.columns.flatMap(({ variable, place, columnOf }) =>
      variable === undefined ? [] : [{ variable, column: columnOf(columns[place]!) }],
    );
    const found = new Relation(
      [...kept.variables, ...named.map(({ variable }) => variable)],
      [...kept.held, ...named.map(({ column }) => column)],
      kept.length,
      {
        sortedBy: kept.sortedBy,
        dependencies: [
          ...kept.dependencies,
          ...named.map(({ variable: to }) => ({ from: drive.e, to })),
        ],
      },
    );
    const clauses = this.#columns.map(({ clause }) => clause);
    this.#trace?.noteColumns(clauses, found, performance.now() - startedMs);
    return found;
  }

  /** The attributes with the values that are given. */
  *#ask(): Suspended<Asked> {
    const attributes: AskedAttribute[] = [];
    const columns: AskedColumn[] = [];
    for (const column of this.#columns) {
      if (column.kind === 'lookUp') {
        const { attribute, variable, otherwise } = column;
        const known = attributes.findIndex(({ number }) => number === attribute.number);
        const asked = { number: attribute.number, value: undefined, isOptional: true };
        const place = known >= 0 ? known : attributes.push(asked) - 1;
        columns.push({ place, variable, columnOf: (values) => lookedUp(values, otherwise) });
        continue;
      }
      const terms = termsIn(this.#context, column.clause);
      const way = yield* wayOf(this.#access.db, terms, undefined);
      const number = way?.fixed.a;
      if (way === undefined || number === undefined) return NOBODY;
      const [, , v] = terms;
      const [variable] = v === undefined ? [] : nameOf(v);
      const place = attributes.push({ number, value: way.fixed.v as Value | undefined }) - 1;
      columns.push({ place, variable, columnOf: (values) => values as ReadonlyArray<EdnData> });
    }
    return { attributes, columns };
  }
}

/** Where one of the values that are given names nothing, no entity has it. */
const NOBODY: Asked = { attributes: [], columns: [] };

function lookedUp(
  values: ReadonlyArray<Value | undefined>,
  otherwise: EdnData | undefined,
): ReadonlyArray<EdnData> {
  return otherwise === undefined
    ? values.map((value) => value === undefined)
    : values.map((value) => value ?? otherwise);
}

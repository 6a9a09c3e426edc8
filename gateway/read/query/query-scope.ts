/**
 * The variables of one query being built. What a caller gave becomes an input of the query, never a part of its form, so equal
 * requests have equal forms and nothing a caller writes can be read as a clause.
 */
import { kw, sym } from '../../../schema/keyword.ts';
import { Sym } from '../../../schema/keyword.ts';
import { EdnList } from '../../../schema/value.ts';
import type { EdnData } from '../../../schema/value.ts';
import { ClaimSlot, ConstantSlot } from '../row-rules.ts';
import { Slot } from './slots.ts';

const DATABASE = sym('$');

/** A value of a query, or the slot that it will be in. */
export type Operand = EdnData | Slot;
/** What is made of a value in a slot. */
export type FromSlot = (value: EdnData) => EdnData;

/** What the inputs of a query are, given the values in their slots. */
export type Inputs = (values: ReadonlyArray<unknown>) => ReadonlyArray<EdnData>;

export class QueryScope {
  readonly #bindings: EdnData[] = [];
  readonly #inputs: Array<(values: ReadonlyArray<unknown>) => EdnData> = [];
  readonly #scalars = new Set<Sym>();
  #count = 0;

  /** A variable that nothing else in the query uses. */
  fresh(hint: string): Sym {
    this.#count += 1;
    return sym(`?${hint}${this.#count}`);
  }

  /** The variable that holds a value from outside. */
  input(operand: Operand, fromSlot?: FromSlot): Sym {
    const variable = this.fresh('in');
    this.#bindings.push(variable);
    this.#inputs.push(inputOf(operand, fromSlot));
    this.#scalars.add(variable);
    return variable;
  }

  /** Binds a variable to each of some values in turn. */
  each(variable: Sym, values: Operand): void {
    this.#bindings.push([variable, sym('...')]);
    this.#inputs.push(inputOf(values, undefined));
  }

  /** The `:in` of the query. */
  get bindings(): ReadonlyArray<EdnData> {
    return [sym('$'), ...this.#bindings];
  }

  /** What is given for it, the database aside. */
  get inputs(): Inputs {
    const inputs = [...this.#inputs];
    return (values) => inputs.map((input) => input(values));
  }

  /** `(not-join [?e …] …)`: the clauses hold for no way to bind what is only theirs. */
  notJoin(shared: ReadonlyArray<Sym>, clauses: ReadonlyArray<EdnData>): EdnList {
    return new EdnList([sym('not-join'), this.#joinVariables(shared, clauses), ...clauses]);
  }

  /**
   * `[(q [:find … :in $ … :where …] $ …) binding]`: a query within the query, over the same database, which sees the inputs that it speaks of.
   */
  subquery(
    find: ReadonlyArray<EdnData>,
    clauses: ReadonlyArray<EdnData>,
    target: EdnData,
  ): EdnData {
    const inputs = this.#joinVariables([], clauses);
    const where = [kw('find'), ...find, kw('in'), DATABASE, ...inputs, kw('where'), ...clauses];
    return binding('q', [where, DATABASE, ...inputs], target);
  }

  /** `(or-join [?e …] …)`: one branch holds at least. Those `required` must be bound before it is asked. */
  orJoin(
    shared: ReadonlyArray<Sym>,
    branches: ReadonlyArray<ReadonlyArray<EdnData>>,
    required: ReadonlyArray<Sym> = [],
  ): EdnList {
    const clauses = branches.map((branch) =>
      branch.length === 1 ? (branch[0] ?? null) : new EdnList([sym('and'), ...branch]),
    );
    const variables = this.#joinVariables(shared, clauses);
    const rule = required.length === 0 ? variables : [required, ...variables];
    return new EdnList([sym('or-join'), rule, ...clauses]);
  }

  /** Inputs are visible inside a join only where it lists them. */
  #joinVariables(shared: ReadonlyArray<Sym>, clauses: EdnData): ReadonlyArray<Sym> {
    const found = new Set<Sym>(shared);
    const visit = (form: EdnData): void => {
      if (form instanceof Sym) {
        if (this.#scalars.has(form)) found.add(form);
      } else if (form instanceof EdnList) form.items.forEach(visit);
      else if (Array.isArray(form)) form.forEach(visit);
    };
    visit(clauses);
    return Array.from(found);
  }
}

function inputOf(
  operand: Operand,
  fromSlot: FromSlot | undefined,
): (values: ReadonlyArray<unknown>) => EdnData {
  if (!(operand instanceof Slot)) return () => operand;
  const read = slotReader(operand);
  return fromSlot === undefined ? read : (values) => fromSlot(read(values));
}

function slotReader(slot: Slot): (values: ReadonlyArray<unknown>) => EdnData {
  const { index } = slot;
  if (slot instanceof ConstantSlot) return () => slot.value;
  if (slot instanceof ClaimSlot) return (values) => slot.read(values[index]);
  return (values) => values[index] as EdnData;
}

/** `[(name …arguments)]` */
export function predicate(name: string, ...operands: ReadonlyArray<EdnData>): EdnData {
  return [new EdnList([sym(name), ...operands])];
}

/**
 * A variable is neither before a value nor after it, both of which are bounds of an index. Unlike `=` this holds of numbers that are equal and yet different
 * values: `1M` and `1.00M`.
 */
export function equalInOrder(variable: Sym, value: EdnData): ReadonlyArray<EdnData> {
  return [predicate('>=', variable, value), predicate('<=', variable, value)];
}

/** `[(name …arguments) binding]` */
export function binding(name: string, operands: ReadonlyArray<EdnData>, target: EdnData): EdnData {
  return [new EdnList([sym(name), ...operands]), target];
}

/**
 * The functions that data may name: predicates of attributes and entities, transaction functions, transformations of pulled values. Data
 * can only name what the program registered: nothing that comes over a wire becomes code.
 */
import { Sym } from '../../schema/keyword.ts';

type Callable = (...args: ReadonlyArray<unknown>) => unknown;

const functions = new Map<Sym, Callable>();

/**
 * Makes a function known to this process under a name such as `my.app/adult?`; one of the same name is replaced. What it is handed depends
 * on who names it: a value (`:db.attr/preds`, `:xform`), a database and an entity id (`:db.entity/preds`), or a database and the arguments
 * of the call (transaction functions). The process that writes a database needs the functions that its transactions name.
 */
export function registerFunction(name: string, fn: (...args: never[]) => unknown): void {
  functions.set(Sym.intern(name), fn as Callable);
}

/** For whoever misspells one. */
export function registeredNames(): Iterable<Sym> {
  return functions.keys();
}

/** Undefined where nothing has the name. */
export function registeredFunction(name: Sym): Callable | undefined {
  return functions.get(name);
}

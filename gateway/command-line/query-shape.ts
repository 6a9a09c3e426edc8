/** What a query says of its own answer and its inputs, before it is asked. */
import { printEdn } from '../../schema/edn-print.ts';
import { Keyword, Sym, kw, sym } from '../../schema/keyword.ts';
import { EdnList } from '../../schema/value.ts';
import type { EdnData } from '../../schema/value.ts';

/** How an answer is to be taken: rows of columns, single values, one row, or one value. */
export interface FindShape {
  readonly kind: 'relation' | 'collection' | 'tuple' | 'scalar';
  /** What the elements of the find specification are called: `?name`, `(count ?c)`. */
  readonly columns: ReadonlyArray<string>;
  /** Whether rows are maps, by `:keys`, `:strs` or `:syms`. */
  readonly areMaps: boolean;
}

const SCALAR = sym('.');
const COLLECTION = sym('...');
const DEFAULT_SOURCE = sym('$');
const NAMES = ['keys', 'strs', 'syms'];

/** What is no query has no columns; whoever is asked it says what is wrong. */
export function findShape(query: EdnData): FindShape {
  const find = sectionOf(query, 'find') ?? [];
  const names = NAMES.map((name) => sectionOf(query, name)).find((each) => each !== undefined);
  const areMaps = names !== undefined;
  const shaped = (kind: FindShape['kind'], elements: ReadonlyArray<EdnData>): FindShape => ({
    kind,
    columns: (names ?? elements).map(printEdn),
    areMaps,
  });
  const [first] = find;
  if (find.length === 1 && Array.isArray(first)) {
    const within = first as ReadonlyArray<EdnData>;
    return within.at(-1) === COLLECTION
      ? shaped('collection', within.slice(0, -1))
      : shaped('tuple', within);
  }
  return find.at(-1) === SCALAR ? shaped('scalar', find.slice(0, -1)) : shaped('relation', find);
}

/** What the inputs of a query are bound to, in their order: sources (`$`) and others. */
export function inputsOf(query: EdnData): ReadonlyArray<EdnData> {
  return sectionOf(query, 'in') ?? [DEFAULT_SOURCE];
}

/** Whether an input is a database. */
export function isSource(input: EdnData): boolean {
  return input instanceof Sym && input.name.startsWith('$');
}

/** What stands under a keyword, in a query that is a map or a vector; undefined where it is not there. */
function sectionOf(query: EdnData, name: string): ReadonlyArray<EdnData> | undefined {
  const keyword = kw(name);
  if (query instanceof Map) {
    const map = query as ReadonlyMap<EdnData, EdnData>;
    const within = map.get(kw('query'));
    if (within !== undefined) return sectionOf(within, name);
    const section = map.get(keyword);
    if (section instanceof EdnList) return section.items;
    return Array.isArray(section) ? (section as ReadonlyArray<EdnData>) : undefined;
  }
  if (!Array.isArray(query)) return undefined;
  const items = query as ReadonlyArray<EdnData>;
  const start = items.indexOf(keyword) + 1;
  if (start === 0) return undefined;
  const end = items.findIndex((item, i) => i >= start && item instanceof Keyword);
  return items.slice(start, end < 0 ? undefined : end);
}

/** The parts of a query, `:find`, `:where` and so on, from whichever form it has. */
import { Keyword } from '../../../schema/keyword.ts';
import { readEdn } from '../../../schema/edn-read.ts';
import { EdnList } from '../../../schema/value.ts';
import type { EdnData } from '../../../schema/value.ts';
import { didYouMean } from '../../shared/suggest.ts';
import { queryError } from '../query-error.ts';

type Forms = ReadonlyArray<EdnData>;
export type Sections = ReadonlyMap<string, EdnData>;

/** What counts beside `:query`, and in a map, but not within a vector. */
export const OPTIONS = [':limit', ':offset', ':order-by'];

const CLAUSES = [':find', ':with', ':in', ':where', ':keys', ':strs', ':syms'];

/** Read and not acted upon, as in Datahike. */
const OTHERS = [':timeout', ':having'];

/**
 * Text, vector or map; a map with `:query` has its options beside it.
 *
 * @throws BAD_QUERY (`parser/…`), BAD_EDN
 */
export function sectionsOf(form: EdnData): Sections {
  if (typeof form === 'string') return sectionsOf(readEdn(form));
  if (!(form instanceof Map)) return sectionsOfVector(form);
  const sections = new Map(
    Array.from(form as ReadonlyMap<EdnData, EdnData>, ([key, value]) => [String(key), value]),
  );
  checkNames([...sections.keys()], form);
  const inner = sections.get(':query');
  if (inner === undefined) return sections;
  const own = [...sectionsOf(inner)].filter(([name]) => !OPTIONS.includes(name));
  return new Map([...own, ...[...sections].filter(([name]) => OPTIONS.includes(name))]);
}

/** `[:find a b :where c]`: what follows a keyword belongs to it. */
function sectionsOfVector(form: EdnData): Sections {
  const items = form instanceof EdnList ? form.items : form;
  if (!Array.isArray(items) || !(items[0] instanceof Keyword))
    throw queryError('parser/query', 'Expected a query as a vector or map with :find', form);
  const sections = new Map<string, EdnData[]>();
  let section: EdnData[] = [];
  for (const item of items as Forms) {
    if (item instanceof Keyword) sections.set(item.toString(), (section = []));
    else section.push(item);
  }
  checkNames([...sections.keys()], form);
  return new Map([...sections].filter(([name]) => !OPTIONS.includes(name)));
}

/** A misspelt name would leave its part out; what resembles none may be meant for others. */
function checkNames(names: ReadonlyArray<string>, form: EdnData): void {
  const known = [...CLAUSES, ...OPTIONS, ...OTHERS, ':query', ':args', ':stats?'];
  const isMap = form instanceof Map;
  for (const [i, name] of names.entries()) {
    if (known.includes(name)) continue;
    const meant = didYouMean(name, [...CLAUSES, ...OPTIONS]);
    // Datahike takes it for a part of what stands before it.
    const kind = isMap ? 'parser/query' : `parser/${(names[i - 1] ?? ':query').slice(1)}`;
    if (meant !== '' || !isMap) throw queryError(kind, `Unknown ${name} in`, form, meant);
  }
}

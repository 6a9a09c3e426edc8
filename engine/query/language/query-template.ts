/**
 * The template tag of queries. What is interpolated is never read as text: where it stands there is a variable, and the value goes in as
 * one more input. A template is read once, wherever it was written.
 */
import { Sym, kw, sym } from '../../../schema/keyword.ts';
import { EdnList } from '../../../schema/value.ts';
import type { EdnData, EdnMap } from '../../../schema/value.ts';
import { GIVEN } from './ast.ts';
import { queryError } from '../query-error.ts';
import { sectionsOf } from './sections.ts';

type Forms = ReadonlyArray<EdnData>;

/** A query with the values that were put into it. */
export class TaggedQuery {
  /** The query with variables in the place of values. */
  readonly form: EdnData;
  /** How many inputs come before the values. */
  readonly inputCount: number;
  readonly values: ReadonlyArray<EdnData>;
  /** What stands in the place of `:limit` and `:offset`. */
  readonly counts: ReadonlyMap<EdnData, EdnData>;

  constructor({ form, inputCount, literals, counts }: Template, values: Forms) {
    this.form = form;
    this.inputCount = inputCount;
    this.values = literals.map((literal) => given(filled(literal, values)));
    this.counts = new Map(Array.from(counts, ([name, count]) => [name, filled(count, values)]));
  }

  /** The query with its values as constants, for those who are told nothing but data. */
  get data(): EdnData {
    const form = new Map(this.form as EdnMap);
    const inputs = itemsOf(form.get(IN) ?? []).slice(0, this.inputCount);
    const whole = withConstants(form, this.values) as EdnMap;
    return new Map([...whole, [IN, inputs]]);
  }
}

const IN = kw('in');

/** Without the names of values that `not-join` and `or-join` have to see. */
function withConstants(form: EdnData, values: Forms): EdnData {
  const fill = (child: EdnData): EdnData => withConstants(child, values);
  if (isGiven(form)) return values[Number(form.name.slice(GIVEN.length))] ?? null;
  if (form instanceof Map)
    return new Map(Array.from(form as EdnMap, ([key, value]) => [key, fill(value)]));
  if (form instanceof EdnList) {
    const place = form.items.findIndex((item) => JOINS.has(String(item)));
    return new EdnList(
      form.items.map((item, i) =>
        place >= 0 && i === place + 1 ? itemsOf(item).filter((name) => !isGiven(name)) : fill(item),
      ),
    );
  }
  return Array.isArray(form) ? (form as Forms).map(fill) : form;
}

const JOINS: ReadonlySet<string> = new Set(['not-join', 'or-join']);

function isGiven(form: EdnData): form is Sym {
  return form instanceof Sym && form.name.startsWith(GIVEN);
}

/** An input that is nil leaves a variable open; a value that is missing must not find everything. */
function given(value: EdnData): EdnData {
  if (value !== null) return value;
  throw queryError('query/inputs', 'Expected a value in the query, got null or undefined');
}

/**
 * A query in EDN with values of JavaScript in it: `` query`[:find ?n :where [?c :country/code ${code}] [?c :country/name ?n]]` ``.
 *
 * A value may stand wherever a constant may, also within a lookup ref `[:country/code ${code}]`, as an argument of a function or rule, as
 * a pull pattern, and as `:limit` or `:offset`. It is taken as it is: a text that looks like a keyword or a variable is a text.
 *
 * @throws BAD_EDN, BAD_QUERY (`parser/query`) where a value stands within a text, or where there can be no constant
 */
export function query(
  strings: TemplateStringsArray,
  ...values: ReadonlyArray<EdnData>
): TaggedQuery {
  let template = templates.get(strings);
  if (template === undefined) templates.set(strings, (template = readTemplate(strings)));
  return new TaggedQuery(template, values);
}

interface Template {
  readonly form: EdnData;
  readonly inputCount: number;
  /** Data with places for values, one for each variable that was put in. */
  readonly literals: Forms;
  readonly counts: ReadonlyMap<EdnData, EdnData>;
}

const templates = new WeakMap<TemplateStringsArray, Template>();

const PLACE = 'datahike-gateway/value-';

/** The number of the value that a symbol keeps the place of. */
function placeOf(form: EdnData): number | undefined {
  const isPlace = form instanceof Sym && form.name.startsWith(PLACE);
  return isPlace ? Number(form.name.slice(PLACE.length)) : undefined;
}

function readTemplate(strings: TemplateStringsArray): Template {
  const text = strings.reduce((before, part, i) => `${before} ${PLACE}${i - 1} ${part}`);
  const literals: EdnData[] = [];
  const form = new Map<EdnData, EdnData>();
  const counts = new Map<EdnData, EdnData>();
  let inputs: Forms = [sym('$')];
  for (const [name, section] of sectionsOf(text)) {
    const key = kw(name);
    if (name === ':in') inputs = itemsOf(section);
    else if (name === ':where') form.set(key, withVariables(section, literals, clause));
    else if (name === ':find') form.set(key, withVariables(section, literals, found));
    else (hasPlace(section) && COUNTS.includes(name) ? counts : form).set(key, section);
  }
  form.set(IN, [...inputs, ...literals.map((_, i) => sym(`${GIVEN}${i}`))]);
  const used = placesIn([...literals, ...counts.values()]);
  if (used.size < strings.length - 1)
    throw queryError(
      'parser/query',
      'Expected each value in the place of a constant, and not within a text',
      text,
    );
  return { form, inputCount: inputs.length, literals, counts };
}

const COUNTS = [':limit', ':offset'];

type Walk = (form: EdnData, literals: EdnData[]) => EdnData;

function withVariables(section: EdnData, literals: EdnData[], walk: Walk): EdnData {
  return itemsOf(section).map((form) => walk(form, literals));
}

function clause(form: EdnData, literals: EdnData[]): EdnData {
  if (form instanceof EdnList) return listClause(form, literals);
  if (!Array.isArray(form)) return form;
  const [head, ...rest] = form as Forms;
  if (!(head instanceof EdnList)) return (form as Forms).map((item) => literal(item, literals));
  return [new EdnList(head.items.map((item) => literal(item, literals))), ...rest];
}

/** What is seen within `not-join` and `or-join` has to be named by them. */
function listClause({ items }: EdnList, literals: EdnData[]): EdnData {
  const place = items[0] instanceof Sym && items[0].name.startsWith('$') ? 1 : 0;
  const name = String(items[place]);
  const isJoin = name === 'not-join' || name === 'or-join';
  if (!isJoin && !['not', 'or', 'and'].includes(name))
    return new EdnList(items.map((item) => literal(item, literals)));
  const before = literals.length;
  const start = place + (isJoin ? 2 : 1);
  const inside = items.slice(start).map((item) => clause(item, literals));
  const added = literals.slice(before).map((_, i) => sym(`${GIVEN}${before + i}`));
  const names = items.slice(place, start);
  const [head = null, join = null] = names;
  return new EdnList([
    ...items.slice(0, place),
    ...(isJoin ? [head, [...itemsOf(join), ...added]] : names),
    ...inside,
  ]);
}

/** An element of `:find`: a pull pattern that has values in it is an input as a whole. */
function found(form: EdnData, literals: EdnData[]): EdnData {
  if (form instanceof EdnList)
    return new EdnList(form.items.map((item) => literal(item, literals)));
  return Array.isArray(form) ? (form as Forms).map((item) => found(item, literals)) : form;
}

/** Data with values in it gives way to a variable. */
function literal(form: EdnData, literals: EdnData[]): EdnData {
  if (!hasPlace(form)) return form;
  const isQuote = form instanceof EdnList && String(form.items[0]) === 'quote';
  literals.push(isQuote ? (form.items[1] ?? null) : form);
  return sym(`${GIVEN}${literals.length - 1}`);
}

function hasPlace(form: EdnData): boolean {
  return placesIn(form).size > 0;
}

function placesIn(form: EdnData): Set<number> {
  const place = placeOf(form);
  if (place !== undefined) return new Set([place]);
  return new Set(childrenOf(form).flatMap((child) => [...placesIn(child)]));
}

function childrenOf(form: EdnData): Forms {
  if (form instanceof Map) return [...(form as EdnMap)].flat();
  if (form instanceof Set) return [...(form as ReadonlySet<EdnData>)];
  return form instanceof EdnList || Array.isArray(form) ? itemsOf(form) : [];
}

function filled(form: EdnData, values: Forms): EdnData {
  const place = placeOf(form);
  if (place !== undefined) return values[place] ?? null;
  const fill = (child: EdnData): EdnData => filled(child, values);
  if (form instanceof Map)
    return new Map(Array.from(form as EdnMap, ([key, value]) => [fill(key), fill(value)]));
  if (form instanceof Set) return new Set(Array.from(form as ReadonlySet<EdnData>, fill));
  if (form instanceof EdnList) return new EdnList(form.items.map(fill));
  return Array.isArray(form) ? (form as Forms).map(fill) : form;
}

function itemsOf(form: EdnData): Forms {
  if (form instanceof EdnList) return form.items;
  return Array.isArray(form) ? (form as Forms) : [];
}

/**
 * A query to AST. Text, vector and map are the same query; `:limit`, `:offset` and `:order-by` count only in the map form, as in
 * Datahike (`sections.ts`).
 */
import { Keyword, Sym } from '../../../schema/keyword.ts';
import { readEdn } from '../../../schema/edn-read.ts';
import { EdnList } from '../../../schema/value.ts';
import type { EdnData } from '../../../schema/value.ts';
import { parsePull } from '../../pull/parse.ts';
import type { FindElement, FindSpec, Input, OrderKey, Page, Query, Variable } from './ast.ts';
import { boundBy, variablesOf } from './ast.ts';
import { didYouMean } from '../../shared/suggest.ts';
import {
  CLAUSE_NAMES,
  isVariable,
  parseBinding,
  parseClauses,
  parseTerm,
} from './parse-clauses.ts';
import { queryError, shown } from '../query-error.ts';
import type { Sections } from './sections.ts';
import { sectionsOf } from './sections.ts';
import { STANDARD_RULES } from './standard-rules.ts';

type Forms = ReadonlyArray<EdnData>;

/** @throws BAD_QUERY (`parser/…`), BAD_EDN */
export function parseQuery(form: EdnData): Query {
  if (typeof form === 'string') return parseQuery(readEdn(form));
  const sections = sectionsOf(form);
  const plainInputs = plainInputsOf(sections);
  const listWithInputs = (name: string, otherwise?: Forms): Forms =>
    asVariables(listAt(sections, name, form, otherwise), plainInputs) as Forms;
  const find = parseFind(listWithInputs(':find'));
  const query: Query = {
    find,
    with: listAt(sections, ':with', form, []).map((item) => parseVariable(item, 'parser/with')),
    in: sections.has(':in') ? listWithInputs(':in').map(parseInput) : [DEFAULT_INPUT],
    where: parseClauses(listWithInputs(':where', [])),
    keys: parseKeys(sections, find),
    orderBy: parseOrderBy(sections.get(':order-by'), find),
    limit: parseCount(':limit', sections.get(':limit')),
    offset: parseCount(':offset', sections.get(':offset')) ?? 0,
  };
  parseCount(':timeout', sections.get(':timeout'));
  checkVariables(query, form);
  return query;
}

const DEFAULT_INPUT: Input = { kind: 'source', name: '$' };

function listAt(sections: Sections, name: string, form: EdnData, otherwise?: Forms): Forms {
  const value = sections.get(name);
  if (Array.isArray(value)) return value as Forms;
  if (value instanceof EdnList) return value.items;
  if (value === undefined && otherwise !== undefined) return otherwise;
  throw queryError(`parser/${name.slice(1)}`, `Expected ${name} with a vector`, form);
}

function parseFind(forms: Forms): FindSpec {
  const [first, second] = forms;
  if (forms.length === 1 && Array.isArray(first)) {
    const items = first as Forms;
    const isCollection = items.length === 2 && items[1] instanceof Sym && items[1].name === '...';
    return isCollection
      ? { kind: 'collection', elements: [parseElement(items[0] ?? null)] }
      : { kind: 'tuple', elements: items.map(parseElement) };
  }
  if (forms.length === 2 && second instanceof Sym && second.name === '.')
    return { kind: 'scalar', elements: [parseElement(first ?? null)] };
  if (forms.length === 0)
    throw queryError(
      'parser/find',
      'Cannot parse :find, expected: (find-rel | find-coll | find-tuple | find-scalar)',
      forms,
    );
  return { kind: 'relation', elements: forms.map(parseElement) };
}

function parseElement(form: EdnData): FindElement {
  if (isVariable(form)) return { kind: 'variable', name: form.name };
  if (!(form instanceof EdnList) || !(form.items[0] instanceof Sym))
    throw queryError(
      'parser/find',
      'Cannot parse :find, expected: (find-rel | find-coll | find-tuple | find-scalar)',
      form,
    );
  const [head, ...rest] = form.items as readonly [Sym, ...EdnData[]];
  if (head.name === 'pull') return parsePullElement(form, rest);
  const args = head.name === 'aggregate' ? rest.slice(1) : rest;
  const name = head.name === 'aggregate' && rest[0] instanceof Sym ? rest[0].name : head.name;
  return {
    kind: 'aggregate',
    function: name,
    arguments: args.slice(0, -1).map(parseTerm),
    name: parseVariable(args.at(-1) ?? null, 'parser/find'),
  };
}

function parsePullElement(form: EdnList, rest: Forms): FindElement {
  const [first] = rest;
  const isNamed = first instanceof Sym && first.name.startsWith('$');
  const [variable, pattern] = isNamed ? rest.slice(1) : rest;
  if (pattern === undefined)
    throw queryError(
      'parser/find',
      'Cannot parse pull expression, expected (pull ?e pattern)',
      form,
    );
  return {
    kind: 'pull',
    source: isNamed ? first.name : '$',
    name: parseVariable(variable ?? null, 'parser/find'),
    pattern: pattern instanceof Sym && pattern.name !== '*' ? pattern.name : parsePull(pattern),
  };
}

function parseVariable(form: EdnData, kind: string): Variable {
  if (isVariable(form)) return form.name;
  throw queryError(kind, 'Expected a variable such as ?e', form);
}

function parseInput(form: EdnData): Input {
  if (form instanceof Sym && form.name === '%') return { kind: 'rules' };
  return form instanceof Sym && form.name.startsWith('$')
    ? { kind: 'source', name: form.name }
    : { kind: 'binding', binding: parseBinding(form) };
}

/** Inputs without a question mark, `:in $ limit`: variables all the same, wherever the query names them. */
function plainInputsOf(sections: Sections): ReadonlySet<EdnData> {
  const inputs = sections.get(':in');
  const isPlain = (form: EdnData): boolean => form instanceof Sym && /^[^?$%_]/.test(form.name);
  return new Set(Array.isArray(inputs) ? (inputs as Forms).filter(isPlain) : []);
}

function asVariables(form: EdnData, plainInputs: ReadonlySet<EdnData>): EdnData {
  if (plainInputs.size === 0) return form;
  if (plainInputs.has(form)) return Sym.intern(`?<${String(form)}>`);
  const inside = (items: Forms): Forms => items.map((item) => asVariables(item, plainInputs));
  if (form instanceof EdnList) return new EdnList(inside(form.items));
  return Array.isArray(form) ? inside(form as Forms) : form;
}

const KEY_SECTIONS: ReadonlyArray<readonly [section: string, toKey: (name: string) => EdnData]> = [
  [':keys', (name) => Keyword.intern(name)],
  [':strs', (name) => name],
  [':syms', (name) => Sym.intern(name)],
];

function parseKeys(sections: Sections, find: FindSpec): ReadonlyArray<EdnData> | undefined {
  const given = KEY_SECTIONS.filter(([section]) => sections.has(section));
  if (given.length > 1)
    throw queryError(
      'parser/return-maps',
      'Only one of these three options is allowed: :keys :strs :syms',
    );
  const [section, toKey] = given[0] ?? [];
  if (section === undefined || toKey === undefined) return undefined;
  if (find.kind === 'scalar' || find.kind === 'collection')
    throw queryError(
      'parser/return-maps',
      `Expected rows or one row in :find for ${section}, got a ${find.kind}`,
    );
  const keys = listAt(sections, section, null).map((name) => toKey(String(name)));
  if (keys.length !== find.elements.length)
    throw queryError(
      'parser/query',
      'Count of :keys/:strs/:syms must match count of :find',
      keys,
      '',
      `: expected ${find.elements.length} names for ${section}, got ${keys.length}`,
    );
  return keys;
}

/** `:limit` and `:offset` where they are given apart from a query: what is not given is as in that. `columns` are only given so. */
export function parsePage(
  { limit, offset }: Page,
  givenLimit: EdnData | undefined,
  givenOffset: EdnData | undefined,
  columns?: number,
): Page {
  return {
    columns,
    limit: givenLimit === undefined ? limit : parseCount(':limit', givenLimit),
    offset: givenOffset === undefined ? offset : (parseCount(':offset', givenOffset) ?? 0),
  };
}

function parseCount(name: string, value: EdnData | undefined): number | undefined {
  if (value === null || value === undefined) return undefined;
  if (!Number.isInteger(value))
    throw queryError(`parser/${name.slice(1)}`, `Expected an integer as ${name}`, value);
  return Number(value) < 0 ? undefined : Number(value);
}

function parseOrderBy(form: EdnData | undefined, find: FindSpec): OrderKey[] {
  if (form === undefined || form === null || find.kind !== 'relation') return [];
  const keys: OrderKey[] = [];
  for (const item of Array.isArray(form) ? (form as Forms) : [form]) {
    if (item instanceof Keyword && (item.name === 'asc' || item.name === 'desc')) {
      const last = keys.pop();
      if (last === undefined) throw orderError(':order-by cannot start with direction', form);
      keys.push({ index: last.index, isDescending: item.name === 'desc' });
    } else keys.push({ index: orderIndex(item, form, find), isDescending: false });
  }
  return keys;
}

function orderIndex(item: EdnData, form: EdnData, { elements }: FindSpec): number {
  if (isVariable(item)) {
    const index = elements.findIndex(({ name }) => name === item.name);
    if (index >= 0) return index;
    const names = elements.map(({ name }) => name).join(' ');
    throw orderError(`:order-by variable ${item.name} not found in :find [${names}]`, form);
  }
  if (!Number.isInteger(item) || Number(item) < 0)
    throw orderError(
      item === form
        ? `Invalid :order-by format: ${shown(form)}`
        : `Invalid :order-by element: ${shown(item)}`,
      form,
    );
  const index = Number(item);
  if (index < elements.length) return index;
  throw orderError(
    `:order-by column index ${index} out of bounds, :find has ${elements.length} elements`,
    form,
  );
}

function orderError(message: string, form: EdnData): Error {
  return queryError(
    'parser/order-by',
    message,
    form,
    '; expected variables of :find or places in it, each with :asc or :desc or without',
  );
}

/** What is asked for has to be bound somewhere. */
function checkVariables(query: Query, form: EdnData): void {
  const known = new Set<Variable>(query.where.flatMap((clause) => [...variablesOf(clause)]));
  const found = query.find.elements.map(({ name }) => name);
  const given = query.in.flatMap((input) => {
    if (input.kind === 'binding') return boundBy(input.binding);
    return [input.kind === 'rules' ? '%' : input.name];
  });
  for (const name of given) known.add(name);
  const inputs = new Set(given);
  refuseName(twice(given), 'Vars used in :in should be distinct', form);
  refuseName(twice(query.with), 'Vars used in :with should be distinct', form);
  const inBoth = query.with.find((name) => found.includes(name));
  refuseName(inBoth, `:find and :with should not use same variables: [${inBoth}]`, form);
  const unknown = [...found, ...query.with].find((name) => !known.has(name));
  if (unknown !== undefined)
    throw queryError(
      'parser/query',
      `Query for unknown vars: [${unknown}]`,
      form,
      didYouMean(unknown, known),
    );
  for (const clause of query.where) {
    const isUnknown = clause.kind === 'pattern' && !inputs.has(clause.source);
    if (isUnknown)
      throw queryError(
        'parser/query',
        `Where uses unknown source vars: [${clause.source}]`,
        clause.form,
        didYouMean(
          clause.source,
          given.filter((name) => name.startsWith('$')),
        ),
        ', expected one of :in, in',
      );
    if (clause.kind === 'rule' && !inputs.has('%') && !STANDARD_RULES.has(clause.name))
      throw queryError(
        'parser/query',
        "Missing rules var '%' in :in",
        clause.form,
        didYouMean(clause.name, [...CLAUSE_NAMES, ...STANDARD_RULES.keys()]),
        `, for the rule '${clause.name}' of`,
      );
  }
}

function twice(names: ReadonlyArray<Variable>): Variable | undefined {
  return names.find((name, i) => names.indexOf(name) < i);
}

function refuseName(name: Variable | undefined, message: string, form: EdnData): void {
  if (name !== undefined)
    throw queryError('parser/query', message, form, '', `, got ${name} again, in`);
}

/** Whether the engine answers a query as the model does, or refuses it in the same way. */
import { expect } from 'vitest';
import type { Db, EdnData, QueryInput } from '../../engine/index.ts';
import { DatabaseError, kw, printEdn, q, sym } from '../../engine/index.ts';
import type { EdnMap } from '../../schema/value.ts';
import type { ModelInput, ModelQuery } from '../model/query-find.ts';
import { compareRows, keyed, queryModel } from '../model/query-find.ts';
import type { Row } from '../model/query-world.ts';
import { TooMuch, isVariable } from '../model/query-world.ts';
import { Refusal } from '../model/refusal.ts';

/** Nested loops that do more take too long. */
const MOST_STEPS = 2_000_000;

export function formOf(query: ModelQuery): EdnMap {
  const { shape, find, keys, orderBy, limit, offset } = query;
  const elements: Record<ModelQuery['shape'], EdnData> = {
    relation: find,
    collection: [[...find, sym('...')]],
    tuple: [find],
    scalar: [...find, sym('.')],
  };
  const form = new Map<EdnData, EdnData>([[kw('find'), elements[shape]]]);
  if (query.with.length > 0) form.set(kw('with'), query.with);
  form.set(kw('in'), query.in).set(kw('where'), query.where);
  if (keys !== undefined) form.set(kw(keys.section), keys.names);
  if (orderBy !== undefined)
    form.set(
      kw('order-by'),
      orderBy.flatMap(([place, isDescending]): EdnData[] => {
        const element = find[place]!;
        const direction = kw(isDescending ? 'desc' : 'asc');
        return [isVariable(element) ? element : place, direction];
      }),
    );
  if (limit !== undefined) form.set(kw('limit'), limit);
  if (offset !== undefined) form.set(kw('offset'), offset);
  return form;
}

type Outcome<T> = { readonly rows: T } | { readonly refused: string };

/** What the model says; undefined where nested loops take too long. */
export function expectedOf(
  query: ModelQuery,
  inputs: ReadonlyArray<ModelInput>,
): Outcome<Row[]> | undefined {
  try {
    return { rows: queryModel(query, inputs, MOST_STEPS) };
  } catch (error) {
    if (error instanceof TooMuch) return undefined;
    if (error instanceof Refusal) return { refused: error.kind };
    throw error;
  }
}

export async function answerOf(
  form: EdnData,
  inputs: ReadonlyArray<QueryInput>,
): Promise<Outcome<EdnData>> {
  try {
    return { rows: await q(form, ...inputs) };
  } catch (error) {
    if (error instanceof DatabaseError) return { refused: error.kind ?? error.code };
    throw error;
  }
}

/** The inputs of the engine in the order of `:in`, with the rules in their place. */
export function withRules(
  { in: forms, rules }: ModelQuery,
  inputs: ReadonlyArray<Db | EdnData>,
): QueryInput[] {
  const rest = [...inputs];
  return forms.map((form) => (form === sym('%') ? rules : (rest.shift() ?? null)));
}

/** What names nothing is refused, or is not come to where there is nothing to look for. */
const MAY_BE_EMPTY = ['entity-id/missing', 'lookup-ref/unique'];

export function expectSame(
  query: ModelQuery,
  inputs: string,
  expected: Outcome<Row[]>,
  actual: Outcome<EdnData>,
): void {
  const asked = `${printEdn(formOf(query))} ${inputs}`;
  if ('refused' in expected) {
    const isEmpty =
      'rows' in actual && (actual.rows === null || (actual.rows as Row[]).length === 0);
    if (isEmpty && MAY_BE_EMPTY.includes(expected.refused)) return;
    expect([asked, 'refused' in actual ? actual : textOf(actual.rows)]).toEqual([asked, expected]);
    return;
  }
  if ('refused' in actual) {
    if (expected.rows.length === 0 && MAY_BE_EMPTY.includes(actual.refused)) return;
    expect([asked, actual]).toEqual([asked, expected.rows.map(textOf)]);
    return;
  }
  expectRows(asked, query, expected.rows, actual.rows);
}

function expectRows(
  asked: string,
  query: ModelQuery,
  rows: ReadonlyArray<Row>,
  got: EdnData,
): void {
  const { shape, limit, offset = 0, orderBy } = query;
  const texts = rows.map((row) => textOf(shapedRow(query, row)));
  if (shape === 'scalar' || shape === 'tuple') {
    // Which of several comes first is not said.
    const isNone = texts.length <= offset || limit === 0;
    expect([asked, isNone ? [textOf(null)] : texts]).toEqual([
      asked,
      expect.arrayContaining([textOf(got)]),
    ]);
    return;
  }
  const found = (got as EdnData[]).map(textOf);
  const isPaged = limit !== undefined || offset > 0;
  const end = limit === undefined ? undefined : offset + limit;
  if (!isPaged) expect([asked, [...found].sort()]).toEqual([asked, [...texts].sort()]);
  const page = texts.slice(offset, end);
  expect([asked, found.length]).toEqual([asked, page.length]);
  expect([asked, texts]).toEqual([asked, expect.arrayContaining(found)]);
  if (orderBy === undefined) return;
  const wanted = rows.slice(offset, end);
  const isInOrder = (got as Row[]).every((row, i) => compareRows(query, row, wanted[i]!) === 0);
  expect([asked, isInOrder ? 'in order' : found]).toEqual([asked, isInOrder ? 'in order' : page]);
}

function shapedRow(query: ModelQuery, row: Row): EdnData {
  return query.shape === 'collection' || query.shape === 'scalar' ? row[0]! : keyed(query, row);
}

/** The members of sets and maps have no order; means differ by how they are added up. */
function textOf(data: EdnData): string {
  if (typeof data === 'number' && !isCounted(data)) return data.toPrecision(9);
  if (Array.isArray(data)) return `[${(data as EdnData[]).map(textOf).join(' ')}]`;
  if (data instanceof Set)
    return `#{${Array.from(data as ReadonlySet<EdnData>, textOf)
      .sort()
      .join(' ')}}`;
  if (!(data instanceof Map)) return printEdn(data);
  const entries = Array.from(data as EdnMap, ([key, value]) => `${textOf(key)} ${textOf(value)}`);
  return `{${entries.sort().join(', ')}}`;
}

/** Whether a number can be no mean: where they are as large as this, they happen to be integers. */
function isCounted(number: number): boolean {
  return Number.isSafeInteger(number) && Math.abs(number) < 2 ** 45;
}

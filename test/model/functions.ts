/** The functions that random data may name, for both sides. */
import type { Db } from '../../engine/index.ts';
import { datoms, kw, registerFunction } from '../../engine/index.ts';
import type { EdnData, Value } from '../../schema/value.ts';
import type { Fact, ModelDb } from './facts.ts';
import { ModelSchema } from './schema.ts';

/** Predicates of attributes. */
export const PREDICATES: Readonly<Record<string, (v: Value) => boolean>> = {
  'model/short?': (v) => typeof v !== 'string' || v.length < 3,
  'model/not-b?': (v) => v !== 'b',
};

const N = kw('x/n');

/** Predicates of entities: asked with all that the entity says. */
export const ENTITY_PREDICATES: Readonly<
  Record<string, (values: ReadonlyArray<Value>) => boolean>
> = {
  'model/small?': (values) => values.length < 4,
};

/** Transaction functions: the number that `:x/n` of an entity has, to transaction data. */
export const TX_FUNCTIONS: Readonly<Record<string, (e: EdnData, n: number) => EdnData[]>> = {
  'model/count-up': (e, n) => [[kw('db/add'), e, N, n + 1]],
  'model/begin-anew': (e, n) => [
    [kw('db/retractEntity'), e],
    new Map<EdnData, EdnData>([
      [kw('db/id'), e],
      [kw('x/tags'), n > 1 ? ['a', 'many'] : ['a']],
    ]),
  ],
};

export const TRANSFORMS: Readonly<Record<string, (value: unknown) => unknown>> = {
  'model/wrap': (value) => [value],
};

/** What the transaction functions and predicates of entities are told by the model. */
export function factsOf({ held }: ModelDb, e: EdnData): ReadonlyArray<Fact> {
  return held.filter((fact) => fact.e === e);
}

export function numberOf(db: ModelDb, e: EdnData): number {
  const a = new ModelSchema(db).nameOf(N);
  const n = factsOf(db, e).find((fact) => fact.a === a)?.v;
  return typeof n === 'number' ? n : 0;
}

export function registerFunctions(): void {
  for (const [name, fn] of Object.entries({ ...PREDICATES, ...TRANSFORMS }))
    registerFunction(name, fn as (...args: never[]) => unknown);
  for (const [name, fn] of Object.entries(ENTITY_PREDICATES))
    registerFunction(name, async (db: Db, e: number) => fn(await valuesOf(db, e)));
  for (const [name, fn] of Object.entries(TX_FUNCTIONS))
    registerFunction(name, async (db: Db, e: number) => {
      const [n] = db.schema.attributeNamed(N) === undefined ? [] : await valuesOf(db, e, N);
      return fn(e, typeof n === 'number' ? n : 0);
    });
}

async function valuesOf(db: Db, ...components: EdnData[]): Promise<Value[]> {
  const values: Value[] = [];
  for await (const { v } of datoms(db, 'eavt', ...components)) values.push(v);
  return values;
}

/** What the clauses of a query share in the model, and small questions about forms. */
import { Sym } from '../../schema/keyword.ts';
import { EdnList } from '../../schema/value.ts';
import type { EdnData } from '../../schema/value.ts';
import type { Fact, ModelDb } from './facts.ts';
import { fail } from './refusal.ts';
import type { ModelSchema } from './schema.ts';

/** `[e a v tx added]`, or any tuple. */
export type Row = ReadonlyArray<EdnData>;
export type Forms = ReadonlyArray<EdnData>;
/** Values by the names of variables. */
export type Env = ReadonlyMap<string, EdnData>;

export interface Bindings {
  readonly bound: ReadonlySet<string>;
  readonly envs: ReadonlyArray<Env>;
}

/** What a query looks into: a database as the list of its facts, or tuples. */
export type ModelSource = ModelDatabase | { readonly tuples: ReadonlyArray<Row> };

export interface ModelDatabase {
  readonly db: ModelDb;
  readonly schema: ModelSchema;
  readonly facts: ReadonlyArray<Fact>;
  readonly rows: ReadonlyArray<Row>;
}

/** What a rule was asked, and what it answered so far. */
export interface Table {
  readonly name: string;
  readonly source: string;
  /** The arguments that were bound. */
  readonly given: ReadonlyArray<EdnData | undefined>;
  readonly answers: Map<unknown, Row>;
}

export interface World {
  readonly sources: ReadonlyMap<string, ModelSource>;
  /** The source of patterns that name none. */
  readonly implicit: string;
  readonly rules: ReadonlyArray<Forms>;
  /** The places of the arguments that a rule has to be told. */
  readonly needs: ReadonlyMap<string, ReadonlyArray<number>>;
  /** Variables that are single inputs. */
  readonly scalars: ReadonlySet<string>;
  /** What rules were asked, and answered so far. */
  readonly tables: Map<unknown, Table>;
  /** How much more nested loops may do before it is too much. */
  readonly budget: { steps: number };
}

/** A query that nested loops take too long for. */
export class TooMuch extends Error {}

/** Counts what nested loops do: rows looked at and bindings made. */
export function spend({ budget }: World, steps: number): void {
  budget.steps -= steps;
  if (budget.steps < 0) throw new TooMuch();
}

export function sourceNamed({ sources }: World, name: string): ModelSource {
  return sources.get(name) ?? fail('parser/query');
}

export function isVariable(
  form: EdnData | undefined,
): form is Sym & { readonly name: `?${string}` } {
  return form instanceof Sym && form.name.startsWith('?');
}

export function symbolName(form: EdnData | undefined): string | undefined {
  return form instanceof Sym ? form.name : undefined;
}

/** Every variable in a form, each once. */
export function variablesIn(form: EdnData): string[] {
  if (isVariable(form)) return [form.name];
  const items = form instanceof EdnList ? form.items : Array.isArray(form) ? (form as Forms) : [];
  // What the join variables of an inner clause do not name is not seen outside of it.
  const names = items.map(symbolName);
  const join = names.findIndex((name) => name === 'not-join' || name === 'or-join');
  const shown = form instanceof EdnList && join >= 0 ? items.slice(0, join + 2) : items;
  const isQuoted = form instanceof EdnList && symbolName(items[0]) === 'quote';
  return isQuoted ? [] : [...new Set(shown.flatMap(variablesIn))];
}

export function only(env: Env, names: ReadonlyArray<string>): Env {
  return new Map([...env].filter(([name]) => names.includes(name)));
}

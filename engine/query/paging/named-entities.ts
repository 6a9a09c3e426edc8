/**
 * Entities that a query names by a unique value, `[?genre :genre/number 7] [?track :track/genre ?genre]`: they are looked up before anything else, so that an
 * index of what refers to them can give the page.
 */
import type { EdnData, Value } from '../../../schema/value.ts';
import { entityWith } from '../../db/lookup.ts';
import type { Schema } from '../../db/schema.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { Context } from '../context.ts';
import { termIn } from '../context.ts';
import type { PatternClause, Query, Variable } from '../language/ast.ts';

/** A query in which some entities are inputs, and the patterns that named them. */
interface Reduced {
  readonly query: Query;
  readonly names: ReadonlyArray<{
    readonly variable: Variable;
    readonly number: number;
    readonly clause: PatternClause;
  }>;
}

/** What to ask instead; undefined where no entity is named, or nobody has the value. */
export function* withNamedEntities(
  context: Context,
  query: Query,
): Suspended<{ readonly context: Context; readonly query: Query } | undefined> {
  const source = context.sources.get('$');
  if (source?.kind !== 'database') return undefined;
  const { db } = source;
  const reduced = reducedFor(query, db.schema);
  if (reduced === null || db.window?.history === true) return undefined;
  const constants = new Map<Variable, EdnData>(context.constants);
  for (const { variable, number, clause } of reduced.names) {
    const term = clause.terms[2];
    const value = term === undefined ? undefined : termIn(context, term);
    if (value?.kind !== 'constant' || value.value === null) return undefined;
    const entity = yield* entityWith(db, number, value.value as Value);
    if (entity === undefined) return undefined;
    constants.set(variable, entity);
  }
  return { context: { ...context, constants }, query: reduced.query };
}

const reducedByQuery = new WeakMap<Query, WeakMap<Schema, Reduced | null>>();

function reducedFor(query: Query, schema: Schema): Reduced | null {
  let known = reducedByQuery.get(query);
  if (known === undefined) reducedByQuery.set(query, (known = new WeakMap()));
  let reduced = known.get(schema);
  if (reduced === undefined) known.set(schema, (reduced = reduce(query, schema)));
  return reduced;
}

function reduce(query: Query, schema: Schema): Reduced | null {
  const inputs = new Set<Variable>();
  for (const input of query.in)
    if (input.kind === 'binding' && input.binding.kind === 'scalar') inputs.add(input.binding.name);
  const shown = new Set([...query.with, ...query.find.elements.map(({ name }) => name)]);
  const names: Array<Reduced['names'][number]> = [];
  for (const clause of query.where) {
    if (clause.kind !== 'pattern' || clause.source !== '$' || clause.terms.length !== 3) continue;
    const [e, a, v] = clause.terms;
    const isGiven = v?.kind === 'constant' || (v?.kind === 'variable' && inputs.has(v.name));
    if (e?.kind !== 'variable' || !isGiven || a?.kind !== 'constant') continue;
    const isNew = !inputs.has(e.name) && !shown.has(e.name);
    const number = schema.numberFor(a.value);
    const attribute = number === undefined ? undefined : schema.attribute(number);
    const isUnique = attribute?.unique !== undefined && attribute.valueType !== 'ref';
    if (!isNew || number === undefined || !isUnique) continue;
    if (names.every(({ variable }) => variable !== e.name))
      names.push({ variable: e.name, number, clause });
  }
  const where = query.where.filter((clause) => names.every((name) => name.clause !== clause));
  if (names.length === 0 || where.length === 0) return null;
  const given = names.map(({ variable: name }) => ({
    kind: 'binding' as const,
    binding: { kind: 'scalar' as const, name },
  }));
  return { query: { ...query, in: [...query.in, ...given], where }, names };
}

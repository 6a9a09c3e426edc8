/** What the fields at the root of the API mean: the one list from which the schema is printed and operations are planned. */
import type { EntityType, Model } from '../../../schema/model/model.ts';
import { setNames } from '../../../schema/model/naming.ts';
import type { WriteKind } from '../writable.ts';
import { isAllowed, WRITES } from '../writable.ts';

export type DatabaseField =
  | { readonly kind: 'node' }
  | { readonly kind: 'transactions' }
  | { readonly kind: 'lookup' | 'connection' | 'groups' | 'diff'; readonly type: EntityType };

/** Of a subgraph: its document, and entities by their keys. */
export type SubgraphField = { readonly kind: 'service' } | { readonly kind: 'representations' };

export type QueryField = DatabaseField | SubgraphField;

export type MutationField = { readonly kind: 'transact' } | WriteField;

export interface WriteField {
  readonly kind: WriteKind;
  readonly type: EntityType;
}

export interface ChangedField {
  readonly kind: 'changed';
  readonly type: EntityType;
}

export type RootField = QueryField | MutationField | ChangedField;

/** By the names of the fields, in the order in which they are printed. */
export function queryFields(model: Model): ReadonlyMap<string, DatabaseField> {
  const fields = new Map<string, DatabaseField>([['node', { kind: 'node' }]]);
  const types = Array.from(model.types.values());
  if (types.some(showsPast)) fields.set('txConnection', { kind: 'transactions' });
  for (const type of types) {
    fields.set(type.names.lookup, { kind: 'lookup', type });
    fields.set(type.names.connection, { kind: 'connection', type });
    fields.set(type.names.groups, { kind: 'groups', type });
    if (showsPast(type)) fields.set(type.names.diff, { kind: 'diff', type });
  }
  return fields;
}

function showsPast({ access }: EntityType): boolean {
  return access?.history !== false;
}

/** Those that a schema has besides as a subgraph of a federation. */
export const SUBGRAPH_FIELDS: ReadonlyMap<string, SubgraphField> = new Map([
  ['_service', { kind: 'service' }],
  ['_entities', { kind: 'representations' }],
]);

/** At the root of a set of databases. */
export type SetField =
  | { readonly kind: 'databases' }
  | { readonly kind: 'rows' | 'aggregate'; readonly type: EntityType };

/** As {@link queryFields}, of a set of databases. */
export function setFields(model: Model): ReadonlyMap<string, SetField> {
  const fields = new Map<string, SetField>([['databases', { kind: 'databases' }]]);
  for (const type of model.types.values()) {
    const { rows, aggregate } = setNames(type.name);
    fields.set(rows, { kind: 'rows', type });
    fields.set(aggregate, { kind: 'aggregate', type });
  }
  return fields;
}

/** As {@link queryFields}: each of those can be watched, and the entities of each type. */
export function subscriptionFields(
  model: Model,
): ReadonlyMap<string, DatabaseField | ChangedField> {
  const fields = new Map<string, DatabaseField | ChangedField>(queryFields(model));
  for (const type of model.types.values())
    fields.set(type.names.changed, { kind: 'changed', type });
  return fields;
}

/** As {@link queryFields}. */
export function mutationFields(model: Model): ReadonlyMap<string, MutationField> {
  const fields = new Map<string, MutationField>();
  for (const type of model.types.values())
    for (const kind of WRITES)
      if (isAllowed(type, kind)) fields.set(type.names[kind], { kind, type });
  if (fields.size > 0) fields.set('transact', { kind: 'transact' });
  return fields;
}

const MUTATIONS: ReadonlySet<RootField['kind']> = new Set<MutationField['kind']>([
  'transact',
  ...WRITES,
]);

export function isMutationField(field: RootField): field is MutationField {
  return MUTATIONS.has(field.kind);
}

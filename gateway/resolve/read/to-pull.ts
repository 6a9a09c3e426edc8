/**
 * Selections to one pull pattern: exactly the attributes that are asked for, as deep as refs lead without a filter, order or page of
 * their own. Several selections of the same entities (aliases, `nodes` beside `edges`) share the pull.
 */
import { kw, sym } from '../../../schema/keyword.ts';
import type { Keyword } from '../../../schema/keyword.ts';
import type { EdnData } from '../../../schema/value.ts';
import { DEFAULT_REFS } from '../../generate/page-sizes.ts';
import { parsePage } from '../query/page.ts';
import type { EntitySelection, FieldSelection, LinkField, ListSelection } from '../selection.ts';

/** `:db/id` is in every pull: queries that follow start from it. */
export const DB_ID = kw('db/id');

export function toPull(selections: ReadonlyArray<EntitySelection>): EdnData {
  const tree = emptyTree();
  for (const selection of selections) addSelection(tree, selection);
  return pattern(tree);
}

/** The key under which a pull answers a ref: `:city/country`, or `:city/_country` from the other end. */
export function pullKey(field: LinkField): Keyword {
  const { ident } = field.attribute;
  if (field.kind === 'ref') return ident;
  return kw(ident.namespace === '' ? `_${ident.name}` : `${ident.namespace}/_${ident.name}`);
}

/** Whether a pull alone answers the list: it is in order of entities, from its start. */
export function isPullable(selection: ListSelection): boolean {
  const { where, orderBy } = selection.list;
  return (
    (where === undefined || where === null || Object.keys(where).length === 0) &&
    (orderBy === undefined || orderBy === null || orderBy.length === 0)
  );
}

/** The first and the last place of a pullable list. */
export function pullRange(selection: ListSelection): {
  readonly from: number;
  readonly to: number;
} {
  const page = parsePage(selection.list, DEFAULT_REFS);
  return { from: page.offset, to: page.offset + page.size };
}

interface PullTree {
  /** Every attribute: the type of the entity is to be found out. */
  wildcard: boolean;
  readonly scalars: Map<Keyword, 'one' | 'many'>;
  readonly refs: Map<Keyword, { readonly tree: PullTree; limit: number | undefined }>;
}

function emptyTree(): PullTree {
  return { wildcard: false, scalars: new Map(), refs: new Map() };
}

function addSelection(tree: PullTree, selection: EntitySelection): void {
  if (selection.kind === 'typed') {
    for (const field of selection.fields) addField(tree, field);
    return;
  }
  tree.wildcard = true;
  for (const fields of [selection.common, ...selection.fieldsByType.values()]) {
    for (const field of fields) addField(tree, field);
  }
}

function addField(tree: PullTree, selected: FieldSelection): void {
  switch (selected.kind) {
    case 'scalar':
      tree.scalars.set(selected.field.attribute.ident, selected.field.many ? 'many' : 'one');
      break;
    case 'one':
      addSelection(refTree(tree, selected.field, undefined), selected.selection);
      break;
    case 'list':
      if (isPullable(selected)) {
        addSelection(refTree(tree, selected.field, pullRange(selected).to), selected.selection);
      }
      break;
    case 'id':
    case 'connection':
      break;
  }
}

function refTree(tree: PullTree, field: LinkField, limit: number | undefined): PullTree {
  const key = pullKey(field);
  const ref = tree.refs.get(key) ?? { tree: emptyTree(), limit };
  if (limit !== undefined) ref.limit = Math.max(limit, ref.limit ?? 0);
  tree.refs.set(key, ref);
  return ref.tree;
}

function pattern(tree: PullTree): EdnData {
  const scalars = Array.from(tree.scalars, ([ident, cardinality]) =>
    cardinality === 'many' ? [ident, kw('limit'), null] : ident,
  );
  const refs = Array.from(tree.refs, ([key, { tree: below, limit }]) => {
    const attribute = limit === undefined ? key : [key, kw('limit'), Math.max(1, limit)];
    return new Map<EdnData, EdnData>([[attribute, pattern(below)]]);
  });
  return [...(tree.wildcard ? [sym('*')] : []), DB_ID, ...scalars, ...refs];
}

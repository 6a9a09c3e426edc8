/**
 * What is read of the entities at one place of an answer, and how it is written: a selection worked out once for many requests. Everything that
 * an entity itself says is one projection; what it refers to has a plan of its own below.
 */
import type { EntityType, Field, Model } from '../../schema/model/model.ts';
import type { ProjectedAttribute } from '../../services/reader/reader.ts';
import type { Needed } from '../extend/extension.ts';
import type {
  ConnectionPart,
  EdgePart,
  EntitySelection,
  FieldSelection,
  Given,
  ListArguments,
  Need,
  PageInfoPart,
} from '../select/selection.ts';
import { DEFAULT_PAGE, DEFAULT_REFS } from '../generate/page-sizes.ts';
import { planAggregate } from './aggregate-plan.ts';
import { jsonKey, jsonWriter, quote } from './json.ts';
import { isOwn } from './kept-fragments.ts';
import { planMadeField } from './objects/made-value.ts';
import { planMeta } from './objects/meta.ts';
import type {
  ConnectionPartPlan,
  ConnectionPlan,
  EdgePartPlan,
  EntityPlan,
  FieldPlan,
  NeedPlan,
  PageInfoPartPlan,
} from './plan.ts';

/** Parts of a connection that show entities. */
const ROWS: ReadonlySet<string> = new Set(['nodes', 'edges', 'pageInfo']);

/** What going through a whole list costs, in entities. */
export const COUNT_COST = 20;

/** `target`: the name of the type whose entities stand there, undefined for any. */
export function planEntities(
  model: Model,
  target: string | undefined,
  selection: EntitySelection,
): EntityPlan {
  const type = target === undefined ? undefined : model.types.get(target);
  const draft = new ProjectionDraft();
  if (selection.kind === 'any' || type === undefined) return planAny(model, draft, selection);
  const fields = planFields(model, draft, type, selection.fields);
  const having = type.attributes.map(({ ident }) => ident);
  const { attributes, idents } = draft;
  return {
    projection: idents ? { attributes, having, idents } : { attributes, having },
    shows: { kind: 'typed', type: type.name, fields },
    isOwn: fields.every(isOwn),
    cost: costOfFields(fields),
  };
}

export function planConnection(
  model: Model,
  target: string | undefined,
  parts: ReadonlyArray<ConnectionPart>,
): ConnectionPlan {
  const nodes: EntityPlan[] = [];
  const node = (selection: EntitySelection): number =>
    nodes.push(planEntities(model, target, selection)) - 1;
  const planned = parts.map((part) => planConnectionPart(part, node));
  const wantsRows = planned.some(({ kind }) => ROWS.has(kind));
  const aggregates = planned.flatMap((part) => (part.kind === 'aggregate' ? [part.aggregate] : []));
  const wantsCount =
    parts.some(({ kind }) => kind === 'totalCount') || aggregates.some((each) => each.wantsCount);
  const wholes = aggregates.reduce((sum, { folds }) => sum + folds.length, wantsCount ? 1 : 0);
  return {
    parts: planned,
    nodes,
    wantsRows,
    wantsPositions: planned.some(showsCursors),
    wantsCount,
    tellsOfMore: parts.some(({ kind }) => kind === 'pageInfo' || kind === 'totalCount'),
    cost: (list, variables) => {
      const each = nodes.reduce((sum, { cost }) => sum + cost(variables), 0);
      const rows = wantsRows ? sizeOf(list, DEFAULT_PAGE) * Math.max(1, each) : 0;
      return rows + wholes * COUNT_COST;
    },
  };
}

function showsCursors(part: ConnectionPartPlan): boolean {
  if (part.kind === 'edges') return part.parts.some(({ kind }) => kind === 'cursor');
  if (part.kind !== 'pageInfo') return false;
  return part.parts.some(
    (fact) => fact.kind === 'fact' && (fact.name === 'startCursor' || fact.name === 'endCursor'),
  );
}

/** Who asks for no number of entities gets the usual one; what is no size is refused when the list is read. */
function sizeOf({ first, last }: ListArguments, usual: number): number {
  const size = first ?? last ?? usual;
  return size > 0 ? size : 1;
}

function costOfFields(fields: ReadonlyArray<FieldPlan>): Given<number> {
  const costs = fields.flatMap((field): Given<number>[] => {
    switch (field.kind) {
      case 'one':
        return [field.below.cost];
      case 'foreign': {
        const size = field.field.key.many ? DEFAULT_REFS : 1;
        return [(variables) => size * field.below.cost(variables)];
      }
      case 'list':
        return [
          (variables) => sizeOf(field.list(variables), DEFAULT_REFS) * field.below.cost(variables),
        ];
      case 'connection':
        return [(variables) => field.connection.cost(field.list(variables), variables)];
      case 'facets':
        return [field.cost];
      case 'object':
      case 'made':
        return [field.object.cost];
      case 'constant':
      case 'id':
      case 'value':
      case 'values':
        return [];
    }
  });
  if (costs.length === 0) return () => 1;
  return (variables) => costs.reduce((sum, cost) => sum + cost(variables), 1);
}

/** The attributes that a plan reads, each once. */
class ProjectionDraft {
  readonly attributes: ProjectedAttribute[] = [];
  /** Whether it has to be known which attributes an entity has. */
  idents = false;

  column(wanted: ProjectedAttribute): number {
    const known = this.attributes.findIndex(
      ({ kind, ident }) => kind === wanted.kind && ident === wanted.ident,
    );
    return known >= 0 ? known : this.attributes.push(wanted) - 1;
  }
}

function planAny(model: Model, draft: ProjectionDraft, selection: EntitySelection): EntityPlan {
  const { fieldsOf, costs } = planTypes(model, draft, selection);
  const ident = model.discriminator;
  const discriminator = ident && draft.column({ kind: 'one', ident });
  return {
    projection: { attributes: draft.attributes, idents: true },
    shows: { kind: 'any', fieldsOf, discriminator },
    isOwn: false,
    cost: (variables) => Math.max(1, ...costs.map((cost) => cost(variables))),
  };
}

interface TypesPlan {
  readonly fieldsOf: (type: EntityType) => ReadonlyArray<FieldPlan>;
  readonly costs: ReadonlyArray<Given<number>>;
}

/** What is shown of entities whose types are found out. */
function planTypes(model: Model, draft: ProjectionDraft, selection: EntitySelection): TypesPlan {
  const common = selection.kind === 'typed' ? selection.fields : selection.common;
  const named = selection.kind === 'typed' ? NO_TYPES : selection.fieldsByType;
  const fieldsByType = new Map<string, ReadonlyArray<FieldPlan>>();
  for (const [name, fields] of named) {
    const type = model.types.get(name);
    if (type !== undefined) fieldsByType.set(name, planFields(model, draft, type, fields));
  }
  const costs = Array.from(fieldsByType.values(), costOfFields);
  // What all types have in common is of no attribute, so that it is planned when such an entity is met.
  const fieldsOf = (type: EntityType): ReadonlyArray<FieldPlan> => {
    const known = fieldsByType.get(type.name);
    if (known !== undefined) return known;
    const fields = planFields(model, draft, type, common);
    fieldsByType.set(type.name, fields);
    return fields;
  };
  return { fieldsOf, costs };
}

const NO_TYPES: ReadonlyMap<string, ReadonlyArray<FieldSelection>> = new Map();

function planFields(
  model: Model,
  draft: ProjectionDraft,
  type: EntityType,
  fields: ReadonlyArray<FieldSelection>,
): ReadonlyArray<FieldPlan> {
  return fields.map((selected): FieldPlan => {
    const prefix = jsonKey(selected.key);
    switch (selected.kind) {
      case 'id':
        return { kind: 'id', prefix };
      case 'typename':
        return { kind: 'constant', prefix, text: quote(type.name) };
      case 'meta': {
        const object = planMeta(selected.parts, (target, selection) =>
          planEntities(model, target, selection),
        );
        return { kind: 'object', prefix, object };
      }
      case 'facets': {
        draft.idents = true;
        const { fieldsOf, costs } = planTypes(model, draft, selected.selection);
        const cost: Given<number> = (variables) =>
          costs.reduce((sum, each) => sum + each(variables), 1);
        return { kind: 'facets', prefix, fieldsOf, cost };
      }
      case 'scalar': {
        const { many, shape, isIdent, attribute } = selected.field;
        const column = draft.column({ kind: many ? 'many' : 'one', ident: attribute.ident });
        const write = jsonWriter(shape);
        return { kind: many ? 'values' : 'value', prefix, column, isIdent, write };
      }
      case 'one': {
        const { field, selection } = selected;
        const { ident } = field.attribute;
        const column = draft.column(
          field.kind === 'reverse' ? { kind: 'reverse', ident, limit: 1 } : { kind: 'one', ident },
        );
        const below = planEntities(model, field.target, selection);
        return { kind: 'one', prefix, place: placeOf(type, field), column, below };
      }
      case 'foreign': {
        const { field, selection, at } = selected;
        const { many, attribute } = field.key;
        const column = draft.column({ kind: many ? 'many' : 'one', ident: attribute.ident });
        const below = planEntities(model, field.target, selection);
        return { kind: 'foreign', prefix, column, field, at, below };
      }
      case 'made': {
        const needs = selected.needs.map((need) => planNeed(draft, need));
        const object = planMadeField<Needed>(selected, (target, selection) =>
          planEntities(model, target, selection),
        );
        return { kind: 'made', prefix, needs, object };
      }
      case 'list': {
        const { field, list, isSized, selection } = selected;
        return {
          kind: 'list',
          prefix,
          place: placeOf(type, field),
          field,
          list,
          isSized,
          below: planEntities(model, field.target, selection),
        };
      }
      case 'connection': {
        const { field, list, parts } = selected;
        const connection = planConnection(model, field.target, parts);
        const place = placeOf(type, field);
        return { kind: 'connection', prefix, place, field, list, connection };
      }
    }
  });
}

function placeOf(type: EntityType, { name }: Field): string {
  return `${type.name}.${name}`;
}

/** As a reference is read, so that code gets the entity that it leads to. */
function planNeed(draft: ProjectionDraft, { name, field }: Need): NeedPlan {
  if (field === undefined) return { name, many: false, column: undefined };
  const { kind, many, attribute } = field;
  const { ident } = attribute;
  const limit = many ? undefined : 1;
  const column = draft.column(
    kind === 'reverse' ? { kind, ident, limit } : { kind: many ? 'many' : 'one', ident },
  );
  return { name, many, column };
}

type NodePlace = (selection: EntitySelection) => number;

function planConnectionPart(part: ConnectionPart, node: NodePlace): ConnectionPartPlan {
  const prefix = jsonKey(part.key);
  switch (part.kind) {
    case 'typename':
      return { kind: 'constant', prefix, text: quote(part.name) };
    case 'totalCount':
      return { kind: 'totalCount', prefix };
    case 'aggregate':
      return { kind: 'aggregate', prefix, aggregate: planAggregate(part.parts) };
    case 'nodes':
      return { kind: 'nodes', prefix, node: node(part.selection) };
    case 'edges':
      return { kind: 'edges', prefix, parts: part.parts.map((each) => planEdgePart(each, node)) };
    case 'pageInfo':
      return { kind: 'pageInfo', prefix, parts: part.parts.map(planPageInfoPart) };
  }
}

function planEdgePart(part: EdgePart, node: NodePlace): EdgePartPlan {
  const prefix = jsonKey(part.key);
  switch (part.kind) {
    case 'typename':
      return { kind: 'constant', prefix, text: quote(part.name) };
    case 'cursor':
      return { kind: 'cursor', prefix };
    case 'node':
      return { kind: 'node', prefix, node: node(part.selection) };
  }
}

function planPageInfoPart(part: PageInfoPart): PageInfoPartPlan {
  const prefix = jsonKey(part.key);
  return part.kind === 'typename'
    ? { kind: 'constant', prefix, text: quote(part.name) }
    : { kind: 'fact', prefix, name: part.name };
}

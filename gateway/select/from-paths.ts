/**
 * What REST shows of entities: a tree of paths as a selection of ours. An entity shows all of its values, and of the entities that it refers to their ids;
 * `include` puts entities in the place of ids, and where `fields` names something of an entity, that alone is shown of it.
 */
import { DatabaseError } from '../../schema/error.ts';
import type { EntityType, ForeignField, Model } from '../../schema/model/model.ts';
import { DEFAULT_REFS } from '../generate/page-sizes.ts';
import { badInput } from '../read/bad-input.ts';
import { suggest } from '../read/suggest.ts';
import type { ComputedField, ComputedFields } from './computed-fields.ts';
import { computedSelection } from './computed-fields.ts';
import type { EntitySelection, FieldSelection, LinkField, ValueSelection } from './selection.ts';

/** Paths of field names with dots between. */
export interface ShownPaths {
  readonly fields: ReadonlyArray<string>;
  readonly include: ReadonlyArray<string>;
}

export const WHOLE: ShownPaths = { fields: [], include: [] };

/** So many paths may be asked for, whatever they lead to. */
const MAX_PATHS = 100;

const MAX_STEPS = 10;

/** @throws BAD_USER_INPUT, COST_LIMIT_EXCEEDED */
export function selectionFromPaths(
  seen: Showable,
  type: EntityType,
  paths: ShownPaths,
): EntitySelection {
  return showType(seen, type, treeOf(paths), '');
}

/** What there is to show. */
export interface Showable {
  readonly model: Model;
  readonly computed: ComputedFields;
}

/** What is shown at one place; all that an entity says where no names are given. */
interface Shown {
  readonly names: Set<string>;
  readonly below: Map<string, Shown>;
}

function treeOf({ fields, include }: ShownPaths): Shown {
  if (fields.length + include.length > MAX_PATHS)
    throw tooMuch(`fields and include name more than ${MAX_PATHS} paths`);
  const root = emptyPlace();
  for (const path of include) placeAt(root, path.split('.'), path);
  for (const path of fields) {
    const steps = path.split('.');
    const name = steps.pop() ?? '';
    placeAt(root, steps, path).names.add(name);
  }
  return root;
}

function placeAt(root: Shown, steps: ReadonlyArray<string>, path: string): Shown {
  if (steps.length > MAX_STEPS) throw tooMuch(`${path} has more than ${MAX_STEPS} steps`);
  let place = root;
  for (const step of steps) {
    const next = place.below.get(step) ?? emptyPlace();
    place.below.set(step, next);
    place = next;
  }
  return place;
}

function emptyPlace(): Shown {
  return { names: new Set(), below: new Map() };
}

function tooMuch(what: string): DatabaseError {
  return new DatabaseError('COST_LIMIT_EXCEEDED', `${what}; ask for less at once`);
}

function showType(
  seen: Showable,
  type: EntityType,
  { names, below }: Shown,
  path: string,
): EntitySelection {
  const own = Array.from(type.fields.values()).filter(({ kind }) => kind !== 'reverse');
  const computed = seen.computed.byType.get(type.name);
  const shown = names.size === 0 ? own.map(({ name }) => name) : names;
  const fields = Array.from(new Set([...shown, ...below.keys()]), (name): FieldSelection | [] => {
    if (name === 'id') return [];
    const at = path + name;
    const deeper = below.get(name);
    const field = type.fields.get(name);
    const foreign = type.foreign.get(name);
    if (foreign?.target !== undefined)
      return foreignSelection(foreign, targetOf(seen, foreign.target, deeper, at));
    const made = field === undefined ? computed?.get(name) : undefined;
    if (made !== undefined && (deeper === undefined || made.isLink))
      return computedSelection(type, made, (target) =>
        deeper === undefined ? ONLY_ID : targetOf(seen, target, deeper, at),
      );
    if (field === undefined || (field.kind === 'scalar' && deeper !== undefined))
      throw unknown(type, computed, at, name, deeper !== undefined);
    if (field.kind === 'scalar') return { kind: 'scalar', key: name, field };
    const isBare = deeper === undefined;
    return linkSelection(field, isBare ? ONLY_ID : targetOf(seen, field.target, deeper, at));
  });
  return { kind: 'typed', fields: [{ kind: 'id', key: 'id' }, ...fields.flat()] };
}

const ONLY_ID: EntitySelection = { kind: 'typed', fields: [{ kind: 'id', key: 'id' }] };

/** How many entities are read for one that shows this, at most: ids that stand for entities cost nothing more. */
export function costOfShown(selection: EntitySelection): number {
  if (selection === ONLY_ID || selection.kind === 'any') return 0;
  return selection.fields.reduce((sum, field) => {
    switch (field.kind) {
      case 'one':
        return sum + costOfShown(field.selection);
      case 'list':
        return sum + DEFAULT_REFS * costOfShown(field.selection);
      case 'foreign':
        return sum + (field.field.key.many ? DEFAULT_REFS : 1) * costOfShown(field.selection);
      case 'made':
        return sum + costOfMade(field.value);
      default:
        return sum;
    }
  }, 1);
}

/** Entities that code names are looked up, whatever is shown of them. */
function costOfMade(value: ValueSelection): number {
  switch (value.kind) {
    case 'leaf':
      return 0;
    case 'nonNull':
      return costOfMade(value.of);
    case 'list':
      return value.size({}) * costOfMade(value.of);
    case 'entity':
      return Math.max(1, costOfShown(value.selection));
    case 'object': {
      const costs = Array.from(value.fieldsByType.values(), (fields) =>
        fields.reduce((sum, field) => sum + costOfMade(field.value), 0),
      );
      return Math.max(0, value.entity === undefined ? 0 : costOfMade(value.entity), ...costs);
    }
  }
}

function targetOf(
  seen: Showable,
  name: string | undefined,
  shown: Shown | undefined,
  path: string,
): EntitySelection {
  const target = name === undefined ? undefined : seen.model.types.get(name);
  if (target === undefined)
    throw badInput(
      path,
      'leads to entities of any type, of which the ids are shown; a reference whose attribute has :gateway/targets can be included',
    );
  return shown === undefined ? ONLY_ID : showType(seen, target, shown, `${path}.`);
}

/** Lists are as long as those of GraphQL are where nothing is said. */
function linkSelection(field: LinkField, selection: EntitySelection): FieldSelection {
  const key = field.name;
  return field.many
    ? { kind: 'list', key, field, list: () => ({}), isSized: false, selection }
    : { kind: 'one', key, field, selection };
}

function foreignSelection(field: ForeignField, selection: EntitySelection): FieldSelection {
  return { kind: 'foreign', key: field.name, field, selection, at: { nodes: [], path: [] } };
}

function unknown(
  type: EntityType,
  computed: ReadonlyMap<string, ComputedField> = new Map(),
  path: string,
  name: string,
  isPassed: boolean,
): DatabaseError {
  const fields = Array.from(type.fields.values()).filter(
    ({ kind }) => !isPassed || kind !== 'scalar',
  );
  const made = Array.from(computed.values()).filter(({ isLink }) => !isPassed || isLink);
  const foreign = Array.from(type.foreign.values()).filter(({ target }) => target !== undefined);
  const known = [...fields, ...foreign, ...made].map((field) => field.name);
  const what = isPassed ? 'reference' : 'field';
  return badInput(path, `names no ${what} of ${type.name}${suggest(name, known)}`);
}

/** What a caller says of groups: by what (`by`), which of them (`having`) and in which order (`orderBy`). */
import { kw } from '../../../schema/keyword.ts';
import type { FoldName } from '../../../schema/model/folds.ts';
import { FOLDS, foldShape } from '../../../schema/model/folds.ts';
import type { EntityType, Field, Model, ScalarField } from '../../../schema/model/model.ts';
import { isGroupable } from '../../../schema/model/shapes.ts';
import type { Period } from '../../../schema/model/periods.ts';
import { PERIODS } from '../../../schema/model/periods.ts';
import type { Where } from '../../select/selection.ts';
import { badInput } from '../bad-input.ts';
import type { GroupPath } from '../query/group-query.ts';
import type { SortStep } from '../query/order.ts';
import { parseSort } from '../query/order.ts';
import { suggest } from '../suggest.ts';

export interface GroupArguments {
  readonly by?: ReadonlyArray<GroupInput> | null;
  readonly where?: Where | null;
  readonly having?: GroupInput | null;
  readonly orderBy?: ReadonlyArray<GroupInput> | null;
  readonly first?: number | null;
  readonly offset?: number | null;
}

type GroupInput = Readonly<Record<string, unknown>>;

/** `name` is the path of the key's fields: `country.name`. */
export interface GroupKey extends GroupPath {
  readonly name: string;
}

/** What is known of a group: how many entities it has, what it is by, or what values in it come to. */
export type GroupFact =
  | { readonly kind: 'count' }
  | { readonly kind: 'key'; readonly name: string }
  | { readonly kind: 'fold'; readonly field: ScalarField; readonly fold: FoldName };

export interface GroupCondition {
  readonly fact: GroupFact;
  readonly operators: Readonly<Record<string, unknown>>;
}

export interface GroupSort {
  readonly fact: GroupFact;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

const MAX_KEYS = 8;

/** @throws BAD_USER_INPUT */
export function parseGroupKeys(
  model: Model,
  type: EntityType,
  by: ReadonlyArray<GroupInput>,
): ReadonlyArray<GroupKey> {
  if (by.length === 0 || by.length > MAX_KEYS)
    throw badInput('by', `must name from 1 to ${MAX_KEYS} fields`);
  const keys = by.map((input, i) => parseKey(model, type, input, [], [], `by[${i}]`));
  const names = new Set(keys.map(({ name }) => name));
  if (names.size < keys.length) throw badInput('by', 'names a field more than once');
  return keys;
}

function parseKey(
  model: Model,
  type: EntityType | undefined,
  input: unknown,
  steps: ReadonlyArray<SortStep>,
  names: ReadonlyArray<string>,
  place: string,
): GroupKey {
  const [name, below] = entryOf(input, place);
  const at = `${place}.${name}`;
  const keyOf = (path: ReadonlyArray<SortStep>, period?: Period): GroupKey => ({
    name: [...names, name].join('.'),
    steps: path,
    isEntity: path === steps,
    period,
  });
  if (name === 'id' && steps.length > 0) {
    requireTrue(below, at);
    return keyOf(steps);
  }
  const field = type?.fields.get(name);
  if (field === undefined || field.kind === 'reverse' || !isGroupableField(field))
    throw badInput(at, `names no field to group by${suggest(name, groupableNames(type))}`);
  const { ident } = field.attribute;
  if (field.kind === 'ref') {
    const { target } = field;
    const step = { kind: 'value', ident, target } as const;
    const targetType = target === undefined ? undefined : model.types.get(target);
    return parseKey(model, targetType, below, [...steps, step], [...names, name], at);
  }
  const path: SortStep[] = [...steps, { kind: 'value', ident, target: undefined }];
  if (field.isIdent) path.push({ kind: 'value', ident: kw('db/ident'), target: undefined });
  if (typeof below !== 'object') {
    requireTrue(below, at);
    return keyOf(path);
  }
  const [unit, isWanted] = entryOf(below, at);
  requireTrue(isWanted, `${at}.${unit}`);
  if (unit === 'value') return keyOf(path);
  const period = PERIODS.find((each) => each === unit);
  if (period === undefined) throw badInput(`${at}.${unit}`, `must be one of ${PERIODS.join(', ')}`);
  return keyOf(path, period);
}

export function isGroupableField(field: Field): boolean {
  return field.kind === 'ref' || (field.kind === 'scalar' && isGroupable(field.shape));
}

function groupableNames(type: EntityType | undefined): ReadonlyArray<string> {
  const fields = Array.from(type?.fields.values() ?? []);
  return fields.filter(isGroupableField).map(({ name }) => name);
}

function requireTrue(value: unknown, place: string): void {
  if (value !== true) throw badInput(place, 'must be true, or be left out');
}

const COUNT = '_count';

/** @throws BAD_USER_INPUT */
export function parseHaving(type: EntityType, having: GroupInput): ReadonlyArray<GroupCondition> {
  return Object.entries(having).flatMap(([name, condition]): ReadonlyArray<GroupCondition> => {
    if (condition === null || condition === undefined) return [];
    const at = `having.${name}`;
    if (name === COUNT) return [{ fact: { kind: 'count' }, operators: objectAt(condition, at) }];
    return Object.entries(objectAt(condition, at)).flatMap(([fold, operators]) =>
      operators === null || operators === undefined
        ? []
        : [
            {
              fact: foldAt(type, name, fold, at),
              operators: objectAt(operators, `${at}.${fold}`),
            },
          ],
    );
  });
}

/** @throws BAD_USER_INPUT */
export function parseGroupOrder(
  type: EntityType,
  keys: ReadonlyArray<GroupKey>,
  orderBy: ReadonlyArray<GroupInput>,
): ReadonlyArray<GroupSort> {
  return orderBy.map((input, i): GroupSort => {
    const [name, below] = entryOf(input, `orderBy[${i}]`);
    const at = `orderBy[${i}].${name}`;
    if (name === COUNT) return { fact: { kind: 'count' }, ...parseSort(below, at) };
    if (name === '_key') {
      const [path, sort] = keyPath(below, at);
      if (!keys.some((key) => key.name === path))
        throw badInput(at, `sorts by ${path}, which is not in by`);
      return { fact: { kind: 'key', name: path }, ...parseSort(sort, at) };
    }
    const [fold, sort] = entryOf(below, at);
    return { fact: foldAt(type, name, fold, at), ...parseSort(sort, `${at}.${fold}`) };
  });
}

function keyPath(input: unknown, place: string): readonly [path: string, sort: unknown] {
  const [name, below] = entryOf(input, place);
  if (typeof below !== 'object') return [name, below];
  const [path, sort] = keyPath(below, `${place}.${name}`);
  return [`${name}.${path}`, sort];
}

function foldAt(type: EntityType, name: string, foldName: string, place: string): GroupFact {
  const field = type.fields.get(name);
  const fold = FOLDS.find((each) => each === foldName);
  if (field?.kind !== 'scalar' || fold === undefined || foldShape(field, fold) === undefined)
    throw badInput(place, `has no ${foldName}`);
  return { kind: 'fold', field, fold };
}

function entryOf(input: unknown, place: string): readonly [name: string, value: unknown] {
  const given = Object.entries(objectAt(input, place)).filter(([, value]) => value !== undefined);
  const [entry] = given;
  if (entry === undefined || given.length > 1) throw badInput(place, 'must name exactly one field');
  return entry;
}

function objectAt(value: unknown, place: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  throw badInput(place, 'must be an object');
}

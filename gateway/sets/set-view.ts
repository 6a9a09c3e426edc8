/** A set of databases as callers of some roles see it, and which of them a field asks. */
import type { FieldNode } from 'graphql';
import type { EntityType, Model } from '../../schema/model/model.ts';
import type { RootArguments, RootPlan } from '../graphql/root-plan.ts';
import type { OperationContext } from '../http/context.ts';
import { badInput } from '../read/bad-input.ts';
import { suggest } from '../read/suggest.ts';
import type { Operation } from '../select/collect-fields.ts';
import type { AnswerPlace, Given } from '../select/selection.ts';

export interface SetView {
  /** Of all databases together. */
  readonly model: Model;
  /** Those that the caller may read, in the order of their names. */
  readonly databases: ReadonlyArray<string>;
  /** Of each of them, in the shape of the set; none of those that could not be opened. */
  readonly models: ReadonlyMap<string, Model>;
  /** Tells apart what is seen under different roles and schemas. */
  readonly fingerprint: string;
}

export interface SetArguments extends RootArguments {
  readonly in?: ReadonlyArray<string> | null;
}

export type SetPlan = RootPlan<OperationContext>;

/** A root field of a set that asks its databases for a type. */
export interface AskedType {
  readonly set: SetView;
  readonly operation: Operation;
  readonly type: EntityType;
  readonly nodes: ReadonlyArray<FieldNode>;
  readonly args: Given<SetArguments>;
}

export function placeOf({ operation, nodes }: AskedType): AnswerPlace {
  return { nodes, path: [operation.rootKey] };
}

/** The databases that a field asks. @throws BAD_USER_INPUT where the set has none of a name */
export function chosen(
  { databases }: SetView,
  { in: wanted }: SetArguments,
): ReadonlyArray<string> {
  if (wanted === null || wanted === undefined) return databases;
  const unknown = wanted.find((name) => !databases.includes(name));
  if (unknown !== undefined)
    throw badInput('in', `names no database of this set${suggest(unknown, databases)}`);
  return databases.filter((name) => wanted.includes(name));
}

/** How many databases a field asks, at most. */
export function chosenCount({ databases }: SetView, { in: wanted }: SetArguments): number {
  return Math.min(wanted?.length ?? databases.length, databases.length);
}

/** What is planned for each database by itself, where it is first asked for: with the operation as one on its model. */
export function planEach<T>(
  { set, operation }: AskedType,
  plan: (operation: Operation, database: string) => T,
): (database: string) => T {
  const plans = new Map<string, T>();
  return (database) => {
    const known = plans.get(database);
    if (known !== undefined) return known;
    const model = set.models.get(database);
    if (model === undefined) throw new Error(`Expected ${database} to be shown`);
    const made = plan({ ...operation, model }, database);
    plans.set(database, made);
    return made;
  };
}

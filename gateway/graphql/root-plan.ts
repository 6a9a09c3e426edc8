/** A field at the root of an operation: what it was given, and what answers it. */
import type { EntityType } from '../../schema/model/model.ts';
import type { OperationContext, RequestContext } from '../http/context.ts';
import type { AsOf } from '../read/as-of.ts';
import type { By } from '../read/find-entity.ts';
import type { EntityChange } from '../read/objects/change.ts';
import type { ObjectPlan } from '../read/plan.ts';
import type { Given, ListArguments, Variables, Where } from '../select/selection.ts';

export interface RootPlan<C extends OperationContext = RequestContext> {
  /** The JSON of the field's value. */
  readonly answer: (context: C, variables: Variables) => string | Promise<string>;
  /** How many entities are read for it, at most. */
  readonly cost: Given<number>;
  /** The points in time that are read at, undefined for the one of the request; left out where the answer is of nothing that stays. */
  readonly pointsInTime?: Given<ReadonlyArray<AsOf | null | undefined>>;
  /** Of a set of databases those that are asked. @throws BAD_USER_INPUT where the set has none of a name */
  readonly databases?: Given<ReadonlyArray<string>>;
  /** Whether its failures leave the others their answers although the field is not null: what code of users fails for goes up to where null may be. */
  readonly failsAlone?: boolean;
  /** Of a field that has no answer of its own: what it tells of transactions. */
  readonly changes?: ChangesPlan;
}

/** What a field that follows the entities of a type tells of each change. */
export interface ChangesPlan {
  readonly type: EntityType;
  readonly args: Given<ChangesArguments>;
  readonly change: ObjectPlan<EntityChange>;
}

export interface ChangesArguments {
  readonly where?: Where | null;
  readonly since?: string | null;
}

export interface RootArguments extends ListArguments {
  readonly id?: string;
  readonly by?: By | null;
  readonly asOf?: AsOf | null;
}

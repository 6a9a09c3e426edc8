/** A field at the root of an operation: what it was given, and what answers it. */
import type { RequestContext } from '../http/context.ts';
import type { AsOf } from '../read/as-of.ts';
import type { By } from '../read/find-entity.ts';
import type { Given, ListArguments, Variables } from '../select/selection.ts';

export interface RootPlan {
  /** The JSON of the field's value. */
  readonly answer: (context: RequestContext, variables: Variables) => Promise<string>;
  /** How many entities are read for it, at most. */
  readonly cost: Given<number>;
}

export interface RootArguments extends ListArguments {
  readonly id?: string;
  readonly by?: By | null;
  readonly asOf?: AsOf | null;
}

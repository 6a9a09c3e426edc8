/**
 * Which entities a caller may see, and which it may write: for each type a filter, in whose place of some values the caller's claims stand. Wherever entities are read
 * (lists, references in both directions, filters, orders, lookups) the same rules count, so that what is hidden is as if it were not there.
 */
import type { Where } from '../select/selection.ts';
import type { Model } from '../../schema/model/model.ts';
import type { EdnData } from '../../schema/value.ts';
import { Slot } from './query/slots.ts';

export type AccessKind = 'read' | 'create' | 'update' | 'delete';

export interface RowRules {
  /** What rules are written in: they may speak of what the caller does not see. */
  readonly model: Model | undefined;
  /** Undefined where there is no filter, false where it lets nothing through. Values are in slots: those of the claims, or constant. */
  readonly whereOf: (type: string, kind: AccessKind) => Where | false | undefined;
  /** Whether some entities may not be seen. */
  readonly isRestricted: boolean;
}

export const NO_RULES: RowRules = {
  model: undefined,
  whereOf: () => undefined,
  isRestricted: false,
};

/** The rules for what was: of types whose past the caller may not see there is nothing. */
export function rulesOfPast(rules: RowRules, { types }: Model): RowRules {
  const isClosed = (name: string): boolean => types.get(name)?.access?.history === false;
  if (!Array.from(types.keys()).some(isClosed)) return rules;
  const whereOf: RowRules['whereOf'] = (type, kind) => !isClosed(type) && rules.whereOf(type, kind);
  return { ...rules, whereOf, isRestricted: true };
}

/** The slots of claims follow that of the parents. */
const FIRST_CLAIM = 1;

/** Where a claim stands in a rule. */
export class ClaimSlot extends Slot {
  /** The claim as a value of the field that it is compared with. @throws BAD_USER_INPUT */
  readonly read: (claim: unknown) => EdnData;

  constructor(place: number, read: (claim: unknown) => EdnData) {
    super(FIRST_CLAIM + place);
    this.read = read;
  }
}

/** A value that stands in a rule itself. */
export class ConstantSlot extends Slot {
  readonly value: EdnData;

  constructor(value: EdnData) {
    super(-1);
    this.value = value;
  }
}

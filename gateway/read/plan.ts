/**
 * What is read at the places of an answer, and how it is written: the shapes of plans, and of what runs them. Entities, pages of them, and objects that
 * are no entities stand in each other; who makes and runs each kind is in `entity-plan`, `connection-json`, `entity-json` and `objects/`.
 */
import type { EntityType, ForeignField } from '../../schema/model/model.ts';
import type { EdnData } from '../../schema/value.ts';
import type { Projection } from '../../services/reader/reader.ts';
import type {
  AnswerPlace,
  EntitySelection,
  Given,
  LinkField,
  ListArguments,
  ObjectPart,
  PageInfoPart,
  Variables,
} from '../select/selection.ts';
import type { Needed } from '../extend/extension.ts';
import type { AggregatePlan } from './aggregate-plan.ts';
import type { ReadScope } from './scope.ts';

/** What plans are run with. */
export interface Run {
  readonly scope: ReadScope;
  readonly variables: Variables;
}

/** The JSON of entities; null where there is none, or none of the type that stands there. */
export type Fragments = ReadonlyMap<number, string | null>;

/** Writes some entities, each given once. */
export type ReadEntities = (
  run: Run,
  plan: EntityPlan,
  entities: ReadonlyArray<number>,
) => Promise<Fragments>;

export interface EntityPlan {
  readonly projection: Projection;
  readonly shows: Shows;
  /** Whether it shows what entities themselves say, and nothing of others. */
  readonly isOwn: boolean;
  /** How many entities are read for each one, itself and those below it, at most. */
  readonly cost: Given<number>;
}

export type Shows =
  | {
      readonly kind: 'typed';
      readonly type: string;
      readonly fields: ReadonlyArray<FieldPlan>;
    }
  /** Entities of any type, each shown as one of its primary type. */
  | {
      readonly kind: 'any';
      readonly fieldsOf: (type: EntityType) => ReadonlyArray<FieldPlan>;
      /** Where entities say of which type they are; undefined where nothing is configured for that. */
      readonly discriminator: number | undefined;
    };

/** `prefix` is what stands before the value: its key and a colon. */
export type FieldPlan =
  | { readonly kind: 'constant'; readonly prefix: string; readonly text: string }
  | { readonly kind: 'id'; readonly prefix: string }
  | { readonly kind: 'object'; readonly prefix: string; readonly object: ObjectPlan<number> }
  | {
      readonly kind: 'facets';
      readonly prefix: string;
      readonly fieldsOf: (type: EntityType) => ReadonlyArray<FieldPlan>;
      readonly cost: Given<number>;
    }
  | {
      readonly kind: 'value' | 'values';
      readonly prefix: string;
      readonly column: number;
      /** Whether the values are entities, of which the idents are written. */
      readonly isIdent: boolean;
      readonly write: (value: EdnData, idOf: (entity: number) => string) => string;
    }
  | {
      readonly kind: 'one';
      readonly prefix: string;
      /** `City.country` */
      readonly place: string;
      readonly column: number;
      readonly below: EntityPlan;
    }
  | {
      readonly kind: 'foreign';
      readonly prefix: string;
      /** Of the values that lead there. */
      readonly column: number;
      readonly field: ForeignField;
      readonly at: AnswerPlace;
      readonly below: EntityPlan;
    }
  | {
      readonly kind: 'made';
      readonly prefix: string;
      readonly needs: ReadonlyArray<NeedPlan>;
      readonly object: ObjectPlan<Needed>;
    }
  | {
      readonly kind: 'list';
      readonly prefix: string;
      readonly place: string;
      readonly field: LinkField;
      readonly list: Given<ListArguments>;
      readonly isSized: boolean;
      readonly below: EntityPlan;
    }
  | {
      readonly kind: 'connection';
      readonly prefix: string;
      readonly place: string;
      readonly field: LinkField;
      readonly list: Given<ListArguments>;
      readonly connection: ConnectionPlan;
    };

/** `column`: of its values; undefined for the id. */
export interface NeedPlan {
  readonly name: string;
  readonly many: boolean;
  readonly column: number | undefined;
}

export interface ConnectionPlan {
  readonly parts: ReadonlyArray<ConnectionPartPlan>;
  /** What is shown of the entities on a page, once for each selection of them. */
  readonly nodes: ReadonlyArray<EntityPlan>;
  readonly wantsRows: boolean;
  /** Whether cursors are shown. */
  readonly wantsPositions: boolean;
  readonly wantsCount: boolean;
  /** Whether what is shown tells that there is more than the page. */
  readonly tellsOfMore: boolean;
  /** As {@link EntityPlan.cost}, for a page of a list. */
  readonly cost: (list: ListArguments, variables: Variables) => number;
}

/** `node` is the place of a plan among the connection's `nodes`. */
export type ConnectionPartPlan =
  | { readonly kind: 'constant'; readonly prefix: string; readonly text: string }
  | { readonly kind: 'totalCount'; readonly prefix: string }
  | { readonly kind: 'aggregate'; readonly prefix: string; readonly aggregate: AggregatePlan }
  | { readonly kind: 'nodes'; readonly prefix: string; readonly node: number }
  | {
      readonly kind: 'edges';
      readonly prefix: string;
      readonly parts: ReadonlyArray<EdgePartPlan>;
    }
  | {
      readonly kind: 'pageInfo';
      readonly prefix: string;
      readonly parts: ReadonlyArray<PageInfoPartPlan>;
    };

export type EdgePartPlan =
  | { readonly kind: 'constant'; readonly prefix: string; readonly text: string }
  | { readonly kind: 'cursor'; readonly prefix: string }
  | { readonly kind: 'node'; readonly prefix: string; readonly node: number };

export type PageInfoPartPlan =
  | { readonly kind: 'constant'; readonly prefix: string; readonly text: string }
  | {
      readonly kind: 'fact';
      readonly prefix: string;
      readonly name: PageFact;
    };

export type PageFact = Extract<PageInfoPart, { kind: 'fact' }>['name'];

/** As {@link Run}, for objects in which entities stand. */
export interface ObjectRun extends Run {
  readonly readEntities: ReadEntities;
}

export type WriteOf<T> = (value: T) => string;

/** A field of an object, or a whole object: read for some values, then written for each of them. */
export interface ObjectPlan<T> {
  readonly read: (run: ObjectRun, values: ReadonlyArray<T>) => WriteOf<T> | Promise<WriteOf<T>>;
  /** How many entities are read for one value, at most. */
  readonly cost: Given<number>;
}

export type PlanEntities = (target: string | undefined, selection: EntitySelection) => EntityPlan;

/** The fields of a kind of object by their names. */
export type ObjectFields<T> = Readonly<
  Record<string, (part: ObjectPart, planEntities: PlanEntities) => ObjectPlan<T>>
>;

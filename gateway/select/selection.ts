/**
 * What a caller wants to see of entities: a tree that knows no transport. GraphQL derives it from a selection set and REST from a
 * route; everything behind it (plans, queries, JSON) is shared.
 *
 * `key` is the name under which a part appears in the answer; it differs from the field's name where GraphQL uses an alias.
 */
import type { FieldNode } from 'graphql';
import type { Resolve } from '../extend/extension.ts';
import type { FoldName } from '../../schema/model/folds.ts';
import type {
  Field,
  ForeignField,
  RefField,
  ReverseField,
  ScalarField,
} from '../../schema/model/model.ts';

import type { AsOf } from '../read/as-of.ts';

/** The variables that come with a request, as values. */
export type Variables = Readonly<Record<string, unknown>>;

/** A part of a request that may depend on its variables: so what is selected is worked out once for many requests. */
export type Given<T> = (variables: Variables) => T;

export type EntitySelection =
  | { readonly kind: 'typed'; readonly fields: ReadonlyArray<FieldSelection> }
  | {
      /** A place where entities of any type stand; each shows the fields of its primary type. */
      readonly kind: 'any';
      /** For types that the caller did not speak of. */
      readonly common: ReadonlyArray<FieldSelection>;
      readonly fieldsByType: ReadonlyMap<string, ReadonlyArray<FieldSelection>>;
    };

export type LinkField = RefField | ReverseField;

export type FieldSelection =
  | { readonly kind: 'id'; readonly key: string }
  | { readonly kind: 'typename'; readonly key: string }
  /** The same entity under each of its types. */
  | { readonly kind: 'facets'; readonly key: string; readonly selection: EntitySelection }
  /** What is told of the entity besides its attributes. */
  | { readonly kind: 'meta'; readonly key: string; readonly parts: ReadonlyArray<ObjectPart> }
  | { readonly kind: 'scalar'; readonly key: string; readonly field: ScalarField }
  | {
      readonly kind: 'one';
      readonly key: string;
      readonly field: LinkField;
      readonly selection: EntitySelection;
    }
  /** What a value leads to in another database. */
  | {
      readonly kind: 'foreign';
      readonly key: string;
      readonly field: ForeignField;
      readonly selection: EntitySelection;
      readonly at: AnswerPlace;
    }
  /** What code of users makes of fields of the entity. */
  | ({ readonly kind: 'made'; readonly needs: ReadonlyArray<Need> } & MadeField)
  | ListSelection
  | LinkConnection;

export interface MadeField {
  readonly key: string;
  /** Of the field. */
  readonly name: string;
  /** Left out where the value is a property of the object. */
  readonly resolve: Resolve | undefined;
  readonly args: Given<Readonly<Record<string, unknown>>>;
  readonly value: ValueSelection;
}

/** A field of an entity that is read for code of users; without an attribute it is the id. */
export interface Need {
  readonly name: string;
  readonly field: Field | undefined;
}

/** What is wanted of a value that code of users has made. */
export type ValueSelection =
  | { readonly kind: 'leaf'; readonly toJson: (value: unknown) => unknown }
  | {
      readonly kind: 'nonNull';
      readonly of: ValueSelection;
      /** `City.density` */
      readonly place: string;
    }
  | { readonly kind: 'list'; readonly of: ValueSelection; readonly size: Given<number> }
  | {
      readonly kind: 'entity';
      readonly target: string | undefined;
      readonly selection: EntitySelection;
    }
  /** Objects of one type, or of several that say which; where entities may stand among them, what is wanted of those. */
  | {
      readonly kind: 'object';
      readonly typeOf: (value: object) => string | undefined;
      readonly fieldsByType: ReadonlyMap<string, ReadonlyArray<MadeField>>;
      readonly entity: Extract<ValueSelection, { kind: 'entity' }> | undefined;
    };

/** Where a part of an answer is asked for, and below which root field it stands. */
export interface AnswerPlace {
  readonly nodes: ReadonlyArray<FieldNode>;
  readonly path: ReadonlyArray<string>;
}

/** A to-many ref as a plain list. */
export interface ListSelection {
  readonly kind: 'list';
  readonly key: string;
  readonly field: LinkField;
  readonly list: Given<ListArguments>;
  /** Whether the caller says how long it is to be. */
  readonly isSized: boolean;
  readonly selection: EntitySelection;
}

/** A to-many or reverse ref as a connection. */
export interface LinkConnection {
  readonly kind: 'connection';
  readonly key: string;
  readonly field: LinkField;
  readonly list: Given<ListArguments>;
  readonly parts: ReadonlyArray<ConnectionPart>;
}

export type ConnectionPart =
  | { readonly kind: 'nodes'; readonly key: string; readonly selection: EntitySelection }
  | { readonly kind: 'edges'; readonly key: string; readonly parts: ReadonlyArray<EdgePart> }
  | { readonly kind: 'pageInfo'; readonly key: string; readonly parts: ReadonlyArray<PageInfoPart> }
  | { readonly kind: 'totalCount'; readonly key: string }
  | {
      readonly kind: 'aggregate';
      readonly key: string;
      readonly parts: ReadonlyArray<AggregatePart>;
    }
  | TypenamePart;

/** What is told of a group of entities. */
export type GroupPart =
  | { readonly kind: 'key'; readonly key: string; readonly parts: ReadonlyArray<ObjectPart> }
  | {
      readonly kind: 'aggregate';
      readonly key: string;
      readonly parts: ReadonlyArray<AggregatePart>;
    }
  | TypenamePart;

/** What is told of all entities of a list together. */
export type AggregatePart =
  | { readonly kind: 'count'; readonly key: string }
  | {
      readonly kind: 'fold';
      readonly key: string;
      readonly fold: FoldName;
      readonly fields: ReadonlyArray<FoldedField>;
    }
  | TypenamePart;

/** `name` is that of the type where a field is no attribute. */
export type FoldedField =
  { readonly kind: 'field'; readonly key: string; readonly field: ScalarField } | TypenamePart;

export type EdgePart =
  | { readonly kind: 'cursor'; readonly key: string }
  | { readonly kind: 'node'; readonly key: string; readonly selection: EntitySelection }
  | TypenamePart;

export type PageInfoPart =
  | {
      readonly kind: 'fact';
      readonly key: string;
      readonly name: 'hasNextPage' | 'hasPreviousPage' | 'startCursor' | 'endCursor';
    }
  | TypenamePart;

/** The name of the type of an object that is no entity. */
export interface TypenamePart {
  readonly kind: 'typename';
  readonly key: string;
  readonly name: string;
}

/** A part of an object that is no entity: a value, an entity, or another such object. */
export interface ObjectPart {
  readonly key: string;
  readonly name: string;
  /** The name of the object's type. */
  readonly type: string;
  readonly args: Given<Readonly<Record<string, unknown>>>;
  readonly below: ReadonlyArray<ObjectPart>;
  /** What is selected where an entity stands. */
  readonly entity: EntitySelection | undefined;
}

/** The arguments of a list as a caller gave them; types are checked, ranges and names are not. */
export interface ListArguments {
  readonly first?: number | null;
  readonly last?: number | null;
  readonly after?: string | null;
  readonly before?: string | null;
  readonly offset?: number | null;
  readonly where?: Where | null;
  /** Only what has changed after this point in time; of lists of a type. */
  readonly since?: AsOf | null;
  readonly orderBy?: ReadonlyArray<OrderInput> | null;
}

export type Where = Readonly<Record<string, unknown>>;
export type OrderInput = Readonly<Record<string, unknown>>;

/**
 * What has to hold for a transaction to be written, as data. The writer decides it on the database that the transaction is applied to, so that
 * nothing can come between the look and the write.
 */
import type { ErrorCode } from '../../engine/index.ts';
import type { Keyword } from '../../schema/keyword.ts';
import type { EdnData } from '../../schema/value.ts';

export type Condition =
  | {
      /** The last transaction that changed the entity or a component of it. */
      readonly kind: 'version';
      readonly entity: number;
      readonly version: number;
    }
  | {
      /** The entity that has a unique value: this one, or with null none. */
      readonly kind: 'holder';
      readonly attribute: Keyword;
      readonly value: EdnData;
      readonly entity: number | null;
    }
  | {
      /** All values of an attribute of an entity, in any order. */
      readonly kind: 'values';
      readonly entity: number;
      readonly attribute: Keyword;
      readonly values: ReadonlyArray<EdnData>;
    }
  | {
      /** An entity has at least one of some attributes. */
      readonly kind: 'has';
      readonly entity: number;
      readonly attributes: ReadonlyArray<Keyword>;
      readonly refusal: Refusal;
    }
  | {
      /**
       * A query gives back each of the entities that are its first input. They may be tempids of the transaction, and lookup refs, which ask for
       * nothing where they name nobody.
       */
      readonly kind: 'matches';
      /** Whether the database before the transaction is asked or the one after it. */
      readonly when: 'before' | 'after';
      readonly entities: ReadonlyArray<EdnData>;
      readonly query: EdnData;
      /** After the entities. */
      readonly inputs: ReadonlyArray<EdnData>;
      readonly refusal: Refusal;
    }
  | {
      /** Nothing was written after a transaction. */
      readonly kind: 'basis';
      readonly tx: number;
    }
  | {
      /** Never holds: for a request that asks what was written under its key before. */
      readonly kind: 'never';
    };

/** The error where a condition does not hold. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly data?: Readonly<Record<string, EdnData>>;
}

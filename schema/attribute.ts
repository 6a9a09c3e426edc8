/**
 * Attribute definitions: what a schema transaction says about an attribute, as a plain value.
 */
import type { Annotations } from './annotations.ts';
import type { Keyword, Sym } from './keyword.ts';

export const VALUE_TYPES = [
  'bigdec',
  'bigint',
  'boolean',
  'bytes',
  'double',
  'double-array',
  'float',
  'float-array',
  'instant',
  'keyword',
  'long',
  'number',
  'ref',
  'store-ref',
  'string',
  'symbol',
  'tuple',
  'uuid',
] as const;

/** `:db.type/long` is `'long'`. */
export type ValueType = (typeof VALUE_TYPES)[number];

export interface Attribute {
  /** The entity that defines the attribute. */
  readonly id: number;
  readonly ident: Keyword;
  /** Undefined where the database was made with `schema-flexibility: 'read'` and nothing was declared. */
  readonly valueType: ValueType | undefined;
  readonly cardinality: 'one' | 'many';
  readonly unique: 'value' | 'identity' | undefined;
  /** True when AVET holds the attribute: it is a ref, unique or declared `:db/index`. */
  readonly indexed: boolean;
  readonly component: boolean;
  readonly noHistory: boolean;
  readonly doc: string | undefined;
  readonly tuple: TupleDefinition | undefined;
  /** The longest value that may be written: characters, bytes or elements; undefined where only the database's own limits count. */
  readonly maxLength?: number;
  /** Names of registered functions that every value written has to satisfy. */
  readonly predicates?: ReadonlyArray<Sym>;
  /** What it says of itself to the gateway; undefined where that is nothing. */
  readonly annotations?: Annotations;
  /** The transaction that installed the attribute; a fixed order of attributes. */
  readonly installedTx: number;
}

export type TupleDefinition =
  | { readonly kind: 'homogeneous'; readonly type: ValueType }
  | { readonly kind: 'heterogeneous'; readonly types: ReadonlyArray<ValueType> }
  | { readonly kind: 'composite'; readonly attributes: ReadonlyArray<Keyword> };

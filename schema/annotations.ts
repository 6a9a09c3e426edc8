/**
 * What an attribute may say of itself to the gateway: attributes of attributes that change nothing in the database, only how it is shown. Every
 * database has them; where attributes are named by their entities (`attribute-refs?`), they have to be installed before they are used.
 */
import { kw } from './keyword.ts';
import type { Keyword } from './keyword.ts';

export const ANNOTATION = {
  /** The namespaces of the entities that a ref leads to. */
  targets: kw('gateway/targets'),
  /** The name of the field. */
  name: kw('gateway/name'),
  /** The name of the field at the other end of a ref. */
  reverseName: kw('gateway/reverse-name'),
  /** Keeps the attribute out of the API. */
  hidden: kw('gateway/hidden'),
  /** Why not to use the field any more. */
  deprecated: kw('gateway/deprecated'),
  /** Whether an input has to have the field. */
  required: kw('gateway/required'),
  /** Whether the integers are small enough for `Int`. */
  int: kw('gateway/int'),
  /** The keywords that there are, which makes them an enum. */
  enum: kw('gateway/enum'),
  /** The database, and the unique attribute there, that the values are of. */
  referenceDatabase: kw('gateway/reference-database'),
  referenceAttribute: kw('gateway/reference-attribute'),
  /** The name of the field that leads there. */
  referenceName: kw('gateway/reference-name'),
  /** What the field was when it was first served: see `model/lock.ts`. */
  lockType: kw('gateway.lock/type'),
  lockField: kw('gateway.lock/field'),
  lockShape: kw('gateway.lock/shape'),
  lockReverse: kw('gateway.lock/reverse'),
  lockProvenance: kw('gateway.lock/provenance'),
} as const;

export interface AnnotationAttribute {
  readonly ident: Keyword;
  readonly valueType: 'boolean' | 'keyword' | 'string';
  readonly isMany: boolean;
  readonly doc: string;
}

export const ANNOTATION_ATTRIBUTES: ReadonlyArray<AnnotationAttribute> = [
  annotation(
    ANNOTATION.targets,
    'keyword',
    'The namespaces of the entities that a ref leads to',
    'many',
  ),
  annotation(ANNOTATION.name, 'string', 'The name of the field in the API'),
  annotation(ANNOTATION.reverseName, 'string', 'The name of the field at the other end of a ref'),
  annotation(ANNOTATION.hidden, 'boolean', 'Keeps the attribute out of the API'),
  annotation(ANNOTATION.deprecated, 'string', 'Why not to use the field any more'),
  annotation(ANNOTATION.required, 'boolean', 'Whether an input has to have the field'),
  annotation(ANNOTATION.int, 'boolean', 'Whether the integers are small enough for 32 bits'),
  annotation(ANNOTATION.enum, 'keyword', 'The keywords that there are', 'many'),
  annotation(ANNOTATION.referenceDatabase, 'string', 'The database that the values are of'),
  annotation(ANNOTATION.referenceAttribute, 'keyword', 'The unique attribute there'),
  annotation(ANNOTATION.referenceName, 'string', 'The name of the field that leads there'),
  annotation(ANNOTATION.lockType, 'string', 'The type under which the attribute was first served'),
  annotation(ANNOTATION.lockField, 'string', 'The field as which it was first served'),
  annotation(ANNOTATION.lockShape, 'string', 'What the field held'),
  annotation(ANNOTATION.lockReverse, 'string', 'The field at the other end'),
  annotation(ANNOTATION.lockProvenance, 'keyword', 'Why it was served so'),
];

export const ANNOTATIONS: ReadonlySet<Keyword> = new Set(
  ANNOTATION_ATTRIBUTES.map(({ ident }) => ident),
);

/** What is said of one attribute. */
export interface Annotations {
  readonly targets?: ReadonlyArray<Keyword>;
  readonly name?: string;
  readonly reverseName?: string;
  readonly hidden?: boolean;
  readonly deprecated?: string;
  readonly required?: boolean;
  readonly int?: boolean;
  readonly enum?: ReadonlyArray<Keyword>;
  readonly referenceDatabase?: string;
  readonly referenceAttribute?: Keyword;
  readonly referenceName?: string;
  readonly lockType?: string;
  readonly lockField?: string;
  readonly lockShape?: string;
  readonly lockReverse?: string;
  readonly lockProvenance?: Keyword;
}

function annotation(
  ident: Keyword,
  valueType: AnnotationAttribute['valueType'],
  doc: string,
  cardinality: 'one' | 'many' = 'one',
): AnnotationAttribute {
  return { ident, valueType, doc, isMany: cardinality === 'many' };
}

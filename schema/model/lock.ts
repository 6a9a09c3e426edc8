/**
 * The schema lock: what each attribute was when it was first served, written down with the attribute itself. Later models read it before anything
 * else, so that neither new attributes nor a newer version of this software rename or retype what somebody relies on.
 */
import { ANNOTATION, ANNOTATION_ATTRIBUTES } from '../annotations.ts';
import type { Attribute } from '../attribute.ts';
import { DB } from '../bootstrap.ts';
import { kw } from '../keyword.ts';
import type { Keyword } from '../keyword.ts';
import type { EdnData } from '../value.ts';
import type { Lock, Model } from './model.ts';

/** Transaction data that locks whatever a model shows and no lock speaks of yet; empty where everything is locked. */
export function lockData(
  { locks }: Model,
  attributes: Iterable<Attribute>,
): ReadonlyArray<EdnData> {
  return Array.from(attributes).flatMap(({ id, ident, annotations }) => {
    const lock = locks.get(ident);
    if (lock === undefined) return [];
    if (annotations?.lockField === undefined) return lockOf(id, lock);
    // What was said to be a reference later.
    const isLocked = lock.reverse === undefined || annotations.lockReverse !== undefined;
    return isLocked ? [] : [add(id, ANNOTATION.lockReverse, lock.reverse)];
  });
}

/** Transaction data that takes the locks of attributes away, so that the next model is made without them. */
export function unlockData(attributes: Iterable<Attribute>): ReadonlyArray<EdnData> {
  return Array.from(attributes).flatMap(({ id, annotations }) =>
    annotations?.lockField === undefined
      ? []
      : LOCK_ATTRIBUTES.map((attribute) => [kw('db.fn/retractAttribute'), id, attribute]),
  );
}

/** Transaction data that installs annotations, for a database where attributes are named by their entities. */
export function annotationData(): ReadonlyArray<EdnData> {
  return ANNOTATION_ATTRIBUTES.map(
    ({ ident, valueType, isMany, doc }) =>
      new Map<EdnData, EdnData>([
        [DB.ident, ident],
        [DB.valueType, kw(`db.type/${valueType}`)],
        [DB.cardinality, isMany ? DB.many : DB.one],
        [DB.doc, doc],
      ]),
  );
}

const LOCK_ATTRIBUTES: ReadonlyArray<Keyword> = [
  ANNOTATION.lockType,
  ANNOTATION.lockField,
  ANNOTATION.lockShape,
  ANNOTATION.lockReverse,
  ANNOTATION.lockProvenance,
];

/** Two gateways may lock at once: the second one finds that the first has. */
function lockOf(id: number, lock: Lock): ReadonlyArray<EdnData> {
  return [
    [kw('db.fn/cas'), id, ANNOTATION.lockField, null, lock.field],
    add(id, ANNOTATION.lockType, lock.type),
    add(id, ANNOTATION.lockShape, lock.shape),
    ...(lock.reverse === undefined ? [] : [add(id, ANNOTATION.lockReverse, lock.reverse)]),
    add(id, ANNOTATION.lockProvenance, kw(lock.provenance)),
  ];
}

function add(id: number, attribute: Keyword, value: EdnData): EdnData {
  return [kw('db/add'), id, attribute, value];
}

/** Databases of many namespaces, each with the same ten attributes. */
import type { EdnData, Keyword } from '../../../engine/index.ts';
import { kw } from '../../../engine/index.ts';

export const ATTRIBUTES_EACH = 10;

/** Of the first namespace there are entities. */
export const ENTITIES = 1_000;

const PER_TRANSACTION = 1_000;

const ATTRIBUTES: ReadonlyArray<readonly [name: string, type: string, more?: string]> = [
  ['code', 'string', 'unique'],
  ['name', 'string'],
  ['count', 'long'],
  ['share', 'double'],
  ['isOpen', 'boolean'],
  ['since', 'instant'],
  ['key', 'uuid'],
  ['state', 'keyword'],
  ['parent', 'ref'],
  ['tags', 'string', 'many'],
];

/** `:kind7/code` */
function ident(namespace: number, name: string): Keyword {
  return kw(`kind${namespace}/${name}`);
}

function schemaOf(namespace: number): ReadonlyArray<EdnData> {
  return ATTRIBUTES.map(([name, type, more]) => {
    const attribute = new Map<EdnData, EdnData>([
      [kw('db/ident'), ident(namespace, name)],
      [kw('db/valueType'), kw(`db.type/${type}`)],
      [kw('db/cardinality'), kw(more === 'many' ? 'db.cardinality/many' : 'db.cardinality/one')],
    ]);
    if (more === 'unique') attribute.set(kw('db/unique'), kw('db.unique/identity'));
    return attribute;
  });
}

export function* transactionsOf(namespaces: number): Generator<ReadonlyArray<EdnData>> {
  const forms = Array.from({ length: namespaces }, (_, namespace) => schemaOf(namespace)).flat();
  for (let at = 0; at < forms.length; at += PER_TRANSACTION)
    yield forms.slice(at, at + PER_TRANSACTION);
  yield Array.from(
    { length: ENTITIES },
    (_, i) =>
      new Map<EdnData, EdnData>([
        [ident(0, 'code'), `code ${i}`],
        [ident(0, 'name'), `name ${i}`],
        [ident(0, 'count'), i],
      ]),
  );
}

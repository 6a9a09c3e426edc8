import type { Attribute } from '../../../../schema/attribute.ts';
import { kw } from '../../../../schema/keyword.ts';

/** An attribute as a schema transaction would make it; ids and transactions follow the order of the list. */
export type Definition = readonly [
  ident: string,
  valueType: Attribute['valueType'],
  facts?: Partial<Attribute>,
];

export function attributes(...definitions: ReadonlyArray<Definition>): ReadonlyArray<Attribute> {
  return definitions.map(([ident, valueType, facts], i) => ({
    id: i + 1,
    ident: kw(ident),
    valueType,
    cardinality: 'one',
    unique: undefined,
    indexed: false,
    component: false,
    noHistory: false,
    doc: undefined,
    tuple: undefined,
    installedTx: 536870914,
    ...facts,
  }));
}

export const MANY = { cardinality: 'many' } as const;
export const IDENTITY = { unique: 'identity' } as const;

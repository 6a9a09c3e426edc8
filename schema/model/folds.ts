/** What several values of a field come to: which folds a field has, and as what they are shown. */
import type { ScalarField } from './model.ts';
import type { ScalarName } from './scalars.ts';
import type { Shape } from './shapes.ts';
import { isOrderable } from './shapes.ts';

export const FOLDS = ['sum', 'avg', 'min', 'max', 'countDistinct'] as const;

export type FoldName = (typeof FOLDS)[number];

/** A sum of many may be larger than any of them. */
const SUMS: Partial<Record<ScalarName, ScalarName>> = {
  BigDecimal: 'BigDecimal',
  BigInt: 'BigInt',
  Float: 'Float',
  Int: 'BigInt',
  Long: 'BigInt',
};

/** The shape of a fold of a field's values; undefined where they have none. */
export function foldShape({ shape, isIdent }: ScalarField, fold: FoldName): Shape | undefined {
  if (fold === 'countDistinct') return { kind: 'scalar', scalar: 'Int' };
  if (shape.kind !== 'scalar' || isIdent) return undefined;
  const sum = SUMS[shape.scalar];
  switch (fold) {
    case 'sum':
      return sum === undefined ? undefined : { kind: 'scalar', scalar: sum };
    case 'avg':
      return sum === undefined ? undefined : { kind: 'scalar', scalar: 'Float' };
    case 'min':
    case 'max':
      return isOrderable(shape) && shape.scalar !== 'Boolean' ? shape : undefined;
  }
}

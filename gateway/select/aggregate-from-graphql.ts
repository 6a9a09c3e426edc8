/** What is selected of a list as a whole. */
import type { FieldNode } from 'graphql';
import type { FoldName } from '../../schema/model/folds.ts';
import { FOLDS } from '../../schema/model/folds.ts';
import type { EntityType } from '../../schema/model/model.ts';
import { foldTypeName } from '../generate/graphql/aggregate-types.ts';
import type { Operation } from './collect-fields.ts';
import { fieldsBelow, nameOf } from './collect-fields.ts';
import type { AggregatePart, FoldedField } from './selection.ts';

export function aggregateParts(
  operation: Operation,
  type: EntityType,
  nodes: ReadonlyArray<FieldNode>,
  typeName = `${type.name}Aggregate`,
): ReadonlyArray<AggregatePart> {
  return Array.from(fieldsBelow(operation, nodes, typeName), ([key, below]): AggregatePart => {
    const name = nameOf(below);
    if (name === 'count') return { kind: 'count', key };
    const fold = FOLDS.find((each) => each === name);
    if (fold === undefined) return { kind: 'typename', key, name: typeName };
    return { kind: 'fold', key, fold, fields: foldedFields(operation, type, fold, below) };
  });
}

function foldedFields(
  operation: Operation,
  type: EntityType,
  fold: FoldName,
  nodes: ReadonlyArray<FieldNode>,
): ReadonlyArray<FoldedField> {
  const typeName = foldTypeName(type, fold);
  return Array.from(fieldsBelow(operation, nodes, typeName), ([key, below]): FoldedField => {
    const field = type.fields.get(nameOf(below));
    return field?.kind === 'scalar'
      ? { kind: 'field', key, field }
      : { kind: 'typename', key, name: typeName };
  });
}

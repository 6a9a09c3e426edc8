/** What is selected of groups. */
import type { FieldNode } from 'graphql';
import type { EntityType } from '../../schema/model/model.ts';
import { aggregateParts } from './aggregate-from-graphql.ts';
import type { Operation } from './collect-fields.ts';
import { fieldsBelow, nameOf } from './collect-fields.ts';
import { objectParts } from './from-graphql.ts';
import type { GroupPart } from './selection.ts';

export function groupParts(
  operation: Operation,
  type: EntityType,
  nodes: ReadonlyArray<FieldNode>,
): ReadonlyArray<GroupPart> {
  const typeName = `${type.name}Groups`;
  return Array.from(fieldsBelow(operation, nodes, typeName), ([key, below]): GroupPart => {
    switch (nameOf(below)) {
      case 'key':
        return { kind: 'key', key, parts: objectParts(operation, `${type.name}GroupKey`, below) };
      case 'aggregate':
        return { kind: 'aggregate', key, parts: aggregateParts(operation, type, below) };
      default:
        return { kind: 'typename', key, name: typeName };
    }
  });
}

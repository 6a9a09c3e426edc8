/** The fields of selection sets, through fragments and by response keys. */
import { isAbstractType, isObjectType, Kind } from 'graphql';
import type { FieldNode, FragmentDefinitionNode, GraphQLSchema, SelectionSetNode } from 'graphql';
import type { Model } from '../../schema/model/model.ts';
import type { Resolve } from '../extend/extension.ts';

/** What is needed of an operation to read its selections. */
export interface Operation {
  readonly model: Model;
  readonly schema: GraphQLSchema;
  /** The response key of the root field that is read. */
  readonly rootKey: string;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** Undefined where there is no code of users. */
  readonly code: FieldCode | undefined;
  /** Whether `@skip` and `@include` let a node be there. */
  readonly isIncluded: (node: SelectionNode) => boolean;
}

/** The fields that code of users makes, by the names of their types. */
export interface FieldCode {
  readonly fieldOf: (type: string, field: string) => CodedField | undefined;
  /** The name of an object's type, for one of an interface or a union. */
  readonly typeOf: (abstractType: string) => (value: object) => string | undefined;
}

export interface CodedField {
  readonly needs: ReadonlyArray<string>;
  readonly resolve: Resolve;
}

export type SelectionNode = SelectionSetNode['selections'][number];

/** Selected fields by response key; fields of one key are one field, with their selections together. */
export type FieldsByKey = ReadonlyMap<string, ReadonlyArray<FieldNode>>;

/** What is selected below the given nodes of a field, which has a type of its own (not an interface). */
export function fieldsBelow(
  operation: Operation,
  nodes: ReadonlyArray<FieldNode>,
  typeName: string,
): FieldsByKey {
  return collectFields(operation, nodes, typeName);
}

/** What is selected below some nodes of an object of a type. */
export function collectFields(
  operation: Operation,
  nodes: ReadonlyArray<{ readonly selectionSet?: SelectionSetNode | undefined }>,
  typeName: string,
): FieldsByKey {
  return collect(operation, nodes, (condition) => isOf(operation, typeName, condition));
}

/** Whether objects of a type are meant by a condition: the type itself, or an interface or union that it is of. */
function isOf({ schema }: Operation, typeName: string, condition: string): boolean {
  if (condition === typeName || isEntity(condition)) return true;
  const [type, wanted] = [schema.getType(typeName), schema.getType(condition)];
  return isObjectType(type) && isAbstractType(wanted) && schema.isSubType(wanted, type);
}

/** Whether a condition is of all entities. */
export function isEntity(condition: string): boolean {
  return condition === 'Entity' || condition === 'Node';
}

export function collect(
  operation: Operation,
  nodes: ReadonlyArray<{ readonly selectionSet?: SelectionSetNode | undefined }>,
  isMeant: (condition: string) => boolean,
): FieldsByKey {
  const fields = new Map<string, FieldNode[]>();
  const visit = (set: SelectionSetNode | undefined): void => {
    for (const selection of set?.selections ?? []) {
      if (!operation.isIncluded(selection)) continue;
      if (selection.kind === Kind.FIELD) {
        const key = (selection.alias ?? selection.name).value;
        const known = fields.get(key);
        if (known === undefined) fields.set(key, [selection]);
        else known.push(selection);
        continue;
      }
      const { condition, selectionSet } = fragmentOf(operation, selection);
      if (condition === undefined || isMeant(condition)) visit(selectionSet);
    }
  };
  for (const node of nodes) visit(node.selectionSet);
  return fields;
}

export function fragmentOf(
  { fragments }: Operation,
  selection: Exclude<SelectionNode, FieldNode>,
): { readonly condition: string | undefined; readonly selectionSet: SelectionSetNode | undefined } {
  const fragment =
    selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
  return { condition: fragment?.typeCondition?.name.value, selectionSet: fragment?.selectionSet };
}

export function nameOf(nodes: ReadonlyArray<FieldNode>): string {
  return nodes[0]?.name.value ?? '';
}

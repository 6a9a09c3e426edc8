/** The variables of an operation, which come anew with each request. */
import { coerceInputValue, isInputType, isNonNullType, typeFromAST, valueFromAST } from 'graphql';
import type { GraphQLInputType, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import type { Variables } from '../select/selection.ts';

/** Variables as their types read them; undefined where one of them is refused. */
export type ReadVariables = (given: Variables) => Variables | undefined;

const NO_VARIABLES: Variables = {};

interface Variable {
  readonly name: string;
  readonly type: GraphQLInputType;
  readonly isRequired: boolean;
  /** Undefined where there is none. */
  readonly defaultValue: unknown;
}

/** What `getVariableValues` of graphql makes of variables; what their types are is found out once. */
export function variableReader(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
): ReadVariables {
  const variables = variableDefinitions.map(({ variable, type, defaultValue }): Variable => {
    const inputType = typeFromAST(schema, type);
    if (!isInputType(inputType)) throw new Error('Expected the operation to be valid');
    return {
      name: variable.name.value,
      type: inputType,
      isRequired: isNonNullType(inputType),
      defaultValue: defaultValue === undefined ? undefined : valueFromAST(defaultValue, inputType),
    };
  });
  if (variables.length === 0) return () => NO_VARIABLES;
  return (given) => {
    const read: Record<string, unknown> = {};
    let isRefused = false;
    for (const { name, type, isRequired, defaultValue } of variables) {
      if (Object.hasOwn(given, name))
        read[name] = coerceInputValue(given[name], type, () => {
          isRefused = true;
        });
      else if (defaultValue !== undefined) read[name] = defaultValue;
      else isRefused ||= isRequired;
    }
    return isRefused ? undefined : read;
  };
}

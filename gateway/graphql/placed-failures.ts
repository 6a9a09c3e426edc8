/**
 * Where values could not be made. While an answer is written, a mark stands in the place of each; when all of it is there, the marks are found, each with
 * the path that leads to it, and null goes up from there to the first place that may be null, as GraphQL has it.
 */
import {
  getNamedType,
  isListType,
  isNonNullType,
  isObjectType,
  isInterfaceType,
  Kind,
  locatedError,
} from 'graphql';
import type {
  FieldNode,
  FragmentDefinitionNode,
  GraphQLError,
  GraphQLOutputType,
  GraphQLSchema,
  SelectionSetNode,
} from 'graphql';
import { randomUUID } from 'node:crypto';
import { DatabaseError } from '../../schema/error.ts';
import { replaceMarks } from '../read/marks.ts';

export interface MarkedAnswer {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** Of the operation, and the name of its root type. */
  readonly selectionSet: SelectionSetNode;
  readonly root: string;
  /** The JSON of `data`, with marks. */
  readonly text: string;
  readonly failures: ReadonlyArray<unknown>;
}

export interface PlacedFailures {
  readonly text: string;
  readonly errors: ReadonlyArray<GraphQLError>;
}

type Json = null | string | number | boolean | Json[] | { [key: string]: Json };
type Path = ReadonlyArray<string | number>;

/** Selections of objects of a type. */
interface Level {
  readonly type: string;
  readonly set: SelectionSetNode;
}

export function placeFailures(answer: MarkedAnswer): PlacedFailures {
  const walk = new Walk(answer);
  return { text: JSON.stringify(walk.data() ?? null), errors: walk.errors };
}

class Walk {
  readonly errors: GraphQLError[] = [];
  readonly #answer: MarkedAnswer;
  /** What marks are while the answer is no text: no value of a database has it. */
  readonly #name = randomUUID();

  constructor(answer: MarkedAnswer) {
    this.#answer = answer;
  }

  data(): Json | undefined {
    const { text, root, selectionSet } = this.#answer;
    const readable = replaceMarks(text, (failure) => `"${this.#name}${failure}"`);
    const data = JSON.parse(readable) as Json;
    return this.#object(data as { [key: string]: Json }, [{ type: root, set: selectionSet }], []);
  }

  /** Undefined where a null goes further up. */
  #value(
    value: Json,
    type: GraphQLOutputType,
    nodes: ReadonlyArray<FieldNode>,
    path: Path,
  ): Json | undefined {
    const isRequired = isNonNullType(type);
    const shown = this.#content(value, isRequired ? type.ofType : type, nodes, path);
    return isRequired ? shown : (shown ?? null);
  }

  #content(
    value: Json,
    type: GraphQLOutputType,
    nodes: ReadonlyArray<FieldNode>,
    path: Path,
  ): Json | undefined {
    if (typeof value === 'string' && value.startsWith(this.#name)) {
      const failure = value.slice(this.#name.length);
      const error = this.#answer.failures[Number(failure)] ?? notFinite(failure);
      this.errors.push(locatedError(error, nodes, path));
      return undefined;
    }
    if (Array.isArray(value))
      return isListType(type) ? this.#list(value, type.ofType, nodes, path) : value;
    if (typeof value !== 'object' || value === null) return value;
    const named = getNamedType(type).name;
    const levels = nodes.flatMap(({ selectionSet }) =>
      selectionSet === undefined ? [] : [{ type: named, set: selectionSet }],
    );
    return levels.length === 0 ? value : this.#object(value, levels, path);
  }

  /** All of it is gone through, so that every failure is told. */
  #list(
    values: ReadonlyArray<Json>,
    type: GraphQLOutputType,
    nodes: ReadonlyArray<FieldNode>,
    path: Path,
  ): Json[] | undefined {
    const shown = values.map((value, i) => this.#value(value, type, nodes, [...path, i]));
    return shown.includes(undefined) ? undefined : (shown as Json[]);
  }

  #object(
    value: { [key: string]: Json },
    levels: ReadonlyArray<Level>,
    path: Path,
  ): Json | undefined {
    const entries = Object.entries(value).map(([key, below]) => {
      const { type, nodes } = this.#field(levels, key);
      const shown = type === undefined ? below : this.#value(below, type, nodes, [...path, key]);
      return [key, shown] as const;
    });
    const isWhole = entries.every(([, shown]) => shown !== undefined);
    return isWhole ? (Object.fromEntries(entries) as { [key: string]: Json }) : undefined;
  }

  /** Fields under one key have types of one shape, whatever the type of the object (GraphQL, 5.3.2). */
  #field(
    levels: ReadonlyArray<Level>,
    key: string,
  ): { readonly type: GraphQLOutputType | undefined; readonly nodes: ReadonlyArray<FieldNode> } {
    const { schema, fragments } = this.#answer;
    const nodes: FieldNode[] = [];
    let type: GraphQLOutputType | undefined;
    const visit = ({ type: parentName, set }: Level): void => {
      for (const each of set.selections) {
        if (each.kind === Kind.FIELD) {
          if ((each.alias ?? each.name).value !== key) continue;
          nodes.push(each);
          const parent = schema.getType(parentName);
          if (isObjectType(parent) || isInterfaceType(parent))
            type ??= parent.getFields()[each.name.value]?.type;
          continue;
        }
        const fragment = each.kind === Kind.INLINE_FRAGMENT ? each : fragments.get(each.name.value);
        if (fragment === undefined) continue;
        const named = fragment.typeCondition?.name.value ?? parentName;
        visit({ type: named, set: fragment.selectionSet });
      }
    };
    levels.forEach(visit);
    return { type, nodes };
  }
}

function notFinite(number: string): DatabaseError {
  return new DatabaseError('NOT_FINITE', `The value is ${number}, which JSON cannot say`);
}

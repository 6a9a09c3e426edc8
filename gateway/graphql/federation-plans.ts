/** What a router asks: the document of the subgraph, and entities by their keys. */
import type { FieldNode, GraphQLSchema } from 'graphql';
import { federationSdl, keysOf } from '../generate/graphql/federation.ts';
import { shapeFromJson } from '../../schema/model/shapes.ts';
import type { EntityType } from '../../schema/model/model.ts';
import { readScope } from '../http/context.ts';
import type { RequestContext } from '../http/context.ts';
import { badInput } from '../read/bad-input.ts';
import { readEntities } from '../read/entity-json.ts';
import { planEntities } from '../read/entity-plan.ts';
import type { By } from '../read/find-entity.ts';
import { findEntity, parseBy } from '../read/find-entity.ts';
import { jsonKey, quote } from '../read/json.ts';
import type { EntityPlan } from '../read/plan.ts';
import type { Operation } from '../select/collect-fields.ts';
import { fieldsBelow } from '../select/collect-fields.ts';
import { entitySelection } from '../select/from-graphql.ts';
import type { Given, Variables } from '../select/selection.ts';
import { suggest } from '../read/suggest.ts';
import type { RootPlan } from './root-plan.ts';

const documents = new WeakMap<GraphQLSchema, string>();

export function planService(
  { schema, model, ...operation }: Operation,
  nodes: ReadonlyArray<FieldNode>,
): RootPlan {
  const fields = fieldsBelow({ schema, model, ...operation }, nodes, '_Service');
  const answer: RootPlan['answer'] = async () => {
    let sdl = documents.get(schema);
    if (sdl === undefined) documents.set(schema, (sdl = federationSdl(schema, model)));
    const texts = Array.from(
      fields,
      ([key, [node]]) =>
        jsonKey(key) + quote(node?.name.value === 'sdl' ? (sdl ?? '') : '_Service'),
    );
    return `{${texts.join(',')}}`;
  };
  return { answer, cost: () => 0 };
}

interface Representation {
  readonly type: EntityType;
  readonly by: By;
}

const MAX_REPRESENTATIONS = 1_000;

export function planRepresentations(
  operation: Operation,
  nodes: ReadonlyArray<FieldNode>,
  rootArguments: Given<object>,
): RootPlan {
  const args = rootArguments as Given<{ readonly representations: ReadonlyArray<unknown> }>;
  const plans = new Map<EntityType, EntityPlan>();
  const planOf = (type: EntityType): EntityPlan => {
    let plan = plans.get(type);
    if (plan === undefined) {
      plan = planEntities(operation.model, type.name, entitySelection(operation, type, nodes));
      plans.set(type, plan);
    }
    return plan;
  };
  const representationsIn = (variables: Variables): ReadonlyArray<Representation> =>
    args(variables).representations.map((each, i) =>
      parseRepresentation(operation, each, `representations[${i}]`),
    );
  return {
    answer: async (context, variables) => {
      const representations = representationsIn(variables);
      if (representations.length > MAX_REPRESENTATIONS)
        throw badInput('representations', `are more than ${MAX_REPRESENTATIONS}; ask in parts`);
      return writeEntities(context, variables, representations, planOf);
    },
    cost: (variables) =>
      representationsIn(variables).reduce((sum, { type }) => sum + planOf(type).cost(variables), 0),
  };
}

function parseRepresentation({ model }: Operation, json: unknown, place: string): Representation {
  if (typeof json !== 'object' || json === null) throw badInput(place, 'must be an object');
  const { __typename: name, ...given } = json as Readonly<Record<string, unknown>>;
  const type = model.types.get(String(name));
  if (type === undefined || type.database !== undefined) {
    const own = Array.from(model.types.values()).filter((each) => each.database === undefined);
    const hint = suggest(
      String(name),
      own.map((each) => each.name),
    );
    throw badInput(`${place}.__typename`, `names no type of this database${hint}`);
  }
  const keys = keysOf(type);
  const key = keys.find((each) => given[each] !== undefined && given[each] !== null);
  if (key === undefined) throw badInput(place, `needs one of ${keys.join(', ')}`);
  const field = type.fields.get(key);
  const value =
    field?.kind === 'scalar' && key !== 'id'
      ? shapeFromJson(field.shape, given[key], `${place}.${key}`)
      : given[key];
  return { type, by: { [key]: value } };
}

async function writeEntities(
  context: RequestContext,
  variables: Variables,
  representations: ReadonlyArray<Representation>,
  planOf: (type: EntityType) => EntityPlan,
): Promise<string> {
  const scope = readScope(context, undefined);
  const { model, database } = context;
  const found = await Promise.all(
    representations.map(async ({ type, by }) => ({
      type,
      entity: await findEntity(scope.snapshot, parseBy(model, database, type.name, by)),
    })),
  );
  const entitiesByType = new Map<EntityType, Set<number>>();
  for (const { type, entity } of found) {
    if (entity === undefined) continue;
    const known = entitiesByType.get(type);
    if (known === undefined) entitiesByType.set(type, new Set([entity]));
    else known.add(entity);
  }
  const fragments = new Map(
    await Promise.all(
      Array.from(
        entitiesByType,
        async ([type, entities]) =>
          [
            type,
            await readEntities({ scope, variables }, planOf(type), Array.from(entities)),
          ] as const,
      ),
    ),
  );
  const texts = found.map(({ type, entity }) =>
    entity === undefined ? 'null' : (fragments.get(type)?.get(entity) ?? 'null'),
  );
  return `[${texts.join(',')}]`;
}

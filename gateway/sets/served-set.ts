/**
 * A named set of databases as it is served: for callers of some roles one schema, made of what they see of each database. It is made anew where
 * databases come, go, or change what they show; who was given the one before finishes on it.
 */
import { hash } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { AccessConfig } from '../../schema/access.ts';
import { DatabaseError } from '../../schema/error.ts';
import { mergeModels, modelWithin } from '../../schema/model/merge-models.ts';
import type { Model } from '../../schema/model/model.ts';
import { isSameModel } from '../../schema/model/same-model.ts';
import { NOTHING_COMPUTED } from '../select/computed-fields.ts';
import type { Log } from '../../services/shared/log.ts';
import type { Principal } from '../access/principal.ts';
import type { View } from '../access/view.ts';
import { rolesThere, seenBy } from '../access/view.ts';
import { createSetSchema } from '../generate/graphql/set-schema.ts';
import { CompiledOperations } from '../graphql/compiled-operations.ts';
import type { CreateContext, GraphQLServer, Validating } from '../graphql/server.ts';
import { startGraphQLServer } from '../graphql/server.ts';
import type { OperationLimits } from '../graphql/validation-rules.ts';
import { FORM_OF_ANSWERS } from '../http/caching.ts';
import type { OperationContext, ServedModel } from '../http/context.ts';
import { formatOperationError } from '../http/error-response.ts';
import type { KnownModels } from '../known-models.ts';
import { decodeIdAmong, idEncoder } from '../read/global-id.ts';
import { ListPlans } from '../read/list-plan.ts';
import type { KnownDatabases } from './database-sets.ts';
import { databasesOf } from './database-sets.ts';
import { setPlans } from './set-plans.ts';
import { setValidator } from './set-validator.ts';
import type { SetView } from './set-view.ts';
import { someAtATime } from './some-at-a-time.ts';

export interface ServedSetOptions {
  readonly databases: KnownDatabases;
  readonly known: KnownModels;
  /** Undefined where everybody may do everything. */
  readonly access: AccessConfig | undefined;
  readonly development: boolean;
  readonly limits: OperationLimits;
  readonly log: Log;
  /** A request to some databases, which are shown as models of the set. */
  readonly createContext: (
    models: ReadonlyMap<string, ServedModel>,
  ) => CreateContext<OperationContext>;
}

export interface SetSchema
  extends Omit<GraphQLServer<OperationContext>, 'answer'>, Validating<OperationContext> {
  readonly graphql: RequestHandler;
  readonly view: SetView;
}

/** So many schemas are kept, for callers of different roles. */
const MAX_SCHEMAS = 100;

/** So many views of databases are kept, which differ by database and roles. */
const MAX_VIEWS = 10_000;

/** A database as callers of some roles see it. */
interface Member {
  readonly database: string;
  /** Undefined where everybody may do everything. */
  readonly roles: ReadonlyArray<string> | undefined;
  /** Undefined where it could not be opened. */
  readonly seen: SeenView | undefined;
}

/** `number` tells it apart from those of before. */
interface SeenView {
  readonly number: number;
  readonly model: Model;
  readonly view: View;
}

export class ServedSet {
  readonly #name: string;
  readonly #patterns: ReadonlyArray<string>;
  readonly #options: ServedSetOptions;
  /** By database and roles. */
  readonly #views = new Map<string, SeenView>();
  readonly #schemas = new Map<string, Promise<SetSchema>>();
  #count = 0;

  constructor(name: string, patterns: ReadonlyArray<string>, options: ServedSetOptions) {
    this.#name = name;
    this.#patterns = patterns;
    this.#options = options;
  }

  /** What a caller is served with now. @throws FORBIDDEN where it may read none of the databases */
  async schemaFor(principal: Principal): Promise<SetSchema> {
    const members = await this.#membersFor(principal);
    const key = members.map(({ database, seen }) => `${database} ${seen?.number ?? '-'}`).join('|');
    const known = this.#schemas.get(key);
    if (known !== undefined) return known;
    if (this.#schemas.size >= MAX_SCHEMAS) this.#schemas.clear();
    const made = this.#serve(members);
    this.#schemas.set(key, made);
    made.catch(() => this.#schemas.delete(key));
    return made;
  }

  async stop(): Promise<void> {
    const schemas = await Promise.allSettled(this.#schemas.values());
    for (const schema of schemas) if (schema.status === 'fulfilled') await schema.value.stop();
  }

  /** The databases that the caller may read. Nearly always all of them are known, and none has to be opened. */
  async #membersFor(principal: Principal): Promise<ReadonlyArray<Member>> {
    const { databases, access } = this.#options;
    const all = databasesOf(this.#patterns, databases);
    const granted = all.flatMap((database) => {
      const there = rolesThere(access, principal, database);
      return there === undefined ? [] : [{ database, roles: there.roles }];
    });
    if (granted.length > 0 || all.length === 0)
      return someAtATime(granted, async ({ database, roles }) => ({
        database,
        roles,
        seen: await this.#viewOf(database, roles),
      }));
    throw new DatabaseError(
      'FORBIDDEN',
      `The caller has no role in any database of '${this.#name}'`,
    );
  }

  async #viewOf(
    database: string,
    roles: ReadonlyArray<string> | undefined,
  ): Promise<SeenView | undefined> {
    const { access, known, log } = this.#options;
    const model = await known.of(database);
    if (model === undefined) return undefined;
    const key = `${database} ${roles?.join(' ') ?? ''}`;
    const seen = this.#views.get(key);
    if (seen?.model === model) return seen;
    try {
      // One that was closed and opened again is as it was.
      const isSame = seen !== undefined && isSameModel(seen.model, model);
      const view = isSame ? seen.view : seenBy(access, model, database, roles);
      const fresh = { number: isSame ? seen.number : ++this.#count, model, view };
      if (this.#views.size >= MAX_VIEWS) this.#views.clear();
      this.#views.set(key, fresh);
      return fresh;
    } catch (error) {
      log.error({ event: 'database left out of a set', set: this.#name, database, error });
      return undefined;
    }
  }

  async #serve(members: ReadonlyArray<Member>): Promise<SetSchema> {
    const { development, limits, log, createContext } = this.#options;
    const views = members.flatMap(({ database, seen }) =>
      seen === undefined ? [] : [{ database, view: seen.view }],
    );
    const model = mergeModels(views.map(({ view }) => view.model));
    for (const note of model.notes)
      log.info({ event: 'left out of a set', set: this.#name, what: note });
    const models = new Map(
      views.map(({ database, view }) => [database, modelWithin(model, view.model)]),
    );
    const databases = members.map(({ database }) => database);
    const fingerprint = this.#fingerprint(members);
    const set: SetView = { model, databases, models, fingerprint };
    const schema = await createSetSchema(model);
    const operations = new CompiledOperations<OperationContext>({
      schema,
      code: undefined,
      model,
      maxCost: limits.maxCost,
      planRoot: setPlans(set),
      formatError: (error, requestId) => formatOperationError(error, requestId, log),
    });
    const served = new Map(
      views.map(({ database, view }) => [database, servedModel(database, view, models)]),
    );
    const server = await startGraphQLServer({
      schema,
      operations,
      introspection: development || views.every(({ view }) => view.introspection),
      development,
      limits,
      elsewhere: `'${this.#name}' is a set of databases, which is read only: ask one of them at /graphql/<database> (${this.#examples(databases)}).`,
      log,
      createContext: createContext(served),
    });
    const { answer, ...others } = server;
    return {
      ...others,
      graphql: answer,
      view: set,
      validator: (context, request, { operation, variables, document }) =>
        setValidator(context, set, request, () => operation.databases(variables), document),
    };
  }

  /** The same in all gateways that show the same to callers of these roles. */
  #fingerprint(members: ReadonlyArray<Member>): string {
    const { access } = this.#options;
    const shown = members.map(({ database, roles, seen }) => [
      database,
      roles?.map((role) => access?.roles[role]),
      Array.from(seen?.model.types.values() ?? [], ({ name, attributes, fields }) => [
        name,
        attributes,
        Array.from(fields.keys()),
      ]),
    ]);
    return hash('sha256', JSON.stringify([FORM_OF_ANSWERS, this.#name, shown]), 'base64url');
  }

  #examples(databases: ReadonlyArray<string>): string {
    const shown = databases.slice(0, 3).join(', ');
    return databases.length > 3 ? `${shown}, …` : shown;
  }
}

function servedModel(
  database: string,
  { rules, claims }: View,
  models: ReadonlyMap<string, Model>,
): ServedModel {
  const model = models.get(database);
  if (model === undefined) throw new Error(`Expected ${database} to be shown`);
  return {
    model,
    lists: new ListPlans(model, database, rules, decodeIdAmong),
    encodeId: idEncoder(database),
    claimPaths: claims,
    foreign: new Map(),
    computed: NOTHING_COMPUTED,
    routes: [],
    isPublic: false,
    fingerprint: () => '',
  };
}

/** The world behind the gateway, for tests that speak HTTP. */
import type { RequestListener } from 'node:http';
import request from 'supertest';
import { expect } from 'vitest';
import { openApi } from '../../gateway/generate/rest/openapi.ts';
import { createApp } from '../../gateway/http/app.ts';
import type { DatabasePorts } from '../../gateway/index.ts';
import { alwaysOpen } from '../support/served.ts';
import type { App, AppOptions } from '../../gateway/http/app.ts';
import type { Writer } from '../../services/connection/writer-port.ts';
import type { Reader, Snapshot } from '../../services/reader/reader.ts';
import { buildModel } from '../../schema/model/build-model.ts';
import type { EdnData } from '../../schema/value.ts';
import { openWith, openWorld } from './world-database.ts';

export interface ServedWorld {
  readonly app: RequestListener;
  readonly upgrade: App['upgrade'];
  readonly reader: Reader;
  readonly writer: Writer;
  /** What the log was told. */
  readonly errors: ReadonlyArray<object>;
  /** Sends an operation and gives its data; any error fails the test. */
  readonly data: (query: string, variables?: object) => Promise<Json>;
  /** Sends an operation and gives the first error. */
  readonly error: (query: string, variables?: object) => Promise<GraphQLFailure>;
  /** Sends an operation and gives the whole answer. */
  readonly send: (
    query: string,
    variables?: object,
    headers?: Record<string, string>,
  ) => Promise<request.Response>;
  /** Sends a mutation to this database alone: one of several that come together, or under a key. */
  readonly sendHere: ServedWorld['send'];
  readonly stop: () => Promise<void>;
}

// eslint-disable-next-line ts/no-explicit-any -- answers are checked by what the tests expect of them
export type Json = any;

export interface GraphQLFailure {
  readonly message: string;
  readonly extensions: Readonly<Record<string, unknown>>;
}

/** What stands before the world's REST interface; nothing, unless a test puts something there. */
export const serving = {
  through: async (app: RequestListener, _document: object): Promise<RequestListener> => app,
};

export async function serveWorld(options: Partial<AppOptions> = {}): Promise<ServedWorld> {
  const { reader, writer, fork, close } = await openWorld();
  const errors: object[] = [];
  const logTo = (error: (event: object) => void) => {
    const log = { error, info: ignore, debug: ignore };
    return { ...log, with: () => log } as unknown as AppOptions['log'];
  };
  const serve = (ports: DatabasePorts, log: AppOptions['log']) =>
    createApp({
      databases: alwaysOpen(new Map([['world', ports]])),
      defaultDatabase: 'world',
      development: true,
      locksSchema: false,
      log,
      ...options,
    });
  const {
    app: bare,
    upgrade,
    stop,
  } = serve(
    { reader, writer },
    logTo((event) => errors.push(event)),
  );
  const { attributes } = reader.current();
  const isGuarded = options.access !== undefined;
  const document = openApi(buildModel(attributes.values()), { database: 'world', isGuarded });
  const app = await serving.through(bare, document);
  const postTo =
    (to: RequestListener) => (query: string, variables: object, headers: Record<string, string>) =>
      request(to).post('/graphql').set(headers).send({ query, variables });
  const post = postTo(app);
  /** A mutation as what is compiled of it answers, on a database of its own. */
  const sendToFork: typeof send = async (query, variables = {}, headers = {}) => {
    const forked = await fork();
    const served = serve(forked, logTo(ignore));
    try {
      // Refused before it writes anything, and known from then on.
      await postTo(served.app)(query, variables, { ...headers, 'Datahike-As-Of': '1' });
      return await postTo(served.app)(query, variables, headers);
    } finally {
      await served.stop();
      await forked.close();
    }
  };
  const send = async (
    query: string,
    variables: object = {},
    headers: Record<string, string> = {},
  ) => {
    if (query.trimStart().startsWith('mutation')) {
      // A database of the test's own cannot be forked.
      const isOwn = options.databases === undefined;
      const compiled = isOwn ? await sendToFork(query, variables, headers) : undefined;
      const answered = await post(query, variables, headers);
      if (compiled !== undefined) expect(seen(compiled)).toEqual(seen(answered));
      return answered;
    }
    const first = await post(query, variables, headers);
    // What is compiled by now answers as Apollo did.
    const second = await post(query, variables, headers);
    expect(seen(second)).toEqual(seen(first));
    return first;
  };
  return {
    app,
    upgrade,
    reader,
    writer,
    errors,
    send,
    sendHere: (query, variables = {}, headers = {}) => post(query, variables, headers),
    data: async (query, variables) => {
      const { body } = (await send(query, variables)) as { body: Json };
      if (body.errors !== undefined) throw new Error(JSON.stringify(body.errors));
      return body.data;
    },
    error: async (query, variables) => {
      const { body } = (await send(query, variables)) as { body: Json };
      if (body.errors === undefined)
        throw new Error(`Expected an error, got ${JSON.stringify(body)}`);
      return body.errors[0];
    },
    stop: async () => {
      await stop();
      await close();
    },
  };
}

/** Serves a database with some transactions in it in the place of the world. */
export async function serveDatabase(
  name: string,
  transactions: ReadonlyArray<ReadonlyArray<EdnData>>,
  options: Partial<AppOptions> = {},
): Promise<ServedWorld> {
  const database = await openWith(name, ...transactions);
  const databases = alwaysOpen(new Map([[name, database]]));
  const served = await serveWorld({ databases, defaultDatabase: name, ...options });
  return {
    ...served,
    stop: async () => {
      await served.stop();
      await database.close();
    },
  };
}

/** An answer but for what is of one request alone. */
function seen({ status, headers, text }: request.Response): object {
  const { 'x-request-id': _id, date: _date, ...others } = headers as Record<string, string>;
  const body = text
    .replaceAll(/"(requestId|errorId)":"[^"]*"/g, '')
    .replaceAll(/logged as [\w-]+/g, '')
    // Each is written at its own time.
    .replaceAll(/"instant":"[^"]*"/g, '');
  return { status, others, body };
}

/** A reader that counts what its snapshots are asked. */
export function countingReader(reader: Reader): {
  reader: Reader;
  counts: { q: number; project: number };
  /** How many entities each projection was of. */
  projected: number[];
} {
  const counts = { q: 0, project: 0 };
  const projected: number[] = [];
  const counting = (snapshot: Snapshot): Snapshot => ({
    basisTx: snapshot.basisTx,
    commitId: snapshot.commitId,
    databaseId: snapshot.databaseId,
    config: snapshot.config,
    attributes: snapshot.attributes,
    asOf: (point) => counting(snapshot.asOf(point)),
    within: (limits) => counting(snapshot.within(limits)),
    history: () => counting(snapshot.history()),
    with: (request) => snapshot.with(request),
    baseFacts: () => snapshot.baseFacts(),
    entityId: (ref) => snapshot.entityId(ref),
    count: (attribute, value) => snapshot.count(attribute, value),
    q: (query, inputs, window) => {
      counts.q += 1;
      return snapshot.q(query, inputs, window);
    },
    project: (projection, entities) => {
      counts.project += 1;
      projected.push(entities.length);
      return snapshot.project(projection, entities);
    },
    versions: (entities) => snapshot.versions(entities),
    pull: (pattern, entity) => snapshot.pull(pattern, entity),
    pullMany: (pattern, entities) => snapshot.pullMany(pattern, entities),
  });
  return {
    counts,
    projected,
    reader: {
      snapshot: async (options) => counting(await reader.snapshot(options)),
      current: () => counting(reader.current()),
      onAdvance: (listener) => reader.onAdvance((snapshot) => listener(counting(snapshot))),
      transactions: (from, signal, limits) => reader.transactions(from, signal, limits),
      transaction: (tx, limits) => reader.transaction(tx, limits),
    },
  };
}

const ignore = (): void => undefined;

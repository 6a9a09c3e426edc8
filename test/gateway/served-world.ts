/** The world behind the gateway, for tests that speak HTTP. */
import type { RequestListener } from 'node:http';
import request from 'supertest';
import { expect } from 'vitest';
import { createApp } from '../../gateway/http/app.ts';
import { alwaysOpen } from '../support/served.ts';
import type { AppOptions } from '../../gateway/http/app.ts';
import type { Writer } from '../../services/connection/writer-port.ts';
import type { Reader, Snapshot } from '../../services/reader/reader.ts';
import { openWorld } from './world-database.ts';

export interface ServedWorld {
  readonly app: RequestListener;
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
  readonly stop: () => Promise<void>;
}

// eslint-disable-next-line ts/no-explicit-any -- answers are checked by what the tests expect of them
export type Json = any;

export interface GraphQLFailure {
  readonly message: string;
  readonly extensions: Readonly<Record<string, unknown>>;
}

export async function serveWorld(options: Partial<AppOptions> = {}): Promise<ServedWorld> {
  const { reader, writer, close } = await openWorld();
  const errors: object[] = [];
  const log = { error: (event: object) => errors.push(event), info: ignore, debug: ignore };
  const { app, stop } = createApp({
    databases: alwaysOpen(new Map([['world', { reader, writer }]])),
    defaultDatabase: 'world',
    development: true,
    locksSchema: false,
    log: { ...log, with: () => log } as unknown as AppOptions['log'],
    ...options,
  });
  const post = (query: string, variables: object, headers: Record<string, string>) =>
    request(app).post('/graphql').set(headers).send({ query, variables });
  const send = async (
    query: string,
    variables: object = {},
    headers: Record<string, string> = {},
  ) => {
    const first = await post(query, variables, headers);
    if (query.trimStart().startsWith('mutation')) return first;
    // What is compiled by now answers as Apollo did.
    const second = await post(query, variables, headers);
    expect(seen(second)).toEqual(seen(first));
    return first;
  };
  return {
    app,
    reader,
    writer,
    errors,
    send,
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

/** An answer but for what is of one request alone. */
function seen({ status, headers, text }: request.Response): object {
  const { 'x-request-id': _id, date: _date, ...others } = headers as Record<string, string>;
  const body = text
    .replaceAll(/"(requestId|errorId)":"[^"]*"/g, '')
    .replaceAll(/logged as [\w-]+/g, '');
  return { status, others, body };
}

/** A reader that counts what its snapshots are asked. */
export function countingReader(reader: Reader): {
  reader: Reader;
  counts: { q: number; project: number };
} {
  const counts = { q: 0, project: 0 };
  const counting = (snapshot: Snapshot): Snapshot => ({
    basisTx: snapshot.basisTx,
    config: snapshot.config,
    attributes: snapshot.attributes,
    asOf: (point) => counting(snapshot.asOf(point)),
    history: () => counting(snapshot.history()),
    with: (request) => snapshot.with(request),
    entityId: (ref) => snapshot.entityId(ref),
    count: (attribute, value) => snapshot.count(attribute, value),
    q: (query, inputs, window) => {
      counts.q += 1;
      return snapshot.q(query, inputs, window);
    },
    project: (projection, entities) => {
      counts.project += 1;
      return snapshot.project(projection, entities);
    },
    versions: (entities) => snapshot.versions(entities),
    pull: (pattern, entity) => snapshot.pull(pattern, entity),
    pullMany: (pattern, entities) => snapshot.pullMany(pattern, entities),
  });
  return {
    counts,
    reader: {
      snapshot: async (options) => counting(await reader.snapshot(options)),
      current: () => counting(reader.current()),
      onAdvance: (listener) => reader.onAdvance((snapshot) => listener(counting(snapshot))),
    },
  };
}

const ignore = (): void => undefined;

/** What each address of the protocol does, from the body of a request to an answer. No types of HTTP. */
import type { EdnData, EdnMap, DatabaseError } from '../../../engine/index.ts';
import { kw } from '../../../engine/index.ts';
import type { Operation, Right } from '../../../schema/operation.ts';
import { OPERATIONS, pathOf } from '../../../schema/operation.ts';
import { REMOTE_PEER, STORE, STORE_ID, WRITER, storeIdOf } from '../configuration.ts';
import { causedBy, errorData } from '../error-data.ts';
import type { Answer, Argument } from '../live.ts';
import { OpenedDatabase } from '../live.ts';
import type { Asked } from '../operations.ts';
import { perform } from '../operations.ts';
import type { Caller } from '../resolve-handles.ts';
import { checkAllowed, resolveHandles } from '../resolve-handles.ts';
import { coerce } from './coercion.ts';
import { jsonTransaction, withEmbeddedEdn } from './json-arguments.ts';

export interface Request {
  readonly body: EdnData;
  /** Whether it is plain JSON, of which texts may stand for more. */
  readonly isJson: boolean;
  readonly caller: Caller;
  readonly asked: Asked;
}

export interface Refused {
  readonly status: 400;
  readonly body: EdnMap;
}

export interface Route {
  readonly method: 'GET' | 'POST';
  /** The table has none for what writers of other processes send. */
  readonly operation: Operation | undefined;
  handle(request: Request): Promise<Answer | Refused>;
}

export function isRefused(answer: Answer | Refused): answer is Refused {
  return (
    typeof answer === 'object' && answer !== null && 'status' in answer && answer.status === 400
  );
}

/** By their paths. */
export const ROUTES: ReadonlyMap<string, Route> = new Map([
  ...OPERATIONS.map((operation) => [`/${pathOf(operation)}`, routeOf(operation)] as const),
  ['/create-database-writer', forWriters('admin', 'create-database')],
  ['/delete-database-writer', forWriters('admin', 'delete-database')],
  ['/transact!-writer', forWriters('write', 'transact')],
]);

function routeOf(operation: Operation): Route {
  return {
    method: operation.method,
    operation,
    async handle({ body, isJson, caller, asked }) {
      const given = isJson ? await fromJson(operation, body, caller, asked) : body;
      const coerced = coerce(operation, given, isJson);
      if ('report' in coerced) return { status: 400, body: coerced.report };
      checkConfiguration(operation, coerced.args, caller);
      const args = await resolveHandles(coerced.args, operation.right, caller, asked);
      return operation.name === 'create-database'
        ? create(args, asked)
        : perform(operation.name, args, asked);
    },
  };
}

/** What texts of a JSON request stand for. */
async function fromJson(
  operation: Operation,
  body: EdnData,
  caller: Caller,
  asked: Asked,
): Promise<ReadonlyArray<EdnData>> {
  if (operation.name !== 'transact') return withEmbeddedEdn(body);
  const [handle = null, txData = null] = Array.isArray(body)
    ? (body as ReadonlyArray<EdnData>)
    : [];
  const [connection] = await resolveHandles([handle], operation.right, caller, asked);
  if (!(connection instanceof OpenedDatabase)) return [handle, txData];
  const { db } = await asked.registry.db(connection);
  return [handle, jsonTransaction(txData, db)];
}

/** The configuration that comes back has the peer in it that it was asked of. */
async function create([given = null]: ReadonlyArray<Argument>, asked: Asked): Promise<Answer> {
  const config = given as EdnData;
  const made = await perform('create-database', [without(config, REMOTE_PEER)], asked);
  const peer = config instanceof Map ? ((config as EdnMap).get(REMOTE_PEER) ?? null) : null;
  return new Map([...(made as EdnMap), [REMOTE_PEER, peer]]);
}

/** What processes send that read for themselves and write through this one: the configuration of the database comes first. */
function forWriters(right: Right, name: string): Route {
  return {
    method: 'POST',
    operation: undefined,
    async handle({ body, caller, asked }) {
      const [given = null, ...rest] = Array.isArray(body) ? (body as ReadonlyArray<EdnData>) : [];
      const config = without(without(given, REMOTE_PEER), WRITER);
      checkAllowed(caller, right, nameOf(config));
      if (name !== 'transact') return perform(name, [config, ...rest], asked);
      return perform(name, [await asked.registry.connect(config), ...rest], asked);
    },
  };
}

/** Whoever names a database by its configuration needs the same right as with a handle. @throws FORBIDDEN */
function checkConfiguration(
  { arities, right }: Operation,
  args: ReadonlyArray<EdnData>,
  caller: Caller,
): void {
  const takesConfig = arities.some(({ parameters: [first] }) => first?.kinds.includes('config'));
  if (takesConfig) checkAllowed(caller, right, nameOf(args[0] ?? null));
}

/** The name of the database of a configuration; empty where it is yet to get one. @throws BAD_CONFIG */
function nameOf(config: EdnData): string {
  const store = config instanceof Map ? (config as EdnMap).get(STORE) : undefined;
  const isNamed = store instanceof Map && store.has(STORE_ID);
  return isNamed ? String(storeIdOf(store as EdnMap)) : '';
}

function without(config: EdnData, key: EdnData): EdnData {
  if (!(config instanceof Map) || !config.has(key)) return config;
  return new Map([...(config as EdnMap)].filter(([name]) => name !== key));
}

/** Operations that wait for somebody else: what went wrong there is told as the cause of it. */
const WAITING: ReadonlySet<string> = new Set([
  'create-database',
  'delete-database',
  'load-entities',
  'merge-db',
  'transact',
]);

export function errorBody(error: DatabaseError, route: Route): EdnMap {
  const isWaiting = WAITING.has(route.operation?.name ?? '') && !isRefusal(error);
  return new Map<EdnData, EdnData>([
    [kw('msg'), isWaiting ? causedBy(error) : error.summary],
    [kw('ex-data'), isWaiting ? new Map() : errorData(error)],
  ]);
}

function isRefusal({ kind }: DatabaseError): boolean {
  return kind === 'no-connection-for-db' || kind === 'not-allowed' || kind === 'store-not-allowed';
}

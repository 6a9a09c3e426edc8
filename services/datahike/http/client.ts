/** Operations asked of a server that speaks Datahike's protocol: one of ours, or Datahike's own. */
import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { request as requestSecurely } from 'node:https';
import type { EdnData, EdnMap } from '../../../engine/index.ts';
import { DatabaseError, Keyword, Uuid, kw, printEdn } from '../../../engine/index.ts';
import { OPERATIONS, pathOf } from '../../../schema/operation.ts';
import { Tagged } from '../../../schema/value.ts';
import type { TransactRequest, TransactResult, Writer } from '../../connection/writer-port.ts';
import { HANDLE } from '../live.ts';
import type { Format } from './formats.ts';
import { EDN_FORMAT, FORMATS } from './formats.ts';

export interface RemotePeer {
  /** `http://host:4444` */
  readonly url: string;
  readonly token?: string | undefined;
  /** Transit by default. */
  readonly format?: 'transit' | 'edn' | 'json' | 'cbor' | undefined;
}

const MEDIA_TYPES = {
  transit: 'application/transit+json',
  edn: 'application/edn',
  json: 'application/json',
  cbor: 'application/cbor',
} as const;

const BY_NAME = new Map(OPERATIONS.map((operation) => [operation.name, operation]));

/**
 * One operation of `schema/operation.ts`. Handles are given and come back as `Tagged`.
 *
 * @throws as the server tells it, with its message and data; WRITER_UNAVAILABLE where nobody answers, or not in the format
 */
export function callPeer(
  peer: RemotePeer,
  name: string,
  args: ReadonlyArray<EdnData>,
): Promise<EdnData> {
  const operation = BY_NAME.get(name);
  if (operation === undefined)
    throw new DatabaseError('BAD_USER_INPUT', `${name} is not supported for remote connections.`, {
      kind: 'remote-not-supported',
      data: { function: name },
    });
  return send(peer, operation.method, `/${pathOf(operation)}`, args);
}

/** What is sent to the addresses for those who read for themselves. @throws as {@link callPeer} */
export function callWriter(
  peer: RemotePeer,
  name: 'create-database' | 'delete-database' | 'transact!',
  args: ReadonlyArray<EdnData>,
): Promise<EdnData> {
  return send({ ...peer, format: 'cbor' }, 'POST', `/${name}-writer`, args);
}

/**
 * A writer in another process, which is asked over Datahike's protocol. It knows transactions and their metadata; what a writer of ours knows besides,
 * keys and conditions, is refused.
 */
export function peerWriter(peer: RemotePeer, config: EdnMap): Writer {
  return {
    async transact({ txData, txMeta, key, conditions, parents }: TransactRequest) {
      if (key !== undefined || conditions !== undefined || parents !== undefined)
        throw new DatabaseError(
          'BAD_USER_INPUT',
          'Expected transaction data and metadata alone: a Datahike server takes no keys, conditions or parents',
          { kind: 'remote-not-supported' },
        );
      const transaction = new Map<EdnData, EdnData>([[kw('tx-data'), txData]]);
      if (txMeta !== undefined) transaction.set(kw('tx-meta'), txMeta);
      return resultOf(await callWriter(peer, 'transact!', [config, transaction]));
    },
  };
}

function resultOf(report: EdnData): TransactResult {
  const map = report instanceof Tagged ? (report.value as EdnMap) : new Map<EdnData, EdnData>();
  const after = map.get(kw('db-after'));
  const handle = after instanceof Tagged ? (after.value as EdnMap) : undefined;
  const meta = map.get(kw('tx-meta')) as EdnMap | undefined;
  const [tx, instant] = [handle?.get(HANDLE.maxTx), meta?.get(kw('db/txInstant'))];
  if (typeof tx !== 'number') throw notUnderstood(printEdn(report).slice(0, 200));
  const commitId = handle?.get(HANDLE.commitId);
  return {
    tx,
    // Without history nothing tells when it was.
    instant: instant instanceof Date ? instant : new Date(),
    tempids: (map.get(kw('tempids')) ?? new Map()) as ReadonlyMap<EdnData, number>,
    datomCount: (map.get(kw('tx-data')) as ReadonlyArray<EdnData> | undefined)?.length ?? 0,
    commitId: commitId instanceof Uuid ? commitId.text : undefined,
  };
}

async function send(
  { url, token, format: name = 'transit' }: RemotePeer,
  method: 'GET' | 'POST',
  path: string,
  args: ReadonlyArray<EdnData>,
): Promise<EdnData> {
  const mediaType = MEDIA_TYPES[name];
  const format = FORMATS.get(mediaType) as Format;
  const body = Buffer.from(format.print(args));
  const address = new URL(`${url.replace(/\/+$/, '')}${path}`);
  // Answers may be kept under what they were asked with.
  if (method === 'GET') address.searchParams.set('args-id', idOf(body));
  const headers = {
    'Content-Type': mediaType,
    Accept: mediaType,
    'Content-Length': body.length,
    ...(token === undefined ? {} : { Authorization: `token ${token}` }),
  };
  const { status, bytes } = await exchange(address, method, headers, body);
  const answer = read(format, bytes, status, address);
  if (status === 200) return answer;
  throw errorOf(status, answer, address);
}

/** A GET with a body, which `fetch` does not send. */
function exchange(
  address: URL,
  method: string,
  headers: Readonly<Record<string, string | number>>,
  body: Buffer,
): Promise<{ readonly status: number; readonly bytes: Buffer }> {
  const ask = address.protocol === 'https:' ? requestSecurely : request;
  return new Promise((resolve, reject) => {
    const sent = ask(address, { method, headers });
    const fail = (cause: Error): void => reject(lost(address, method, cause));
    sent.on('error', fail);
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', fail);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, bytes: Buffer.concat(chunks) }),
      );
    });
    sent.end(body);
  });
}

function idOf(body: Buffer): string {
  const hex = createHash('sha256').update(body).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** What comes from somebody else, such as a proxy, is in another format. */
function read(format: Format, bytes: Buffer, status: number, address: URL): EdnData {
  try {
    return format.read(bytes);
  } catch (cause) {
    throw notUnderstood(`status ${status} from ${address.origin}`, cause);
  }
}

/** `{:msg … :ex-data {…}}`, or the report of arguments that do not fit. */
function errorOf(status: number, answer: EdnData, address: URL): DatabaseError {
  const map = answer instanceof Map ? (answer as EdnMap) : new Map<EdnData, EdnData>();
  if (status === 401)
    return new DatabaseError('UNAUTHENTICATED', `${address.origin} wants a token that it knows`);
  const [message, data] = [map.get(kw('msg')), map.get(kw('ex-data'))];
  if (typeof message === 'string')
    return told(message, data instanceof Map ? (data as EdnMap) : new Map());
  const humanized = map.get(kw('humanized'));
  if (humanized !== undefined)
    return new DatabaseError(
      'BAD_USER_INPUT',
      `The arguments of ${address.pathname} do not fit: ${printEdn(humanized)}`,
    );
  return notUnderstood(`status ${status} from ${address.origin}`);
}

/** The text of a cause begins with the class of its exception and ends with its data. */
const CAUSE = 'clojure.lang.ExceptionInfo: ';

function told(message: string, data: EdnMap): DatabaseError {
  if (message.startsWith(CAUSE) && data.size === 0) {
    const text = message.slice(CAUSE.length);
    for (let at = text.indexOf(' {'); at >= 0; at = text.indexOf(' {', at + 1)) {
      const cause = dataIn(text.slice(at + 1));
      if (cause !== undefined) return told(text.slice(0, at), cause);
    }
  }
  const kind = data.get(kw('error')) ?? data.get(kw('type'));
  const entries = Array.from(data, ([key, value]) => [nameOf(key), value] as const);
  return new DatabaseError('BAD_USER_INPUT', message, {
    ...(kind instanceof Keyword ? { kind: kind.qualifiedName } : {}),
    data: Object.fromEntries(entries.filter(([key]) => key !== 'error' && key !== 'type')),
  });
}

/** The map that a text writes, if it writes nothing else. */
function dataIn(text: string): EdnMap | undefined {
  try {
    const data = EDN_FORMAT.read(Buffer.from(text));
    return data instanceof Map ? (data as EdnMap) : undefined;
  } catch {
    return undefined;
  }
}

function nameOf(key: EdnData): string {
  return key instanceof Keyword ? key.qualifiedName : printEdn(key);
}

/** Where no connection was made nothing can have been written; later nobody knows. */
function lost(
  { origin }: URL,
  method: string,
  cause: Error & { readonly code?: string },
): DatabaseError {
  const wasSent =
    method === 'POST' && !['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'].includes(cause.code ?? '');
  return wasSent
    ? new DatabaseError(
        'OUTCOME_UNKNOWN',
        `The connection to ${origin} was lost: what was asked may have been done. Look before you ask again`,
        { cause },
      )
    : new DatabaseError(
        'WRITER_UNAVAILABLE',
        `Nothing returned. Is the server reachable? ${origin}: ${cause.message}`,
        { cause },
      );
}

function notUnderstood(what: string, cause?: unknown): DatabaseError {
  return new DatabaseError(
    'WRITER_UNAVAILABLE',
    `Expected an answer of a Datahike server, got ${what}`,
    { cause },
  );
}

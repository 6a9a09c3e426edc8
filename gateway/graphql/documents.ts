/**
 * The documents that requests name in the place of sending them: by the hash of one that was sent before (Apollo's automatic persisted queries), or by
 * the id of one that was registered with the gateway. A document is text here; who may ask what is decided where it is compiled.
 */
import { createHash } from 'node:crypto';
import { DatabaseError } from '../../schema/error.ts';

/** What a request says of its document, unchecked. */
export interface DocumentRequest {
  readonly query?: unknown;
  readonly documentId?: unknown;
  readonly extensions?: unknown;
}

export interface DocumentsOptions {
  /** Those of applications, by their ids. */
  readonly registered?: ReadonlyMap<string, string>;
  /** Whether all others are refused; false by default. */
  readonly onlyRegistered?: boolean;
}

/** What all documents that were sent may have of memory together, in characters. */
const MAX_TEXT_LENGTH = 4 * 1024 * 1024;

export class Documents {
  readonly #registered: ReadonlyMap<string, string>;
  /** The texts of those that were registered, where others are refused. */
  readonly #allowed: ReadonlySet<string> | undefined;
  /** By their hashes, the one that was asked for last at the end. */
  readonly #sent = new Map<string, string>();
  #textLength = 0;

  constructor({ registered = new Map(), onlyRegistered = false }: DocumentsOptions = {}) {
    this.#registered = registered;
    this.#allowed = onlyRegistered ? new Set(registered.values()) : undefined;
  }

  /**
   * The document that a request means; undefined where it means none.
   *
   * @throws BAD_USER_INPUT, FORBIDDEN, PERSISTED_QUERY_NOT_FOUND
   */
  textFor({ query, documentId, extensions }: DocumentRequest): string | undefined {
    const text = typeof query === 'string' && query !== '' ? query : undefined;
    const id = documentId ?? undefined;
    if (id !== undefined) return this.#allow(this.#named(id, text));
    const hash = hashIn(extensions);
    if (hash === undefined) return this.#allow(text);
    return this.#allow(text === undefined ? this.#find(hash) : this.#keep(hash, text));
  }

  #named(id: unknown, text: string | undefined): string {
    const registered = typeof id === 'string' ? this.#registered.get(id) : undefined;
    if (registered === undefined || (text !== undefined && text !== registered))
      throw new DatabaseError(
        'BAD_USER_INPUT',
        'documentId: expected the id of a registered operation, without a query',
      );
    return registered;
  }

  #find(hash: string): string | undefined {
    const registered = this.#registered.get(hash);
    if (registered !== undefined) return registered;
    // Whoever may not send it need not be asked to.
    if (this.#allowed !== undefined) throw notRegistered();
    const sent = this.#sent.get(hash);
    // The message is the one that Apollo's clients look for; they send the document with its hash then.
    if (sent === undefined)
      throw new DatabaseError('PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound');
    this.#sent.delete(hash);
    this.#sent.set(hash, sent);
    return sent;
  }

  #keep(hash: string, text: string): string {
    if (this.#sent.get(hash) === text || this.#registered.get(hash) === text) return text;
    if (createHash('sha256').update(text).digest('hex') !== hash)
      throw new DatabaseError(
        'BAD_USER_INPUT',
        'extensions.persistedQuery: the sha256Hash is not that of the query',
      );
    if (this.#allowed !== undefined) return text;
    this.#sent.set(hash, text);
    this.#textLength += text.length;
    for (const [oldest, { length }] of this.#sent) {
      if (this.#textLength <= MAX_TEXT_LENGTH) break;
      this.#sent.delete(oldest);
      this.#textLength -= length;
    }
    return text;
  }

  #allow(text: string | undefined): string | undefined {
    if (text === undefined || this.#allowed === undefined || this.#allowed.has(text)) return text;
    throw notRegistered();
  }
}

function notRegistered(): DatabaseError {
  return new DatabaseError(
    'FORBIDDEN',
    'Only registered operations are answered here: send the documentId of one, or its text as it was registered',
  );
}

/** Whether a request names its document, besides sending it or not. */
export function namesDocument({ documentId, extensions }: DocumentRequest): boolean {
  return (documentId ?? undefined) !== undefined || hashIn(extensions) !== undefined;
}

/** The hash in `extensions.persistedQuery`, if there is one. @throws BAD_USER_INPUT */
function hashIn(extensions: unknown): string | undefined {
  const { persistedQuery } = (extensions ?? {}) as { readonly persistedQuery?: unknown };
  if (persistedQuery === undefined || persistedQuery === null) return undefined;
  const { version, sha256Hash } = persistedQuery as Readonly<Record<string, unknown>>;
  if (version === 1 && typeof sha256Hash === 'string' && sha256Hash.length <= MAX_ID_LENGTH)
    return sha256Hash;
  throw new DatabaseError(
    'BAD_USER_INPUT',
    'extensions.persistedQuery: expected { version: 1, sha256Hash } with the hash of the query in hexadecimal digits',
  );
}

const MAX_ID_LENGTH = 200;

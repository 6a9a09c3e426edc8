/** What commands read: files, standard input, and EDN in arguments. Whatever is wrong there is told with its line and column. */
import { constants, createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { addAbortSignal } from 'node:stream';
import type { Readable } from 'node:stream';
import { readAllEdn, readEdn } from '../../schema/edn-read.ts';
import { DatabaseError } from '../../schema/error.ts';
import { kw } from '../../schema/keyword.ts';
import { EdnList } from '../../schema/value.ts';
import type { EdnData } from '../../schema/value.ts';
import { EXACT_TAGS } from '../../schema/wire/exact-edn.ts';
import { readPlainJson } from '../../schema/wire/plain-json.ts';
import type { TransactRequest } from '../../services/connection/writer-port.ts';
import type { Part, Place } from './form-splitter.ts';
import { FormSplitter, START, placeAfter } from './form-splitter.ts';

export const INPUT_FORMATS = ['edn', 'json'] as const;
export type InputFormat = (typeof INPUT_FORMATS)[number];

/** Where bytes come from, and how messages call it. */
export interface Source {
  readonly name: string;
  readonly stream: Readable;
}

/**
 * A file, or standard input where none is named, or `-` is.
 *
 * @throws BAD_USER_INPUT where the file cannot be read
 */
export async function openSource(
  file: string | undefined,
  input: Readable,
  signal: AbortSignal,
): Promise<Source> {
  if (file === undefined || file === '-')
    return { name: 'standard input', stream: addAbortSignal(signal, input) };
  await access(file, constants.R_OK).catch((cause: unknown) => {
    const got = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new DatabaseError(
      'BAD_USER_INPUT',
      `Expected a file to read at ${file}, got ${got}: name one that this process may read, or none to read standard input`,
      { cause },
    );
  });
  return { name: file, stream: addAbortSignal(signal, createReadStream(file)) };
}

export async function readText({ stream }: Source): Promise<string> {
  let text = '';
  for await (const chunk of chunksOf(stream)) text += chunk;
  return text;
}

/** One datum of EDN. @param name what it is, for messages */
export function readDatum(text: string, name: string): EdnData {
  try {
    return readEdn(text, { tags: EXACT_TAGS });
  } catch (error) {
    throw placed(error, name, { text, place: START });
  }
}

/** A transaction as it stands in a text. */
export interface ReadTransaction extends Pick<TransactRequest, 'txData' | 'txMeta'> {
  /** `people.edn:12:1` */
  readonly where: string;
}

/**
 * The transactions of a text, one after the other: vectors (arrays) of transaction data, or maps with `:tx-data` and `:tx-meta`. It is read on only when
 * the next one is wanted.
 *
 * @throws BAD_EDN, BAD_TRANSACTION, BAD_USER_INPUT
 */
export async function* readTransactions(
  { name, stream }: Source,
  format: InputFormat | undefined,
): AsyncGenerator<ReadTransaction, void> {
  const splitter = new FormSplitter();
  let known = format ?? formatOfName(name);
  const read = function* (part: Part): Generator<ReadTransaction, void> {
    known ??= formatOf(part.text);
    yield* transactionsIn(part, name, known);
  };
  for await (const chunk of chunksOf(stream))
    for (const part of splitter.push(chunk)) yield* read(part);
  yield* read(splitter.end());
}

function* transactionsIn(
  part: Part,
  name: string,
  format: InputFormat,
): Generator<ReadTransaction, void> {
  // What is left at the end of a file is blank.
  if (part.text.trim() === '') return;
  const place = placeAfter(part.place, BLANKS.exec(part.text)?.[0] ?? '');
  const where = shownPlace(name, place);
  let data: ReadonlyArray<EdnData>;
  try {
    data =
      format === 'edn' ? readAllEdn(part.text, { tags: EXACT_TAGS }) : [readPlainJson(part.text)];
  } catch (error) {
    throw placed(error, name, part);
  }
  for (const datum of data) yield { ...transactionOf(datum, where), where };
}

const BLANKS = /^(?:[\s,]+|;.*)*/;
const TX_DATA = kw('tx-data');
const TX_META = kw('tx-meta');

function transactionOf(datum: EdnData, where: string): Omit<ReadTransaction, 'where'> {
  if (datum instanceof Map && datum.has(TX_DATA)) {
    const map = datum as ReadonlyMap<EdnData, EdnData>;
    const meta = map.get(TX_META) ?? null;
    if (meta !== null && !(meta instanceof Map))
      throw new DatabaseError('BAD_TRANSACTION', `${where}: Expected a map as :tx-meta`);
    const { txData } = transactionOf(map.get(TX_DATA) ?? null, where);
    return meta === null ? { txData } : { txData, txMeta: meta };
  }
  if (Array.isArray(datum)) return { txData: datum as ReadonlyArray<EdnData> };
  if (datum instanceof EdnList) return { txData: datum.items };
  throw new DatabaseError(
    'BAD_TRANSACTION',
    `${where}: Expected a vector of transaction data, or a map with :tx-data, got ${datum instanceof Map ? 'another map: put entity maps into [ ]' : 'something else'}`,
  );
}

function formatOfName(name: string): InputFormat | undefined {
  if (name.endsWith('.edn')) return 'edn';
  return /\.(?:json|jsonl|ndjson)$/.test(name) ? 'json' : undefined;
}

/** In transaction data JSON begins with a text, of an operation or of an attribute; EDN with a keyword or a symbol. */
function formatOf(text: string): InputFormat {
  return /^[\s[{]*"/.test(text) ? 'json' : 'edn';
}

async function* chunksOf(stream: Readable): AsyncGenerator<string, void> {
  stream.setEncoding('utf8');
  for await (const chunk of stream) yield chunk as string;
}

const OFFSET = /,? at (?:offset|position) (\d+)(?:.*)$/;

/** An error in a part of a text with its place, instead of an offset. */
function placed(error: unknown, name: string, { text, place }: Part): unknown {
  if (!(error instanceof DatabaseError)) return error;
  const { code, message, kind, data } = error;
  const offset = OFFSET.exec(message)?.[1];
  const at = offset === undefined ? place : placeAfter(place, text.slice(0, Number(offset)));
  return new DatabaseError(code, `${shownPlace(name, at)}: ${message.replace(OFFSET, '')}`, {
    ...(kind === undefined ? {} : { kind }),
    data,
    cause: error,
  });
}

function shownPlace(name: string, { line, column }: Place): string {
  return `${name}:${line}:${column}`;
}

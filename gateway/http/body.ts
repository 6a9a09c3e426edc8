/** The JSON of a request's body, strictly: what JavaScript would quietly make another value of is refused. */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { DatabaseError } from '../../schema/error.ts';
import { giveWay } from '../../services/reader/reader.ts';

/** Whether a body can be read without more ado: JSON as it is, of a known length within the limit. */
export function isPlainJson({ headers }: IncomingMessage, limitBytes: number): boolean {
  const type = headers['content-type'];
  return (
    (type === 'application/json' || type === 'application/json; charset=utf-8') &&
    headers['content-encoding'] === undefined &&
    headers['transfer-encoding'] === undefined &&
    headers['content-length'] !== undefined &&
    Number(headers['content-length']) <= limitBytes
  );
}

/** All of a body; the server sees to its length and its time. Rejects where the sender goes away. */
export function readAll(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const [first = NOTHING] = chunks;
      resolve(chunks.length <= 1 ? first : Buffer.concat(chunks));
    });
    request.on('error', () => reject(gone()));
    if (request.destroyed) reject(gone());
  });
}

function gone(): DatabaseError {
  return new DatabaseError('CANCELLED', 'The request ended before all of its body came');
}

const NOTHING = Buffer.alloc(0);

/** As {@link parseJson}; lets others in between a long body and what it asks for. @throws BAD_USER_INPUT */
export async function parseBody(bytes: Buffer): Promise<unknown> {
  if (bytes.length <= LONG_BYTES) return parseJson(bytes);
  // From here on it is counted how long it holds the turn.
  await giveWay();
  const parsed = parseJson(bytes);
  await giveWay();
  return parsed;
}

const LONG_BYTES = 64 * 1024;

/** @throws BAD_USER_INPUT */
export function parseJson(bytes: Buffer): unknown {
  const text = checkedText(bytes);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw notJson(error as SyntaxError);
  }
}

/** Says where in the body, as the parser does. */
export function notJson({ message }: SyntaxError): DatabaseError {
  return new DatabaseError('BAD_USER_INPUT', `The request body is not JSON: ${message}`);
}

/** Refuses what {@link parseJson} does, for whoever parses a body otherwise. @throws BAD_USER_INPUT */
export function checkJson(bytes: Buffer): void {
  checkedText(bytes);
}

/** What web pages can send to anybody unasked: Apollo refuses it, and says why. */
const SIMPLE_TYPES = /^(application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)$/;

/** @throws UNSUPPORTED_MEDIA_TYPE where the type of a body is one that is not read here */
export function checkBodyType({ headers, url = '' }: IncomingMessage): void {
  const given = headers['content-type'];
  const hasBody =
    headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  if (given === undefined || !hasBody) return;
  const [type = '', ...parameters] = given.split(';').map((part) => part.trim().toLowerCase());
  const charset = parameters.find((each) => each.startsWith('charset='))?.slice(8);
  const isText = charset === undefined || /^"?utf-?8"?$/.test(charset);
  // REST says for each address what it takes.
  const isLeft = !url.startsWith('/graphql') || SIMPLE_TYPES.test(type);
  if (isText && (isLeft || /^application\/([\w.-]+\+)?json$/.test(type))) return;
  throw new DatabaseError(
    'UNSUPPORTED_MEDIA_TYPE',
    `Expected a body of JSON in UTF-8, got one of the type ${given.slice(0, 100)}`,
  );
}

function checkedText(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new DatabaseError('BAD_USER_INPUT', 'The request body is not UTF-8');
  const text = bytes.toString('utf8');
  if (text.startsWith('\ufeff'))
    throw new DatabaseError('BAD_USER_INPUT', 'The request body begins with a byte order mark');
  checkNumbers(text);
  checkCharacters(text);
  return text;
}

/** A text, of which digits mean nothing, or an integer of many digits. */
const TEXT_OR_LONG_INTEGER = /"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])|[\d.eE+-]+/g;

/** A long that a number of JavaScript does not hold would become another one. */
function checkNumbers(text: string): void {
  if (!/\d{16}/.test(text)) return;
  for (const [token] of text.matchAll(TEXT_OR_LONG_INTEGER)) {
    if (!/^-?\d{16,}$/.test(token) || isKept(token)) continue;
    throw new DatabaseError(
      'BAD_USER_INPUT',
      `The number ${token.slice(0, 40)} is too large to be sent as a number; send it as a string`,
    );
  }
}

/** Whether a whole number is the same in JavaScript, or is what JavaScript itself writes of a floating point number. */
function isKept(token: string): boolean {
  const number = Number(token);
  if (!Number.isFinite(number)) return false;
  return String(number) === token || BigInt(number) === BigInt(token);
}

/** Escapes of two halves that are one character, or any other escape. */
const ESCAPE = /\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|\\u[\da-fA-F]{4}|\\./g;

/** Half of a character cannot be stored, and would become another one. */
function checkCharacters(text: string): void {
  if (!/\\u[dD][89a-fA-F]/.test(text)) return;
  for (const [escape] of text.matchAll(ESCAPE))
    if (/^\\u[dD][89a-fA-F]..$/.test(escape))
      throw new DatabaseError('BAD_USER_INPUT', `The text ${escape} is half of a character`);
}

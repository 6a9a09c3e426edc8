/** The JSON of a request's body, strictly: what JavaScript would quietly make another value of is refused. */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { DatabaseError } from '../../schema/error.ts';

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
    let first: Buffer | undefined;
    const more: Buffer[] = [];
    request.on('data', (chunk: Buffer) => {
      if (first === undefined) first = chunk;
      else more.push(chunk);
    });
    request.once('end', () =>
      resolve(more.length === 0 ? (first ?? NOTHING) : Buffer.concat([first ?? NOTHING, ...more])),
    );
    request.once('error', () => reject(gone()));
  });
}

function gone(): DatabaseError {
  return new DatabaseError('CANCELLED', 'The request ended before all of its body came');
}

const NOTHING = Buffer.alloc(0);

/** @throws BAD_USER_INPUT */
export function parseJson(bytes: Buffer): unknown {
  const text = textOf(bytes);
  checkNumbers(text);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new DatabaseError('BAD_USER_INPUT', 'The request body is not JSON');
  }
}

/** Refuses what {@link parseJson} does, for whoever parses a body otherwise. @throws BAD_USER_INPUT */
export function checkJson(bytes: Buffer): void {
  checkNumbers(textOf(bytes));
}

function textOf(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  throw new DatabaseError('BAD_USER_INPUT', 'The request body is not UTF-8');
}

/** A text, of which digits mean nothing, or an integer of many digits. */
const TEXT_OR_LONG_INTEGER = /"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])|[\d.eE+-]+/g;

/** A long that a number of JavaScript does not hold would become another one. */
function checkNumbers(text: string): void {
  if (!/\d{16}/.test(text)) return;
  for (const [token] of text.matchAll(TEXT_OR_LONG_INTEGER)) {
    if (!/^-?\d{16,}$/.test(token) || Number.isSafeInteger(Number(token))) continue;
    throw new DatabaseError(
      'BAD_USER_INPUT',
      `The number ${token.slice(0, 40)} is too large to be sent as a number; send it as a string`,
    );
  }
}

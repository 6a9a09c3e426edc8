/** Replays recorded exchanges, in their order, against a fresh server. */
import { request } from 'node:http';
import type { EdnData } from '../../schema/value.ts';
import type { Substitutes } from './compare-http.ts';
import { isSame, learn, readBody, substitute } from './compare-http.ts';
import type { Answered, Exchange } from './recorded-http.ts';
import { remarkable } from './recorded-http.ts';

export interface Replayed {
  readonly exchange: Exchange;
  readonly actual: Answered;
  /** What differs, in words; nothing where all is as recorded. */
  readonly differences: ReadonlyArray<string>;
}

export async function replay(
  url: string,
  exchanges: ReadonlyArray<Exchange>,
): Promise<ReadonlyArray<Replayed>> {
  const substitutes: Substitutes = new Map();
  const replayed: Replayed[] = [];
  for (const exchange of exchanges) {
    const body = exchange.body === undefined ? undefined : substitute(exchange.body, substitutes);
    const actual = await send(url, { ...exchange, body });
    const [type] = exchange.headers.flatMap(([name, value]) =>
      name.toLowerCase() === 'content-type' && value !== '' ? [value] : [],
    );
    const read = ({ headers, body: text }: Answered): EdnData =>
      readBody(text, headers.get('content-type') ?? type ?? '');
    const [wanted, got] = [read(exchange.expected), read(actual)];
    learn(wanted, got, substitutes);
    replayed.push({
      exchange,
      actual,
      differences: differences(exchange, actual, wanted, got),
    });
  }
  return replayed;
}

function differences(
  { expected, path, body }: Exchange,
  actual: Answered,
  wanted: EdnData,
  got: EdnData,
): ReadonlyArray<string> {
  const found: string[] = [];
  if (expected.status !== actual.status)
    found.push(`status ${actual.status}, not ${expected.status}`);
  for (const name of new Set([...expected.headers.keys(), ...actual.headers.keys()])) {
    const [one, other] = [expected.headers.get(name), actual.headers.get(name)];
    if (one !== other) found.push(`${name}: ${other ?? 'none'}, not ${one ?? 'none'}`);
  }
  if (!isSame(wanted, got, `${path} ${body ?? ''}`)) found.push('body');
  return found;
}

/** As curl sends it, also a GET with a body. */
function send(url: string, { method, path, headers, body }: Exchange): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const given = Object.fromEntries(headers.filter(([, value]) => value !== ''));
    const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
    const sent = request(new URL(path, url), { method, headers: { ...given, ...length } });
    sent.on('error', reject);
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: remarkable(
            Object.entries(response.headers).map(([name, value]) => [name, String(value)] as const),
          ),
          body: Buffer.concat(chunks).toString('utf8').trim(),
        }),
      );
    });
    sent.end(body);
  });
}

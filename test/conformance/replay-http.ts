/** Replays recorded exchanges, in their order, against a fresh server. */
import type { EdnData } from '../../schema/value.ts';
import { sendRequest } from '../support/send-request.ts';
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
    const { body, headers } = exchange.request;
    const actual = await send(
      url,
      exchange,
      body === undefined ? undefined : substitute(body, substitutes),
    );
    const read = (answered: Answered): EdnData =>
      readBody(
        answered.body,
        answered.headers.get('content-type') ?? headers['content-type'] ?? '',
      );
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
  { expected, request: { url, body } }: Exchange,
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
  if (!isSame(wanted, got, `${url.pathname}${url.search} ${body ?? ''}`)) found.push('body');
  return found;
}

async function send(
  server: string,
  { request: { url, method, headers } }: Exchange,
  body: string | undefined,
): Promise<Answered> {
  const to = new URL(url.pathname + url.search, server);
  const told = await sendRequest(to, { method, headers, body });
  return {
    status: told.status,
    headers: remarkable(
      Object.entries(told.headers).map(([name, value]) => [name, String(value)] as const),
    ),
    body: told.text.trim(),
  };
}

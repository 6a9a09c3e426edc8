/** Recorded HTTP exchanges: a folder of files, each with the `curl` that was run and what it printed. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { CurlRequest } from '../support/curl.ts';
import { headerOf, readCurl } from '../support/curl.ts';

export interface Exchange {
  readonly name: string;
  readonly request: CurlRequest;
  readonly expected: Answered;
}

export interface Answered {
  readonly status: number;
  /** In lower case, without the date, the server and the length. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Of the machine that answered, and of how it sent it. */
const UNREMARKABLE: ReadonlySet<string> = new Set([
  'allow',
  'connection',
  'content-length',
  'content-security-policy',
  'date',
  'keep-alive',
  'last-modified',
  'server',
  'transfer-encoding',
  'vary',
  'x-content-type-options',
]);

/** In the order of their names, in which they were made. */
export function readExchanges(folder: string): ReadonlyArray<Exchange> {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.txt'))
    .sort()
    .map((name) =>
      readExchange(name.replace(/\.txt$/, ''), readFileSync(join(folder, name), 'utf8')),
    );
}

function readExchange(name: string, text: string): Exchange {
  const [request = '', response = ''] = text.replace('### REQUEST\n', '').split('\n### RESPONSE\n');
  const words = shellWords(request.replace(/^\$ curl /, ''));
  return { name, request: readCurl(words), expected: readAnswer(response) };
}

/** Words of a command line, of which some are within single quotes. */
function shellWords(line: string): string[] {
  const words = line.match(/(?:'[^']*'|\\[\s\S]|[^\s'\\])+/g) ?? [];
  return words.map((word) =>
    word.replace(
      /'([^']*)'|\\([\s\S])/g,
      (_, quoted?: string, escaped?: string) => quoted ?? escaped ?? '',
    ),
  );
}

function readAnswer(text: string): Answered {
  const [head = '', ...rest] = text.split(/\r?\n\r?\n/);
  const [first = '', ...lines] = head.split(/\r?\n/);
  const status = Number(first.split(' ')[1]);
  return { status, headers: remarkable(lines.map(headerOf)), body: rest.join('\n\n').trim() };
}

export function remarkable(
  headers: Iterable<readonly [string, string]>,
): ReadonlyMap<string, string> {
  const kept = Array.from(headers, ([name, value]) => [name.toLowerCase(), value] as const);
  return new Map(kept.filter(([name]) => !UNREMARKABLE.has(name)));
}

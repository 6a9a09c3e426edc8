/** What a command line of `curl` asks for, with the options that recordings and pages use. */
export interface CurlRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** Options that say how much curl prints. */
const QUIET: ReadonlySet<string> = new Set(['-s', '-i']);

/** @param words what follows `curl`, without the quotes of a shell */
export function readCurl(words: ReadonlyArray<string>): CurlRequest {
  const headers = new Map<string, string>();
  let [method, url, body]: Array<string | undefined> = [];
  const left = words.values();
  const next = (): string => left.next().value ?? '';
  for (const word of left) {
    if (word === '-X') method = next();
    else if (word === '-H') headers.set(...headerOf(next()));
    else if (word === '-d' || word === '--data-binary') body = next();
    else if (!word.startsWith('-')) url = word.startsWith('http') ? word : `http://${word}`;
    else if (!QUIET.has(word)) throw new Error(`Expected an option that is read here, got ${word}`);
  }
  if (body !== undefined && !headers.has('content-type'))
    headers.set('content-type', 'application/x-www-form-urlencoded');
  // One without a value is not sent.
  const sent = [...headers].filter(([, value]) => value !== '');
  return {
    url: new URL(url ?? ''),
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: Object.fromEntries(sent),
    body,
  };
}

/** The name in lower case, and the value. */
export function headerOf(text: string): [name: string, value: string] {
  const at = text.indexOf(':');
  return [text.slice(0, at).toLowerCase(), text.slice(at + 1).trim()];
}

/**
 * Whether an answer says what the recorded one does: ids that the server gave out and times aside, sets as sets, the texts of descriptions for
 * their readers.
 */
import { EdnList, EdnDouble, Tagged, Uuid } from '../../schema/value.ts';
import type { EdnData, EdnMap } from '../../schema/value.ts';
import { Keyword, kw } from '../../schema/keyword.ts';
import { valueKey } from '../../schema/value-key.ts';
import { formatOf } from '../../services/datahike/http/formats.ts';
import { isDecimal } from '../../schema/decimal.ts';

/** UUIDs of the recording and the ones that stand in their place. */
export type Substitutes = Map<string, string>;

/** Later ones are times of the recording, earlier ones data. */
const RECORDED_FROM = Date.UTC(2026, 10, 22);

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** A request with the ids that this server gave out. */
export function substitute(text: string, substitutes: Substitutes): string {
  return text.replace(UUID, (id) => substitutes.get(id) ?? id);
}

/** Reads a body in the format of its type; other texts as they are. */
export function readBody(body: string, contentType: string): EdnData {
  const format = formatOf(contentType);
  try {
    return format?.read(Buffer.from(body)) ?? (format === undefined ? body : null);
  } catch {
    return body;
  }
}

/** Notes which id of ours stands where one of the recording does. */
export function learn(expected: EdnData, actual: EdnData, substitutes: Substitutes): void {
  if (expected instanceof Uuid && actual instanceof Uuid) {
    if (!substitutes.has(expected.text)) substitutes.set(expected.text, actual.text);
    return;
  }
  if (expected instanceof Tagged && actual instanceof Tagged)
    return learn(expected.value, actual.value, substitutes);
  if (expected instanceof Map && actual instanceof Map)
    return (expected as EdnMap).forEach((value, key) =>
      learn(value, (actual as EdnMap).get(key) ?? null, substitutes),
    );
  const [items, others] = [itemsOf(expected), itemsOf(actual)];
  items?.forEach((item, place) => learn(item, others?.[place] ?? null, substitutes));
}

/** Keys of texts for people, and of how long something took. */
/** The keys of a long map have no order, and so neither has what they say. */
const TX_DATA = kw('tx-data');

const FREE: ReadonlySet<string> = new Set(['description', 'summary', 't', 'produces', 'consumes']);

/** What nobody ordered is compared as a bag; of what a limit leaves of it only how much there is. */
export function isSame(expected: EdnData, actual: EdnData, asked: string): boolean {
  if (!/^\/(q\b|datoms.*SinceDB)/s.test(asked)) return normal(expected) === normal(actual);
  const [wanted, found] = [itemsOf(expected), itemsOf(actual)];
  if (wanted === undefined || found === undefined) return normal(expected) === normal(actual);
  if (/\blimit"? *:?/.test(asked)) return wanted.length === found.length;
  return normalBag(wanted) === normalBag(found);
}

/** A text that is equal for what is the same. */
function normal(datum: EdnData): string {
  if (datum instanceof Uuid) return '#uuid';
  if (datum instanceof Date)
    return datum.getTime() >= RECORDED_FROM ? '#inst' : datum.toISOString();
  if (datum instanceof Tagged) return `#${nameOf(datum.tag)} ${normal(datum.value)}`;
  if (datum instanceof EdnDouble) return String(datum.value);
  if (typeof datum === 'bigint' || isDecimal(datum)) return String(datum);
  if (typeof datum === 'string') return normalText(datum);
  if (datum instanceof Map) return normalMap(datum as EdnMap);
  if (datum instanceof Set) return normalBag([...(datum as ReadonlySet<EdnData>)]);
  const items = itemsOf(datum);
  // What has the type of a set in one format is an array in another: rows and datoms that nobody ordered.
  if (items !== undefined)
    return isBag(items) ? normalBag(items) : `[${items.map(normal).join(' ')}]`;
  return String(valueKey(datum));
}

function normalMap(map: EdnMap): string {
  const entries = Array.from(map, ([key, value]) => {
    const isFree = key instanceof Keyword && FREE.has(key.qualifiedName);
    const items = key === TX_DATA ? itemsOf(value) : undefined;
    const text = isFree ? '…' : items === undefined ? normal(value) : normalBag(items);
    return `${normal(key)} ${text}`;
  });
  return `{${entries.sort().join(', ')}}`;
}

function normalBag(items: ReadonlyArray<EdnData>): string {
  return `{${items.map(normal).sort().join(' ')}}`;
}

function isBag(items: ReadonlyArray<EdnData>): boolean {
  return (
    items.length === 0 || items.every((item) => itemsOf(item) !== undefined || item instanceof Map)
  );
}

/** A message that ends with a map is the same where the map is. */
function normalText(text: string): string {
  const [, message = text, map] = /^([\s\S]*?) (\{:[\s\S]*\})$/.exec(text.replace(UUID, '#')) ?? [];
  if (map === undefined) return JSON.stringify(message);
  try {
    return `${JSON.stringify(message)} ${normal(readBody(map.replaceAll('#uuid "#"', '"#"'), 'application/edn'))}`;
  } catch {
    return JSON.stringify(text);
  }
}

function nameOf(tag: string): string {
  return tag === 'datahike.db.TxReport' ? 'datahike/TxReport' : tag;
}

function itemsOf(datum: EdnData): ReadonlyArray<EdnData> | undefined {
  if (datum instanceof EdnList) return datum.items;
  if (datum instanceof Set) return [...(datum as ReadonlySet<EdnData>)];
  return Array.isArray(datum) ? (datum as ReadonlyArray<EdnData>) : undefined;
}

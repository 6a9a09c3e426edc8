/** Transaction data in the forms that JavaScript has for it. */
import type { EdnData, EdnMap, Keyword } from '../../../engine/index.ts';
import { kw, readEdn } from '../../../engine/index.ts';
import type { Read } from './call.ts';

const TX_DATA = kw('tx-data');

/** EDN data of forms, of EDN text, or of a map `{'tx-data', 'tx-meta'}` of either. */
export function readTransaction(transaction: unknown, read: Read): EdnData {
  if (typeof transaction === 'string') return readEdn(transaction);
  const data = read(transaction);
  const forms = data instanceof Map ? (data as EdnMap).get(TX_DATA) : undefined;
  if (typeof forms !== 'string') return data;
  return new Map([...(data as EdnMap), [TX_DATA, readEdn(forms)]]);
}

/** Records `[e a v tx added]` of datoms, which may be objects as `datoms` gives them. */
export function readRecords(records: unknown, read: Read): EdnData {
  const data = read(records);
  return Array.isArray(data) ? (data as ReadonlyArray<EdnData>).map(recordOf) : data;
}

const PLACES = ['e', 'a', 'v', 'tx', 'added'].map(kw);

function recordOf(record: EdnData): EdnData {
  if (!(record instanceof Map)) return record;
  return PLACES.map((place) => (record as ReadonlyMap<Keyword, EdnData>).get(place) ?? null);
}

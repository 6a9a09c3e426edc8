/** What the wire formats of Datahike carry comes out as it went in, as far as a format can say it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDecimal } from '../../schema/decimal.ts';
import { printEdn } from '../../schema/edn-print.ts';
import { readEdn } from '../../schema/edn-read.ts';
import { Keyword, Sym, kw } from '../../schema/keyword.ts';
import { valueEquals } from '../../schema/value-key.ts';
import { EdnList, Tagged, Uuid } from '../../schema/value.ts';
import type { EdnData, EdnMap } from '../../schema/value.ts';
import { printCbor, readCbor } from '../../schema/wire/cbor.ts';
import { EXACT_TAGS, printExactEdn } from '../../schema/wire/exact-edn.ts';
import { printTaggedJson, readTaggedJson } from '../../schema/wire/tagged-json.ts';
import { printTransit, readTransit } from '../../schema/wire/transit.ts';
import { canonical, data, withoutTwins } from '../model/values.ts';

const OPTIONS = { tags: new Set(['datahike/DB']) };
const RUNS = { numRuns: 2_000 };

describe('transit', () => {
  it('is read back as equal data', () => {
    fc.assert(
      fc.property(data, (datum) => {
        const sent = mapData(withoutTwins(datum), inTransit);
        expect(canonical(readTransit(printTransit(sent), OPTIONS))).toBe(canonical(sent));
      }),
      RUNS,
    );
  });
});

describe('EDN with tags', () => {
  it('is read back as equal data, on one line', () => {
    fc.assert(
      fc.property(data, (datum) => {
        const sent = withoutTwins(datum);
        const text = printExactEdn(sent);
        expect(text).not.toContain('\n');
        expect(canonical(readEdn(text, { tags: EXACT_TAGS }))).toBe(canonical(sent));
      }),
      RUNS,
    );
  });
});

describe('CBOR', () => {
  it('is read back as equal data', () => {
    fc.assert(
      fc.property(data, (datum) => {
        const sent = withoutTwins(datum);
        expect(canonical(read(printCbor(sent)))).toBe(canonical(sent));
      }),
      RUNS,
    );
  });

  it('keeps objects that somebody knows, and refuses others', () => {
    const db = new Tagged('datahike/DB', new Map([[kw('max-tx'), 536_870_913]]));
    expect(read(printCbor([db]))).toEqual([db]);
    expect(() => read(printCbor(new Tagged('datahike/Nothing', 1)))).toThrow(
      'Expected an object of a kind that is known, got datahike/Nothing',
    );
  });

  it('that is none is refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          read(bytes);
        } catch (error) {
          expect(error).toMatchObject({ code: 'BAD_USER_INPUT' });
        }
      }),
      RUNS,
    );
  });

  const read = (bytes: Uint8Array): EdnData => readCbor(bytes, { ...OPTIONS, maxDepth: 100 });
});

describe("Datahike's JSON", () => {
  it('is read back as equal data, as far as JSON has a form for it', () => {
    fc.assert(
      fc.property(data, (datum) => {
        const sent = inJson(withoutTwins(datum));
        expect(canonical(readTaggedJson(printTaggedJson(sent), OPTIONS))).toBe(canonical(sent));
      }),
      RUNS,
    );
  });
});

describe('EDN', () => {
  it('keeps objects that somebody knows', () => {
    const db = new Tagged('datahike/DB', new Map([[kw('max-tx'), 536_870_913]]));
    const tags = new Map([['datahike/DB', (value: EdnData) => new Tagged('datahike/DB', value)]]);
    expect(printEdn([db])).toBe('[#datahike/DB {:max-tx 536870913}]');
    expect(readEdn(printEdn([db]), { tags })).toEqual([db]);
    expect(valueEquals(db, new Tagged('datahike/DB', new Map(db.value as EdnMap)))).toBe(true);
    expect(valueEquals(db, new Tagged('datahike/Datom', db.value))).toBe(false);
  });
});

describe.each([
  ['transit', printTransit, readTransit],
  ["Datahike's JSON", printTaggedJson, readTaggedJson],
])('%s', (_name, print, read) => {
  it('keeps objects that somebody knows', () => {
    const db = new Tagged('datahike/DB', new Map([[kw('max-tx'), 536_870_913]]));
    const [again] = read(print([db]), OPTIONS) as Tagged[];
    expect(again).toEqual(db);
  });
});

/** A double without a fraction is written as an integer. */
function inTransit(datum: EdnData): EdnData {
  const isLarge = typeof datum === 'number' && Number.isInteger(datum);
  return isLarge && !Number.isSafeInteger(datum) ? BigInt(datum) : datum;
}

/** Data of which each atom was replaced. */
function mapData(datum: EdnData, map: (atom: EdnData) => EdnData): EdnData {
  const inside = (item: EdnData): EdnData => mapData(item, map);
  if (datum instanceof EdnList) return new EdnList(datum.items.map(inside));
  if (Array.isArray(datum)) return (datum as ReadonlyArray<EdnData>).map(inside);
  if (datum instanceof Set) return new Set([...(datum as ReadonlySet<EdnData>)].map(inside));
  if (!(datum instanceof Map)) return map(datum);
  const entries = Array.from(datum as ReadonlyMap<EdnData, EdnData>);
  return new Map(entries.map(([key, value]) => [inside(key), inside(value)]));
}

/** What JSON writes in the place of what it has no form for. */
function inJson(datum: EdnData): EdnData {
  if (typeof datum === 'number') return Number.isFinite(datum) ? datum : String(datum);
  if (typeof datum !== 'object' || datum === null) return datum;
  if (datum instanceof EdnList) return datum.items.map(inJson);
  if (Array.isArray(datum)) return (datum as ReadonlyArray<EdnData>).map(inJson);
  if (datum instanceof Set) return new Set([...(datum as ReadonlySet<EdnData>)].map(inJson));
  if (datum instanceof Map) {
    const entries = Array.from(
      datum as ReadonlyMap<EdnData, EdnData>,
      ([key, value]) => [nameOf(key), inJson(value)] as const,
    );
    return new Map(Array.from(new Map(entries), ([name, value]) => [kw(name), value]));
  }
  if (datum instanceof Uint8Array) return btoa(String.fromCharCode(...datum));
  if (ArrayBuffer.isView(datum)) return Array.from(datum, inJson);
  if (isDecimal(datum)) return Number.isFinite(Number(datum)) ? Number(datum) : datum;
  return datum;
}

function nameOf(key: EdnData): string {
  if (key instanceof Keyword) return key.qualifiedName;
  if (typeof key === 'string') return key;
  if (key instanceof Sym || key instanceof Uuid) return printTaggedJson(key);
  return printTaggedJson(key);
}

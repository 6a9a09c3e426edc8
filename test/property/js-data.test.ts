/** The rules by which data of JavaScript is data of EDN: keys are keywords, texts with a colon are, and everything comes back. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromJs, toJs } from '../../schema/js.ts';
import { kw } from '../../schema/keyword.ts';
import { EdnList, Uuid } from '../../schema/value.ts';
import type { EdnData } from '../../schema/value.ts';
import { canonical } from '../model/values.ts';

const RUNS = { numRuns: 1_000 };

const name = fc.stringMatching(/^[a-z][a-z0-9?-]{0,8}(\/[a-z][a-z0-9-]{0,8})?$/);
const keyword = name.map((text) => `:${text}`);
const text = fc.string().filter((value) => !/^\\?:/.test(value));
const atom = fc.oneof(text, fc.integer(), fc.double({ noNaN: true }), fc.boolean(), fc.bigInt());
const when = fc.date({ noInvalidDate: true });

/** What a program writes. */
const plain = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    atom,
    fc.constant(null),
    keyword,
    when,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

/** What a database answers, of which nothing is two things in JavaScript. */
const told = fc.letrec<{ value: EdnData }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    atom,
    fc.constant(null),
    keyword.map(kw),
    when,
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .uniqueArray(fc.tuple(name.map(kw), tie('value')), { selector: ([key]) => key, maxLength: 4 })
      .map((entries) => new Map<EdnData, EdnData>(entries)),
  ),
})).value;

describe('data of JavaScript', () => {
  it('comes back as it was written', () => {
    fc.assert(
      fc.property(plain, (value) => {
        expect(toJs(fromJs(value))).toEqual(value);
      }),
      RUNS,
    );
  });

  it('is the same with colons before its keys', () => {
    const withColons = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(withColons);
      if (typeof value !== 'object' || value === null || value instanceof Date) return value;
      const entries = Object.entries(value).map(([key, item]) => [`:${key}`, withColons(item)]);
      return Object.fromEntries(entries) as unknown;
    };
    fc.assert(
      fc.property(plain, (value) => {
        expect(canonical(fromJs(withColons(value)))).toBe(canonical(fromJs(value)));
      }),
      RUNS,
    );
  });

  it('has keywords where texts begin with a colon, and none where that is escaped', () => {
    fc.assert(
      fc.property(keyword, (written) => {
        expect(fromJs(written)).toBe(kw(written));
        expect(fromJs(`\\${written}`)).toBe(written);
      }),
      RUNS,
    );
  });
});

describe('data of EDN', () => {
  it('is the same again when it was data of JavaScript', () => {
    fc.assert(
      fc.property(told, (value) => {
        expect(canonical(fromJs(toJs(value)))).toBe(canonical(value));
      }),
      RUNS,
    );
  });

  it('is made of plain objects, arrays and texts', () => {
    const holds = (value: unknown): boolean => {
      if (Array.isArray(value)) return value.every(holds);
      if (typeof value !== 'object' || value === null || value instanceof Date) return true;
      const isPlain = Object.getPrototypeOf(value) === Object.prototype;
      return isPlain && Object.values(value).every(holds);
    };
    const uuid = fc.uuid().map((id) => Uuid.parse(id) ?? null);
    const collected = fc.array(fc.oneof(told, uuid), { maxLength: 5 });
    fc.assert(
      fc.property(collected, (items) => {
        expect(holds(toJs(new Set(items)))).toBe(true);
        expect(holds(toJs(new EdnList(items)))).toBe(true);
        expect(toJs(new EdnList(items))).toEqual(toJs(items));
      }),
      RUNS,
    );
    expect(Object.keys(toJs(new Map([[kw('a/b'), 1]])) as object)).toEqual(['a/b']);
  });
});

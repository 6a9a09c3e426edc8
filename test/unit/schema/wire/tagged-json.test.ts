import { describe, expect, it } from 'vitest';
import { kw, sym } from '../../../../schema/keyword.ts';
import { Tagged, Uuid } from '../../../../schema/value.ts';
import type { EdnData } from '../../../../schema/value.ts';
import { printTaggedJson, readTaggedJson } from '../../../../schema/wire/tagged-json.ts';

const ID = '9000000a-0000-4000-8000-000000000001';
const OPTIONS = { tags: new Set(['datahike/DB']) };

/** What is written as Datahike writes it, and read again. */
const FORMS: ReadonlyArray<readonly [text: string, datum: EdnData]> = [
  ['["!kw","db.type/string"]', kw('db.type/string')],
  ['["!sym","?e"]', sym('?e')],
  ['["!set",[1,2]]', new Set([1, 2])],
  [`["!uuid","${ID}"]`, Uuid.parse(ID)!],
  ['["!date","1577836800000"]', new Date(1_577_836_800_000)],
  [
    '{"person/name":"Ada","age":36}',
    new Map<EdnData, EdnData>([
      [kw('person/name'), 'Ada'],
      [kw('age'), 36],
    ]),
  ],
  ['[null,true,1.5,"a",["!kw","b"]]', [null, true, 1.5, 'a', kw('b')]],
  ['9007199254740993', 9_007_199_254_740_993n],
  [
    `["!datahike/DB",{"store-id":[["!uuid","${ID}"],["!kw","db"]],"max-tx":536870912}]`,
    new Tagged(
      'datahike/DB',
      new Map<EdnData, EdnData>([
        [kw('store-id'), [Uuid.parse(ID)!, kw('db')]],
        [kw('max-tx'), 536_870_912],
      ]),
    ),
  ],
];

describe("Datahike's JSON", () => {
  it.each(FORMS)('%s', (text, datum) => {
    expect(printTaggedJson(datum)).toBe(text);
    expect(readTaggedJson(text, OPTIONS)).toEqual(datum);
  });

  it('names keys by their texts, whatever they are', () => {
    const tempids = new Map<EdnData, EdnData>([
      ['alice', 18],
      [-1, 19],
      [kw('db/current-tx'), 20],
    ]);
    expect(printTaggedJson(tempids)).toBe('{"alice":18,"-1":19,"db/current-tx":20}');
    expect(readTaggedJson('{"1":2}', OPTIONS)).toEqual(new Map([[kw('1'), 2]]));
  });

  it('leaves arrays that begin with a text alone, and tags that nobody knows', () => {
    expect(readTaggedJson('["!kw",["a"],3]', OPTIONS)).toEqual(['!kw', ['a'], 3]);
    expect(readTaggedJson('["!datahike/Nothing",1]', OPTIONS)).toEqual(['!datahike/Nothing', 1]);
    expect(readTaggedJson('["!constructor",1]', OPTIONS)).toEqual(['!constructor', 1]);
  });

  it.each([
    ['[{"store": {"backend', /Expected JSON: .*position/],
    ['["!kw",5]', /Expected what the tag !kw can stand before/],
    ['["!uuid","no"]', /tag !uuid/],
    ['["!date","soon"]', /tag !date/],
    ['["!set",1]', /tag !set/],
  ])('is refused: %s', (text, message) => {
    const told = { code: 'BAD_USER_INPUT', message: expect.stringMatching(message) as string };
    expect(() => readTaggedJson(text, OPTIONS)).toThrow(expect.objectContaining(told));
  });
});

import { describe, expect, it } from 'vitest';
import { cursorWriter, decodeCursor, hashList } from '../../../../../gateway/read/query/cursor.ts';
import { decodeId, encodeId } from '../../../../../gateway/read/global-id.ts';
import type { Order } from '../../../../../gateway/read/query/order.ts';
import { kw } from '../../../../../schema/keyword.ts';

const order: Order = {
  keys: [
    {
      path: [{ kind: 'value', ident: kw('city/founded'), target: undefined }],
      scalar: 'DateTime',
      descending: false,
      nullsFirst: false,
    },
    {
      path: [{ kind: 'value', ident: kw('city/kind'), target: undefined }],
      scalar: 'Keyword',
      descending: true,
      nullsFirst: false,
    },
  ],
  entityDescending: false,
};

const cursor = {
  basisTx: 536870920,
  position: { entity: 7, values: [new Date('1990-10-03T00:00:00Z'), null] },
};

const written = cursorWriter(cursor.basisTx, 'hash', order)(cursor.position);

const base64 = (json: unknown): string => Buffer.from(JSON.stringify(json)).toString('base64url');

describe('a cursor', () => {
  it('keeps its position', () => {
    expect(decodeCursor(written, 'hash', order)).toEqual(cursor);
  });

  it.each(['', 'a', 'ab', 'abc', 'ß€𝄞', '"\\\n', 'long '.repeat(500)])(
    'keeps the text %j',
    (text) => {
      const byText: Order = {
        keys: [{ ...order.keys[1]!, scalar: 'String' }],
        entityDescending: false,
      };
      const position = { entity: 123_456, values: [text] };
      for (const hash of ['', 'h', 'ha', 'hash']) {
        const encoded = cursorWriter(9, hash, byText)(position);
        expect(encoded).toMatch(/^[\w-]+$/);
        expect(decodeCursor(encoded, hash, byText)).toEqual({ basisTx: 9, position });
      }
    },
  );

  it('belongs to one list', () => {
    expect(() => decodeCursor(written, 'other', order)).toThrow(
      expect.objectContaining({ code: 'BAD_CURSOR' }),
    );
  });

  it.each([
    '',
    'x',
    base64(null),
    base64({}),
    base64([2, 1, 'hash', 7, null, null]),
    base64([1, -1, 'hash', 7, null, null]),
    base64([1, 1, 'hash', 'seven', null, null]),
    base64([1, 1, 'hash', 7, null]),
    base64([1, 1, 'hash', 7, 'not a date', null]),
    base64([1, 1, 'hash', 7, null, { $ne: 1 }]),
  ])('is refused when it is damaged: %s', (text) => {
    expect(() => decodeCursor(text, 'hash', order)).toThrow(
      expect.objectContaining({ code: 'BAD_CURSOR' }),
    );
  });

  it('has the same list for the same filter in another order of words', () => {
    const date = new Date(0);
    expect(hashList({ a: { gt: 1, lt: date }, b: [kw('x')] })).toBe(
      hashList({ b: [kw('x')], a: { lt: date, gt: 1 } }),
    );
    expect(hashList({ a: { gt: 1 } })).not.toBe(hashList({ a: { gt: 2 } }));
    expect(hashList({ a: 5n })).not.toBe(hashList({ a: kw('x') }));
  });
});

describe('an id', () => {
  it('names database and entity, whatever the name of the database', () => {
    expect(decodeId('a:b', encodeId('a:b', 7))).toBe(7);
  });

  it.each(['', 'x', '7', base64('world'), `${encodeId('world', 7)}=`, encodeId('world', -1)])(
    'is refused when the API has not given it: %s',
    (id) => {
      expect(() => decodeId('world', id)).toThrow(
        expect.objectContaining({ code: 'BAD_USER_INPUT' }),
      );
    },
  );
});

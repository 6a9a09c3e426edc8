/** A stored block in which one bit was turned is refused, and never gives other rows. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Columns } from '../../engine/datom/columns.ts';
import { columnsOf } from '../../engine/datom/columns-builder.ts';
import { decodeNode, encodeNode } from '../../engine/codec/node-codec.ts';
import { decodeRecord, encodeRecord } from '../../engine/commit/record.ts';
import { encodeSegment, readSegment, withCommit } from '../../engine/commit/segment.ts';
import type { Node } from '../../engine/tree/node.ts';
import { runSync } from '../../engine/shared/suspend.ts';
import { NO_ROOTS } from '../../engine/indices/base-index.ts';
import { DEFAULT_DATABASE_CONFIG } from '../../schema/database.ts';
import { DatabaseError } from '../../schema/error.ts';
import { datomsInRow, datomsOver } from '../model/datoms.ts';

const ADDRESS = 2 ** 33 + 5;

function decodeHere(bytes: Uint8Array): Node<Columns> {
  return decodeNode(bytes, ADDRESS);
}

const config = DEFAULT_DATABASE_CONFIG;
const COMMIT = { id: '8a0e5c4e-1c3b-4a6f-9d52-0a4f6f1b7c11', parents: [] };

function decodeSegment(bytes: Uint8Array): unknown {
  return runSync(readSegment(bytes));
}

const blocks: ReadonlyArray<
  readonly [name: string, bytes: Uint8Array, decode: (bytes: Uint8Array) => unknown]
> = [
  [
    'a leaf',
    encodeNode({ kind: 'leaf', keys: columnsOf(datomsInRow(1, 40)) }, ADDRESS),
    decodeHere,
  ],
  [
    'a branch',
    encodeNode(
      {
        kind: 'branch',
        level: 1,
        keys: columnsOf(datomsInRow(1, 3)),
        addresses: Float64Array.of(1, 2, 2 ** 40),
        counts: Float64Array.of(5, 6, 7),
      },
      ADDRESS,
    ),
    decodeHere,
  ],
  [
    'a segment',
    withCommit(
      runSync(encodeSegment({ tx: 536_870_914, maxEid: 9, changes: datomsInRow(1, 20) })),
      COMMIT,
    ),
    decodeSegment,
  ],
  [
    'a record',
    encodeRecord({
      config,
      indexedTx: 536_870_914,
      maxEid: 9,
      commit: COMMIT,
      roots: NO_ROOTS,
      purges: 1,
      purge: { tx: 536_870_914, lists: [7] },
      unnamedFrom: 2 ** 33 + 5,
      past: 2 ** 33 + 4,
    }),
    decodeRecord,
  ],
];

it.each(blocks)('%s with any one bit turned is refused', (_, bytes, decode) => {
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const damaged = bytes.slice();
    damaged[bit >>> 3]! ^= 1 << (bit & 7);
    expect(codeOf(() => decode(damaged))).toBe('STORE_CORRUPT');
  }
});

it.each(blocks)('%s that was cut off anywhere is refused', (_, bytes, decode) => {
  for (let length = 0; length < bytes.length; length++)
    expect(codeOf(() => decode(bytes.slice(0, length)))).toBe('STORE_CORRUPT');
});

it('bytes that are no block at all are refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      for (const decode of [decodeHere, decodeSegment, decodeRecord])
        expect(codeOf(() => decode(bytes))).toBe('STORE_CORRUPT');
    }),
  );
});

it('a leaf has the rows that were put in, whatever they are', () => {
  fc.assert(
    fc.property(fc.array(datomsOver(1_000)), (datoms) => {
      const leaf = encodeNode({ kind: 'leaf', keys: columnsOf(datoms) }, ADDRESS);
      const { keys } = decodeHere(leaf);
      expect(datoms.map((_, row) => keys.datom(row))).toEqual(datoms);
    }),
  );
});

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return error instanceof DatabaseError ? error.code : String(error);
  }
}

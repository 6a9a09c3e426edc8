/** Stored blocks byte by byte: what earlier releases wrote is read, what is written stays as it is recorded here, and each node is bound to its address. */
import { expect, it } from 'vitest';
import { checksum } from '../../../../engine/codec/checksum.ts';
import { decodeNode, encodeNode } from '../../../../engine/codec/node-codec.ts';
import { encodeSegment, readSegment } from '../../../../engine/commit/segment.ts';
import type { Columns } from '../../../../engine/datom/columns.ts';
import { columnsOf } from '../../../../engine/datom/columns-builder.ts';
import { NodeCache, createMemoryStoreHost } from '../../../../engine/index.ts';
import { runSync } from '../../../../engine/shared/suspend.ts';
import type { Node } from '../../../../engine/tree/node.ts';
import { datomsInRow } from '../../../model/datoms.ts';

const ADDRESS = 2 ** 33 + 7;

const LEAF: Node<Columns> = { kind: 'leaf', keys: columnsOf(datomsInRow(1, 3)) };
const BRANCH: Node<Columns> = {
  kind: 'branch',
  level: 1,
  keys: columnsOf(datomsInRow(1, 2)),
  addresses: Float64Array.of(2 ** 33, 2 ** 33 + 1),
  counts: Float64Array.of(5, 6),
};

const LONG_TEXT = Buffer.from(`${'text '.repeat(15)}3`).toString('hex');
const ROWS = `0302020282808080040000020006742f620006742f6100010101000100014c9801${LONG_TEXT}030202020501`;
const LEAF_BODY = `00${ROWS}00`;
const BRANCH_BODY =
  '0102808080804005020600020202828080800400020006742f620006742f610001010100000003020202';

/** The bodies as they have been since version 1, each after its version and checksum. */
const RECORDED: ReadonlyArray<
  readonly [name: string, node: Node<Columns>, version1: string, version2: string]
> = [
  ['a leaf', LEAF, `011b87a8f2${LEAF_BODY}`, `020ec407c8${LEAF_BODY}`],
  ['a branch', BRANCH, `014db339bd${BRANCH_BODY}`, `02598a2e59${BRANCH_BODY}`],
];

it.each(RECORDED)('%s is written as it is recorded', (_, node, _version1, version2) => {
  expect(hexOf(encodeNode(node, ADDRESS))).toBe(version2);
});

it.each(RECORDED)('%s of version 1, which has no address, is read', (_, node, version1) => {
  expect(rowsOf(decodeNode(bytesOf(version1), ADDRESS))).toEqual(rowsOf(node));
});

it.each(RECORDED)('%s is refused where it was not written', (_, node) => {
  const bytes = encodeNode(node, ADDRESS);
  expect(rowsOf(decodeNode(bytes, ADDRESS))).toEqual(rowsOf(node));
  for (const other of [ADDRESS + 1, ADDRESS - 1, ADDRESS + 2 ** 32, ADDRESS + 2 ** 52, 7])
    expect(() => decodeNode(bytes, other)).toThrow(/does not hold at its address/);
});

it('a segment is written and read as version 1', () => {
  const changes = datomsInRow(1, 3);
  const segment = runSync(encodeSegment({ tx: 536_870_914, maxEid: 9, changes }));
  const header = '0d00000001ad143b3182808080020903007d000000';
  expect(hexOf(segment)).toBe(`${header}01456a77dc03000000${ROWS}00`);
  expect(runSync(readSegment(segment)).changes).toEqual(changes);
});

it('85: what a later release wrote is refused by its version', () => {
  const bytes = encodeNode(LEAF, ADDRESS);
  bytes[0] = 3;
  expect(() => decodeNode(bytes, ADDRESS)).toThrow(
    expect.objectContaining({
      code: 'STORE_CORRUPT',
      message:
        'Expected a stored block of a format version up to 2, got 3: a newer release wrote it, or it is damaged',
    }),
  );
});

it('a reader names the address of a sound node that is in the place of another one', async () => {
  const store = await createMemoryStoreHost().create('swapped');
  const [one, other] = [ADDRESS, ADDRESS + 1];
  await store.write([
    { address: one, bytes: encodeNode(BRANCH, other) },
    { address: other, bytes: encodeNode(LEAF, one) },
  ]);
  const nodes = new NodeCache(0).open(store);
  for (const address of [one, other])
    await expect(nodes.load([address])).rejects.toMatchObject({
      code: 'STORE_CORRUPT',
      data: { database: store.id, address },
      message: expect.stringContaining('belongs to another one') as string,
    });
});

/** Of the reference implementation, over the bytes of its own test. */
it.each([
  [0, 0x02cc5d05, 0x36b78ae7],
  [1, 0xb85cbee5, 0xd5845d64],
  [14, 0xe5aa0ab4, 0x4481951d],
  [101, 0x1f1aa412, 0x498ec8e2],
])(
  'the checksum of %i bytes is that of xxHash32, without a seed and with one',
  (length, plain, seeded) => {
    const prime = 2_654_435_761;
    const bytes = new Uint8Array(length);
    for (let i = 0, state = prime; i < length; i++, state = Math.imul(state, state))
      bytes[i] = state >>> 24;
    expect([checksum(bytes), checksum(bytes, 0, prime | 0)]).toEqual([plain, seeded]);
  },
);

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

function rowsOf(node: Node<Columns>): unknown {
  const { keys, ...rest } = node;
  return { ...rest, rows: Array.from({ length: keys.length }, (_, row) => keys.datom(row)) };
}

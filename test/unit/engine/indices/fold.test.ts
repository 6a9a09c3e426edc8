import { expect, it } from 'vitest';
import type { EdnData } from '../../../../engine/index.ts';
import {
  DEFAULT_DATABASE_CONFIG,
  NodeCache,
  createMemoryStoreHost,
  dbWith,
  emptyDb,
  fold,
  kw,
  readEdn,
  run,
} from '../../../../engine/index.ts';
import { decodeNode } from '../../../../engine/codec/node-codec.ts';

const SCHEMA = readEdn(
  '[{:db/ident :text :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/index true}]',
) as EdnData[];

it('keeps branches small where values are large, and few where each fills a node', async () => {
  const texts = Array.from({ length: 300 }, (_, i): EdnData => [
    kw('db/add'),
    100 + i,
    kw('text'),
    `${'x'.repeat(10_000)}${i}`,
  ]);
  const db = await dbWith(await dbWith(emptyDb(DEFAULT_DATABASE_CONFIG), SCHEMA), texts);
  const store = await createMemoryStoreHost().create('fold');
  let address = 0;
  const { nodes, roots } = await run(fold(db, new NodeCache(0).open(store), () => ++address));
  const branches = nodes.filter(
    ({ address: at, bytes }) => decodeNode(bytes, at).kind === 'branch',
  );
  // In the two indices by entity a key needs no text; by value it needs all of a text that differs at its end.
  expect(roots.current.eavt.level).toBe(1);
  expect(branches.length).toBeLessThan(120);
  expect(Math.max(...branches.map(({ bytes }) => bytes.length))).toBeLessThan(90_000);
});

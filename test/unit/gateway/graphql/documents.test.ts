import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { Documents } from '../../../../gateway/graphql/documents.ts';

const persisted = (text: string) => ({
  extensions: {
    persistedQuery: { version: 1, sha256Hash: createHash('sha256').update(text).digest('hex') },
  },
});

it('keeps no more text than it may, and that which was asked for last', () => {
  const documents = new Documents();
  const megabyte = (i: number) => `{ a${i} } #${' '.repeat(1024 * 1024 - 20)}`;
  const send = (i: number) => documents.textFor({ query: megabyte(i), ...persisted(megabyte(i)) });
  const find = (i: number) => documents.textFor(persisted(megabyte(i)));
  for (const i of [0, 1, 2, 3]) send(i);
  find(0);
  send(4);
  expect(find(0)).toBe(megabyte(0));
  expect(() => find(1)).toThrow('PersistedQueryNotFound');
  for (const i of [2, 3, 4]) expect(find(i)).toBe(megabyte(i));
});

it('gives a document under no hash but its own', () => {
  const documents = new Documents();
  expect(() => documents.textFor({ query: '{ a }', ...persisted('{ b }') })).toThrow(/sha256Hash/);
  expect(() => documents.textFor(persisted('{ b }'))).toThrow('PersistedQueryNotFound');
});

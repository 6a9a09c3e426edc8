/** The gateway once more, over databases in which attributes are entities (`attribute-refs?`). */
import { describe } from 'vitest';
import { making } from './world-database.ts';

making.config = { ...making.config, attributeRefs: true };

describe('queries', async () => {
  await import('./graphql-query.test.ts');
});
describe('groups', async () => {
  await import('./groups.test.ts');
});
describe('history', async () => {
  await import('./history.test.ts');
});
describe('mutations', async () => {
  await import('./graphql-mutation.test.ts');
});
describe('writes', async () => {
  await import('./graphql-writes.test.ts');
});
describe('access', async () => {
  await import('./access.test.ts');
});
describe('other databases', async () => {
  await import('./foreign.test.ts');
});
describe('sets', async () => {
  await import('./sets.test.ts');
});
describe('changes', async () => {
  await import('./changes.test.ts');
});
describe('streams', async () => {
  await import('./event-stream.test.ts');
});
describe('REST', async () => {
  await import('./rest-writes.test.ts');
});

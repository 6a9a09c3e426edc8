import { lexicographicSortSchema, printSchema } from 'graphql';
import { expect, it } from 'vitest';
import { createSchema } from '../../gateway/generate/graphql/schema.ts';
import { buildModel } from '../../schema/model/build-model.ts';
import { openWorld } from './world-database.ts';

it('the schema of the world is world.graphql', async () => {
  const { reader, close } = await openWorld();
  const schema = await createSchema(buildModel(reader.current().attributes.values()));
  await close();
  await expect(`${printSchema(lexicographicSortSchema(schema))}\n`).toMatchFileSnapshot(
    'world.graphql',
  );
});

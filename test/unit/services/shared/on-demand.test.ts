import { EventEmitter, once } from 'node:events';
import { expect, it } from 'vitest';
import { OnDemand } from '../../../../services/shared/on-demand.ts';

it('opens what is being closed again only when that is done', async () => {
  const said: string[] = [];
  const closing = new EventEmitter();
  const done = once(closing, 'done');
  const things = new OnDemand<string>({
    open: (key) => {
      said.push('opened');
      return Promise.resolve(key);
    },
    close: async () => {
      await done;
      said.push('closed');
    },
    idleMs: 60_000,
    maxOpen: 2,
    onFault: (error) => said.push(String(error)),
  });
  (await things.hold('a')).release();
  const dropped = things.drop(() => true);
  const again = Promise.all([things.hold('a'), things.hold('a')]);
  // What is not being closed does not wait for it.
  (await things.hold('b')).release();
  closing.emit('done');
  await Promise.all([dropped, again]);
  expect(said).toEqual(['opened', 'opened', 'closed', 'opened']);
  await things.close();
});

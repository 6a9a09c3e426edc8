import { expect, it } from 'vitest';
import { createLog } from '../../../../services/shared/log.ts';

function lines(level: 'error' | 'info' | 'debug') {
  const written: Record<string, unknown>[] = [];
  const log = createLog({
    level,
    write: (line) => void written.push(JSON.parse(line) as Record<string, unknown>),
  });
  return { log, written };
}

it('writes events from its level upwards, with the fields of its parent', () => {
  const { log, written } = lines('info');
  log.debug({ event: 'unseen' });
  log.with({ branch: 'db' }).info({ event: 'root moved', version: 4 });
  expect(written).toMatchObject([{ level: 'info', event: 'root moved', version: 4, branch: 'db' }]);
});

it('writes errors with their cause and without secrets', () => {
  const { log, written } = lines('debug');
  const error = new Error('outer', { cause: new Error('inner') });
  log.error({ event: 'failed', error, url: 'redis://:secret@host', request: { token: 'secret' } });
  expect(JSON.stringify(written)).not.toContain('secret');
  expect(written[0]).toMatchObject({ error: { message: expect.stringContaining('inner') } });
});

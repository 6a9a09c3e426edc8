import { describe, expect, it } from 'vitest';
import { openPostgresBus } from '../../../services/bus/postgres-bus.ts';
import { createLog } from '../../../services/shared/log.ts';
import { runNetworkBusSuite } from '../../conformance/bus-suite.ts';
import { freePort } from '../../support/child-server.ts';
import { withClient } from '../../support/postgres.ts';
import { postgresUrl } from '../../support/server-urls.ts';
import { startTransactionPooler } from '../../support/transaction-pooler.ts';

const log = createLog({ level: 'silent' });

runNetworkBusSuite('postgres bus', async () => {
  const url = await postgresUrl();
  return {
    open: () => openPostgresBus({ url, log }),
    interrupt: () =>
      withClient(url, async (client) => {
        const { rowCount } = await client.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE application_name = 'datahike-gateway bus'`,
        );
        expect(rowCount).toBe(4);
      }),
  };
});

it('opens, listens and announces where there is no PostgreSQL', async () => {
  const bus = await openPostgresBus({
    url: `postgres://nobody@127.0.0.1:${await freePort()}/x`,
    log,
  });
  const stop = await bus.listen(
    'one',
    'db',
    () => undefined,
    () => undefined,
  );
  await bus.announce({
    database: 'one',
    branch: 'db',
    version: 1,
    epoch: 1,
    basisTx: 1,
    segments: [],
  });
  await stop();
  await bus.close();
});

describe('a mistake in the URL', () => {
  it.each([true, false])(
    'that leads to a pooler of transactions is named, where it refuses parameters: %s',
    async (refusesParameters) => {
      const pooler = await startTransactionPooler(await postgresUrl(), {
        connections: 3,
        refusesParameters,
      });
      await expect(openPostgresBus({ url: pooler.url, log })).rejects.toMatchObject({
        code: 'BAD_CONFIG',
        message: expect.stringContaining('DATAHIKE_GATEWAY_BUS_URL') as string,
      });
      await pooler.close();
    },
  );

  it('that names no database of the server is named', async () => {
    const url = new URL(await postgresUrl());
    url.pathname = '/no_such_database';
    await expect(openPostgresBus({ url: url.href, log })).rejects.toMatchObject({
      code: 'BAD_CONFIG',
      message: expect.stringContaining('no_such_database') as string,
    });
  });

  it('that names a file which is not there is named', async () => {
    const url = `${await postgresUrl()}?sslmode=verify-full&sslrootcert=/no/such/file`;
    await expect(openPostgresBus({ url, log })).rejects.toMatchObject({
      code: 'BAD_CONFIG',
      message: expect.stringContaining('/no/such/file') as string,
    });
  });
});

import { expect, it } from 'vitest';
import { openPostgresBus } from '../../../services/bus/postgres-bus.ts';
import { createLog } from '../../../services/shared/log.ts';
import { runNetworkBusSuite } from '../../conformance/bus-suite.ts';
import { freePort } from '../../support/child-server.ts';
import { withClient } from '../../support/postgres.ts';
import { postgresUrl } from '../../support/server-urls.ts';

const log = createLog({ level: 'silent' });

runNetworkBusSuite('postgres bus', async () => {
  const url = await postgresUrl();
  const bus = await openPostgresBus({ url, log });
  const buses = [bus];
  return {
    bus,
    async openAnother() {
      const another = await openPostgresBus({ url, log });
      buses.push(another);
      return another;
    },
    interrupt: () =>
      withClient(url, async (client) => {
        const { rowCount } = await client.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE application_name = 'datahike-gateway bus'`,
        );
        expect(rowCount).toBe(4);
      }),
    async dispose() {
      await Promise.all(buses.map((each) => each.close()));
    },
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

/** Datahike's JavaScript API, over each place that a database may be at. */
import { afterAll, beforeAll, describe } from 'vitest';
import * as d from '../../../services/datahike/api.ts';
import type { ProtocolServer } from '../../support/protocol-server.ts';
import { TOKEN, protocolServer } from '../../support/protocol-server.ts';
import type { TestSchema } from '../../support/postgres.ts';
import { freshSchema } from '../../support/postgres.ts';
import { testFolder } from '../../support/test-folder.ts';
import { inMemory, suite } from './api-suite.ts';

afterAll(() => d.close());

describe('in memory', () => {
  suite(inMemory);
});

describe('in files', () => {
  let path: string;
  beforeAll(async () => {
    path = `${await testFolder()}/databases`;
  });
  suite({
    isLocal: true,
    config: () => ({ store: { backend: 'file', path, id: String(d.randomUuid()) } }),
  });
});

describe('in PostgreSQL', () => {
  let place: TestSchema;
  beforeAll(async () => {
    place = await freshSchema();
  });
  afterAll(async () => {
    await d.close();
    await place.drop();
  });
  suite({
    isLocal: true,
    config: () => ({
      store: {
        backend: ':jdbc',
        jdbcUrl: place.url,
        table: place.schema,
        id: String(d.randomUuid()),
      },
    }),
  });
});

describe.each(['transit', 'edn', 'json', 'cbor'])('on a peer, in %s', (format) => {
  let server: ProtocolServer;
  beforeAll(async () => {
    server = await protocolServer();
  });
  afterAll(() => server.stop());
  suite({
    isLocal: false,
    isPlainJson: format === 'json',
    config: () => ({
      store: { backend: ':memory', id: String(d.randomUuid()) },
      'remote-peer': { backend: ':datahike-server', url: server.url, token: TOKEN, format },
    }),
  });
});

/**
 * A program: PostGraphile 5 over one schema of a PostgreSQL, set up as its documentation says for production. No console, no watching, no
 * subscriptions; nothing sets variables of the session, so that no request needs a transaction.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { postgraphile } from 'postgraphile';
import { makePgService } from 'postgraphile/adaptors/pg';
import { grafserv } from 'postgraphile/grafserv/node';
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber';

const [, , connectionString = '', schema = ''] = process.argv;
const POOL_SIZE = 10;

addPromiseWithResolvers();
const instance = postgraphile({
  extends: [PostGraphileAmberPreset],
  pgServices: [
    makePgService({
      connectionString,
      schemas: [schema],
      poolConfig: { max: POOL_SIZE },
      pubsub: false,
    }),
  ],
  grafserv: { graphiql: false, graphqlOverGET: false, watch: false, websockets: false },
  grafast: { explain: false },
});
const server = createServer();
await instance.createServ(grafserv).addTo(server);
// Otherwise the first request would wait for it.
await instance.getSchema();
server.listen(0, '127.0.0.1', () => {
  console.log(`Health http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});
process.once('SIGTERM', () => process.exit(0));

/** PostGraphile asks for Node 22. This is all that it calls and Node 20 has not. */
function addPromiseWithResolvers(): void {
  const target = Promise as { withResolvers?: () => object };
  target.withResolvers ??= () => {
    let resolve, reject;
    const promise = new Promise((onResolve, onReject) => {
      resolve = onResolve;
      reject = onReject;
    });
    return { promise, resolve, reject };
  };
}

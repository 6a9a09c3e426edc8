/**
 * Servers for a whole run of the tests: started here, in the one process that outlives all test files, when the first file
 * asks for them. The files ask over a loopback port, see `server-urls.ts`.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { createServers } from './servers.ts';
import { temporaryFolder } from './temporary-folder.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    readonly serverBroker: string;
    /** The parent of all temporary folders of the run. */
    readonly runFolder: string;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const servers = createServers();
  const folder = temporaryFolder();
  project.provide('runFolder', folder.path);
  const broker = createServer((request, response) => {
    const url = request.url === '/redis' ? servers.redisUrl() : servers.postgresUrl();
    url.then(
      (text) => response.end(text),
      (error: unknown) => {
        response.statusCode = 500;
        response.end(error instanceof Error ? error.message : String(error));
      },
    );
  });
  await new Promise<void>((resolve) => broker.listen(0, '127.0.0.1', resolve));
  const { port } = broker.address() as AddressInfo;
  project.provide('serverBroker', `http://127.0.0.1:${port}`);
  return async () => {
    broker.closeAllConnections();
    broker.close();
    await servers.stop();
    folder.remove();
  };
}

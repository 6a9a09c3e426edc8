/** HTTP servers from their first connection to their last. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DatabaseError } from '../../schema/error.ts';

/**
 * Waits until a server listens; gives the URL at which it is reached from this machine.
 *
 * @throws BAD_CONFIG where the address is taken or may not be used
 */
export async function untilListening(server: Server, host: string, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve).once('error', (cause) => {
      reject(
        new DatabaseError(
          'BAD_CONFIG',
          `Expected to listen on ${host} port ${port}, got ${cause.message}; choose another port`,
          { cause },
        ),
      );
    });
  });
  const { address, port: actual, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${actual}`;
}

/** Takes no new connection; resolves when the requests under way are answered. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}

/** A server of Datahike's protocol, with databases in memory and the token of the recordings. */
import { createHash } from 'node:crypto';
import { Registry } from '../../services/datahike/registry.ts';
import { templates } from '../../services/datahike/store-policy.ts';
import { authenticator } from '../../services/datahike/http/callers.ts';
import type { DatahikeToken } from '../../config/datahike-config.ts';
import type { ProtocolOptions } from '../../services/datahike/http/server.ts';
import { createProtocolServer } from '../../services/datahike/http/server.ts';
import { closeServer, untilListening } from '../../services/shared/listen.ts';
import { createLog } from '../../services/shared/log.ts';
import { closeStorage, openStorage } from '../../services/storage.ts';
import type { Told } from './send-request.ts';
import { sendRequest } from './send-request.ts';

export const TOKEN = 'securerandompassword';

export interface ProtocolServer {
  readonly url: string;
  readonly registry: Registry;
  stop(): Promise<void>;
}

export function grant(token: string, rest: Omit<DatahikeToken, 'sha256'> = {}): DatahikeToken {
  return { sha256: createHash('sha256').update(token).digest('hex'), ...rest };
}

export async function protocolServer(
  options: Partial<ProtocolOptions> & { readonly tokens?: ReadonlyArray<DatahikeToken> } = {},
): Promise<ProtocolServer> {
  const { tokens = [grant(TOKEN)], log = createLog({ level: 'silent' }), ...rest } = options;
  const storage = await openStorage(
    {
      store: { kind: 'memory' },
      bus: { kind: 'none' },
      nodeCacheBytes: 2 ** 26,
      pollIntervalMs: 1_000,
    },
    log,
  );
  const stores = templates([{ backend: 'memory', open: () => Promise.resolve(storage) }]);
  const registry = new Registry({ stores, log });
  const server = createProtocolServer({
    registry,
    authenticate: authenticator({ tokens, isOpen: false }),
    origins: ['http://localhost'],
    bodyLimitBytes: 2 ** 20,
    queryLimits: {},
    page: { folder: 'gateway/assets/swagger-ui' },
    log,
    ...rest,
  }).listen(0, '127.0.0.1');
  return {
    url: await untilListening(server, '127.0.0.1', 0),
    registry,
    async stop() {
      await closeServer(server);
      await registry.close();
      await closeStorage(storage);
    },
  };
}

export interface Asked {
  readonly method?: 'GET' | 'POST' | 'OPTIONS';
  /** JSON by default; an empty text for none. */
  readonly type?: string;
  /** None where it is undefined; that of the server by default. */
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One request as somebody writes it by hand, also a GET with a body. */
export function ask(
  url: string,
  path: string,
  body: string | Uint8Array | undefined,
  { method = 'POST', type = 'application/json', headers = {}, ...rest }: Asked = {},
): Promise<Told> {
  const token = 'token' in rest ? rest.token : TOKEN;
  return sendRequest(new URL(path, url), {
    method,
    headers: {
      ...(type === '' ? {} : { 'Content-Type': type }),
      ...(token === undefined ? {} : { Authorization: `token ${token}` }),
      ...headers,
    },
    body,
  });
}

/** Load on one server: connections that ask again as soon as they are answered. */
import { REQUEST_HEADERS } from './servers.ts';
import autocannon from 'autocannon';
import type { Asked } from './agreement.ts';
import type { ProcessorTimes } from './processors.ts';
import { between, processorTimes, shareOfOthers } from './processors.ts';

export interface LoadOptions {
  readonly name: string;
  readonly url: string;
  readonly asked: Asked;
  readonly seconds: number;
  readonly serverPid: number;
  readonly postgresPid: number | undefined;
}

/** One round. */
export interface Measured {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of processors, for each request; NaN where it is not known. */
  readonly serverMs: number;
  readonly postgresMs: number;
  /** The part of the machine that other processes took. */
  readonly others: number;
  /** The part of one processor that the load generator took. */
  readonly generator: number;
}

const CONNECTIONS = 32;
/** The first request of each connection comes with that of all others, and waits for more than it will later. */
const SETTLING_MS = 500;

/** @throws where any answer is no success, or has a size that none of the answers had when they were compared */
export async function measureLoad(options: LoadOptions): Promise<Measured> {
  const { name, asked, seconds, serverPid, postgresPid } = options;
  const times = (): ProcessorTimes => processorTimes(serverPid, postgresPid);
  const latencies: number[] = [];
  let answers = 0;
  const before = times();
  const startedAt = performance.now();
  const result = await load(options, (responseMs) => {
    answers++;
    if (performance.now() > startedAt + SETTLING_MS) latencies.push(responseMs);
  });
  const spent = between(before, times());
  const { errors, timeouts, non2xx, mismatches, duration } = result;
  if (errors + timeouts + non2xx + mismatches > 0 || latencies.length === 0)
    throw new Error(
      `${name}: of ${answers} answers ${non2xx} were no success and ${mismatches} not one of those expected (${asked.bodies.length} were), ` +
        `${errors} failed and ${timeouts} took too long`,
    );
  const sorted = Float64Array.from(latencies).sort();
  return {
    requestsPerSecond: answers / duration,
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    serverMs: spent.server / answers,
    postgresMs: spent.postgres / answers,
    others: shareOfOthers(spent),
    generator: spent.load / (seconds * 1_000),
  };
}

function load(
  { url, asked, seconds }: LoadOptions,
  onResponse: (responseMs: number) => void,
): Promise<autocannon.Result> {
  const requests = asked.bodies.map((body) => ({ body }));
  const sizes: ReadonlySet<number> = new Set(asked.sizes);
  let clients = 0;
  const options: autocannon.Options = {
    url,
    method: 'POST',
    headers: REQUEST_HEADERS,
    connections: CONNECTIONS,
    duration: seconds,
    requests,
    // They do not all ask the same at the same time.
    setupClient: (client) => {
      const first = Math.floor((clients++ * requests.length) / CONNECTIONS);
      client.setRequests([...requests.slice(first), ...requests.slice(0, first)]);
    },
    // An answer with errors is longer or shorter; all of each answer need not be looked at.
    verifyBody: (body) => sizes.has(body?.length ?? 0),
  };
  return new Promise((resolve, reject) => {
    const instance = autocannon(options, (error: Error | null, result) => {
      if (error === null) resolve(result);
      else reject(error);
    });
    instance.on('response', (_client, _status, _bytes, responseMs) => onResponse(responseMs));
  });
}

function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

/**
 * The program that makes load, run by `load.ts`: each message is a {@link LoadOrder}, and is answered by a {@link LoadReport} when the time is over. Node
 * runs it as it does by default: a young generation of 64 MiB, as servers are given, makes pauses of 5 ms and more here, which all of the connections
 * wait for and the faster server loses most by.
 */
import autocannon from 'autocannon';

export interface LoadOrder {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  /** Each connection sends all of them in turn. */
  readonly bodies: ReadonlyArray<string>;
  /** Of the answers that are expected, in bytes; any, where there are none. */
  readonly sizes: ReadonlyArray<number>;
  readonly connections: number;
  readonly seconds: number;
}

export interface LoadReport {
  readonly answers: number;
  /** No success, or of a size that is not expected. */
  readonly refused: number;
  readonly unexpected: number;
  /** Without an answer. */
  readonly failed: number;
  readonly late: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** The first request of each connection comes with that of all others, and waits for more than it will later. */
const SETTLING_MS = 500;

async function makeLoad(order: LoadOrder): Promise<LoadReport> {
  const latencies: number[] = [];
  let answers = 0;
  const startedAt = performance.now();
  const result = await run(order, (responseMs) => {
    answers++;
    if (performance.now() > startedAt + SETTLING_MS) latencies.push(responseMs);
  });
  const sorted = Float64Array.from(latencies).sort();
  return {
    answers,
    refused: result.non2xx,
    unexpected: result.mismatches,
    failed: result.errors,
    late: result.timeouts,
    seconds: result.duration,
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
  };
}

function run(
  { url, method, headers, bodies, sizes, connections, seconds }: LoadOrder,
  onResponse: (responseMs: number) => void,
): Promise<autocannon.Result> {
  const requests = bodies.map((body) => ({ body }));
  const expected = new Set(sizes);
  let clients = 0;
  const options: autocannon.Options = {
    ...{ url, method, headers: { ...headers }, connections, requests },
    duration: seconds,
    // They do not all ask the same at the same time.
    setupClient: (client) => {
      const first = Math.floor((clients++ * requests.length) / connections);
      client.setRequests([...requests.slice(first), ...requests.slice(0, first)]);
    },
    // An answer with errors is longer or shorter; all of each answer need not be looked at.
    verifyBody: (body) => expected.size === 0 || expected.has(body?.length ?? 0),
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

process.on('message', (order: LoadOrder) => {
  void makeLoad(order).then((report) => process.send?.(report));
});
process.on('disconnect', () => process.exit());

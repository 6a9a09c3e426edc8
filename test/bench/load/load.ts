/** Load on one server: connections that ask again as soon as they are answered, made by a process of its own. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { atExit } from '../../support/clean-up.ts';
import { buildPrograms } from '../../support/programs.ts';
import type { LoadOrder, LoadReport } from './generator.ts';
import { between, processorTimes, shareOfOthers } from './processors.ts';

export interface LoadOptions extends Pick<LoadOrder, 'url' | 'headers' | 'seconds'> {
  readonly name: string;
  readonly asked: Asked;
  /** By default POST. */
  readonly method?: 'GET' | 'POST';
  readonly serverPid: number;
  readonly postgresPid?: number | undefined;
}

/** What a server is asked. */
export interface Asked {
  readonly bodies: ReadonlyArray<string>;
  /** Of the answers, in bytes; they may have any where there are none. */
  readonly sizes: ReadonlyArray<number>;
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

export const CONNECTIONS = 32;

/** A process that makes load on one server after the other, and so is as warm for the last as for the first. */
export class LoadGenerator {
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown[]>;

  private constructor(process: ChildProcess) {
    this.#process = process;
    const forget = atExit(() => process.kill('SIGKILL'));
    this.#ended = once(process, 'exit').finally(forget);
  }

  static async start(): Promise<LoadGenerator> {
    const { generator } = await buildPrograms('bench-load', {
      generator: 'test/bench/load/generator.ts',
    });
    return new LoadGenerator(fork(generator, { execArgv: [] }));
  }

  /** One round at a time. @throws where any answer is no success, or has a size that none of the answers had when they were compared */
  async measure(options: LoadOptions): Promise<Measured> {
    const { name, url, headers, asked, method = 'POST', seconds, serverPid, postgresPid } = options;
    const pids = { server: serverPid, postgres: postgresPid, load: this.#process.pid };
    const before = processorTimes(pids);
    const report = await this.#make({
      ...{ url, method, headers, seconds, connections: CONNECTIONS },
      ...asked,
    });
    const spent = between(before, processorTimes(pids));
    const { answers, refused, unexpected, failed, late } = report;
    if (refused + unexpected + failed + late > 0 || Number.isNaN(report.p50Ms))
      throw new Error(
        `${name}: of ${answers} answers ${refused} were no success and ${unexpected} not one of those expected (${asked.bodies.length} were), ` +
          `${failed} failed and ${late} took too long`,
      );
    return {
      requestsPerSecond: answers / report.seconds,
      ...{ p50Ms: report.p50Ms, p99Ms: report.p99Ms },
      serverMs: spent.server / answers,
      postgresMs: spent.postgres / answers,
      others: shareOfOthers(spent),
      generator: spent.load / (seconds * 1_000),
    };
  }

  async end(): Promise<void> {
    this.#process.disconnect();
    await this.#ended;
  }

  async #make(order: LoadOrder): Promise<LoadReport> {
    const ended = this.#ended.then(([code]) => {
      throw new Error(`The load generator ended with ${String(code)}`);
    });
    this.#process.send(order);
    const [report] = await Promise.race([once(this.#process, 'message'), ended]);
    return report as LoadReport;
  }
}

/** Takes transactions of other processes: `POST /transact/{database}`, with `?branch=` for another branch than the main one, and an EDN body. */
import type { Server } from 'node:http';
import express from 'express';
import type { ErrorRequestHandler } from 'express';
import { DatabaseError, MAIN_BRANCH } from '../../engine/index.ts';
import type { Writer } from '../connection/writer-port.ts';
import { writerKey } from '../connection/writer-port.ts';
import type { Log } from '../shared/log.ts';
import { closeServer, untilListening } from '../shared/listen.ts';
import { EDN, printError, printResult, readRequest } from './wire.ts';

export interface WriterServerOptions {
  /** By {@link writerKey}. */
  readonly writers: ReadonlyMap<string, Writer>;
  readonly host: string;
  readonly port: number;
  readonly bodyLimitBytes: number;
  readonly log: Log;
}

export class WriterServer {
  readonly #options: WriterServerOptions;
  #server: Server | undefined;

  constructor(options: WriterServerOptions) {
    this.#options = options;
  }

  /** Listens; gives the URL at which it is reached from this machine. */
  async start(): Promise<string> {
    const { host, port } = this.#options;
    const server = this.#app().listen(port, host);
    this.#server = server;
    return untilListening(server, host, port);
  }

  /** Takes no new request; resolves when those under way are answered. */
  async stop(): Promise<void> {
    if (this.#server !== undefined) await closeServer(this.#server);
  }

  #app(): express.Express {
    const { writers, bodyLimitBytes } = this.#options;
    const app = express().disable('x-powered-by');
    app.use(express.text({ type: EDN, limit: bodyLimitBytes }));
    app.post('/transact/:database', async (request, response) => {
      const { database } = request.params;
      const { branch = MAIN_BRANCH } = request.query;
      const writer = writers.get(writerKey(database, String(branch)));
      if (writer === undefined)
        throw new DatabaseError(
          'DATABASE_NOT_FOUND',
          `This writer does not serve ${database} (branch ${String(branch)})`,
        );
      if (typeof request.body !== 'string')
        throw new DatabaseError('BAD_EDN', `Expected a body of content type ${EDN}`);
      response.type(EDN).send(printResult(await writer.transact(readRequest(request.body))));
    });
    app.use(this.#onError);
    return app;
  }

  readonly #onError: ErrorRequestHandler = (error: unknown, _request, response, _next) => {
    const known = this.#toDatabaseError(error);
    response.status(known.httpStatus).type(EDN).send(printError(known));
  };

  #toDatabaseError(error: unknown): DatabaseError {
    if (error instanceof DatabaseError) return error;
    if (
      typeof error === 'object' &&
      error !== null &&
      'type' in error &&
      error.type === 'entity.too.large'
    )
      return new DatabaseError(
        'BODY_TOO_LARGE',
        `Expected a body of at most ${this.#options.bodyLimitBytes} bytes; send the transaction in parts`,
      );
    this.#options.log.error({ event: 'request failed', error });
    return new DatabaseError('INTERNAL', 'The writer failed; its log says why');
  }
}

/**
 * The log of a process: one line of JSON for each event, on standard error. An event is an object whose `event` says in a
 * few words what happened, and whose numbers have units in their names.
 *
 * Three levels: error, a developer should look; info, the state of the process changed; debug, everything else.
 */
import { destination, pino, stdSerializers, type Logger } from 'pino';

export type LogLevel = 'error' | 'info' | 'debug';

export interface LogEvent {
  readonly event: string;
  readonly [field: string]: unknown;
}

export interface Log {
  error(event: LogEvent): void;
  info(event: LogEvent): void;
  debug(event: LogEvent): void;
  /** A log that adds the same fields to every event. */
  with(fields: Readonly<Record<string, unknown>>): Log;
}

export interface LogOptions {
  /** `silent` writes nothing. */
  readonly level: LogLevel | 'silent';
  /** Where lines go; standard error by default. */
  readonly write?: (line: string) => void;
}

const STANDARD_ERROR = 2;
const SECRET_FIELDS = ['token', 'password', 'authorization', 'url'];
/** A client of Redis shows with its errors what it sent, a login as well. */
const SENT_FIELDS = ['error.command.args'];

export function createLog({ level, write }: LogOptions): Log {
  const stream = write === undefined ? destination({ fd: STANDARD_ERROR, sync: true }) : { write };
  const logger = pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: stdSerializers.err },
      redact: [...SECRET_FIELDS, ...SECRET_FIELDS.map((field) => `*.${field}`), ...SENT_FIELDS],
    },
    stream,
  );
  return logOf(logger);
}

function logOf(logger: Logger): Log {
  return {
    error: (event) => logger.error(event),
    info: (event) => logger.info(event),
    debug: (event) => logger.debug(event),
    with: (fields) => logOf(logger.child(fields)),
  };
}

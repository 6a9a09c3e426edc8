/**
 * What users of the API hold: a connection, a value of a database. Each stands for something that lives in this process, or on a peer whose answer it came
 * with. Types carry the schema that the program declared; at run time there is nothing of it.
 */
import { DatabaseError, printEdn } from '../../../engine/index.ts';
import type { Tagged } from '../../../schema/value.ts';
import type { RemotePeer } from '../http/client.ts';
import type { DatabaseValue, OpenedDatabase } from '../live.ts';
import type { AnyDefinition } from './schema-types.ts';

declare const SCHEMA: unique symbol;

/** A connection, as `connect` gives it. */
export interface Connection<S extends AnyDefinition = AnyDefinition> {
  readonly [SCHEMA]: S;
}

/** A value of a database: it never changes, and can be asked for as long as somebody has it. */
export interface Database<S extends AnyDefinition = AnyDefinition> {
  readonly [SCHEMA]: S;
}

const INSPECT = Symbol.for('nodejs.util.inspect.custom');

export class ConnectionHandle implements Connection {
  declare readonly [SCHEMA]: AnyDefinition;
  readonly tagged: Tagged;
  /** Undefined where a peer has it. */
  readonly live: OpenedDatabase | undefined;
  readonly peer: RemotePeer | undefined;
  isReleased = false;

  constructor(options: Pick<ConnectionHandle, 'tagged' | 'live' | 'peer'>) {
    this.tagged = options.tagged;
    this.live = options.live;
    this.peer = options.peer;
  }

  [INSPECT](): string {
    return printEdn(this.tagged);
  }
}

export class DatabaseHandle implements Database {
  declare readonly [SCHEMA]: AnyDefinition;
  readonly tagged: Tagged;
  /** Undefined where a peer has it. */
  readonly live: DatabaseValue | undefined;
  readonly peer: RemotePeer | undefined;

  constructor(options: Pick<DatabaseHandle, 'tagged' | 'live' | 'peer'>) {
    this.tagged = options.tagged;
    this.live = options.live;
    this.peer = options.peer;
  }

  [INSPECT](): string {
    return printEdn(this.tagged);
  }
}

export type Handle = ConnectionHandle | DatabaseHandle;

/** What somebody holds as a connection. @throws BAD_USER_INPUT, CONNECTION_RELEASED */
export function openHandle(connection: unknown, operation: string): ConnectionHandle {
  if (!(connection instanceof ConnectionHandle))
    throw new DatabaseError(
      'BAD_USER_INPUT',
      `Expected a connection as the first argument of ${operation}, as connect gives it`,
    );
  checkOpen(connection);
  return connection;
}

/** The connection of this process that a handle stands for. @throws BAD_USER_INPUT, CONNECTION_RELEASED */
export function localConnection(connection: unknown, operation: string): OpenedDatabase {
  const { live } = openHandle(connection, operation);
  if (live !== undefined) return live;
  throw notRemote(operation);
}

/** The value in this process that a handle stands for. @throws BAD_USER_INPUT */
export function localDatabase(db: unknown, operation: string): DatabaseValue {
  if (!(db instanceof DatabaseHandle))
    throw new DatabaseError(
      'BAD_USER_INPUT',
      `Expected a database as the first argument of ${operation}, as db gives it`,
    );
  if (db.live !== undefined) return db.live;
  throw notRemote(operation);
}

/** @throws CONNECTION_RELEASED */
export function checkOpen(handle: Handle): void {
  if (!(handle instanceof ConnectionHandle) || !handle.isReleased) return;
  throw new DatabaseError('CONNECTION_RELEASED', 'Connection has been released.', {
    kind: 'connection-has-been-released',
  });
}

/** What is asked of a peer has to have a place in the protocol. */
export function notRemote(operation: string): DatabaseError {
  return new DatabaseError(
    'BAD_USER_INPUT',
    `${operation} is not supported for remote connections.`,
    { kind: 'remote-not-supported', data: { function: operation } },
  );
}

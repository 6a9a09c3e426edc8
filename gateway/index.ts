/** The door of the gateway: the HTTP application, and the three kinds of process. */
export type { App, AppOptions } from './http/app.ts';
export { createApp } from './http/app.ts';
export type {
  EntityRef,
  Extension,
  ExtensionContext,
  ExtensionRoute,
  FieldResolver,
  Loader,
  LoadBatch,
  Resolve,
  RouteAnswer,
  RouteRequest,
  Transaction,
  Transacted,
} from './extend/extension.ts';
export { defineExtension } from './extend/extension.ts';
export type { DatabasePorts, DatabaseSource } from './served-database.ts';
export type { RunningProcess } from './processes.ts';
export { startAll, startGateway, startWriterProcess } from './processes.ts';

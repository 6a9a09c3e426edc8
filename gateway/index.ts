/** The door of the gateway: the HTTP application, and the three kinds of process. */
export type { App, AppOptions } from './http/app.ts';
export { createApp } from './http/app.ts';
export type { DatabasePorts, DatabaseSource } from './served-database.ts';
export type { RunningProcess } from './processes.ts';
export { startAll, startGateway, startWriterProcess } from './processes.ts';

/** Database values as those read them who hold a connection: views of time, indices, queries, pulls. */
export {
  TX0,
  asOf,
  countDatoms,
  datoms,
  explain,
  history,
  pull,
  pullMany,
  qWithin,
  since,
} from '../engine/index.ts';
export type { Datom, Db, QueryInput, TimePoint } from '../engine/index.ts';

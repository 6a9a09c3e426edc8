/** Answers as data, in which objects are tagged elements. */
import type { Datom, Db, EdnData, EntityValue } from '../../engine/index.ts';
import { EdnDouble, EdnList, Entity, kw } from '../../engine/index.ts';
import { Tagged } from '../../schema/value.ts';
import type { Answer, DatabaseReport } from './live.ts';
import {
  DatabaseEntity,
  DatabaseValue,
  FoundDatoms,
  HANDLE,
  OpenedDatabase,
  Reported,
  TAGS,
} from './live.ts';

/** What differs between the formats. */
export interface WireNames {
  readonly datom: string;
  readonly report: string;
  /** Whether an entity is written with all that it says, or as its id alone. */
  readonly hasWholeEntities: boolean;
}

export async function printAnswer(answer: Answer, names: WireNames): Promise<EdnData> {
  if (answer instanceof OpenedDatabase || answer instanceof DatabaseValue) return answer.handle;
  if (answer instanceof FoundDatoms) return printFound(answer, names);
  if (answer instanceof Reported) return printReport(answer.report, names);
  if (answer instanceof DatabaseEntity)
    return names.hasWholeEntities ? printEntity(answer) : idOf(answer.entity);
  return answer;
}

/** Where nothing is found in a database itself there is nothing; of a view there are no datoms. */
function printFound({ datoms, of }: FoundDatoms, names: WireNames): EdnData {
  if (datoms.length === 0 && of.handle.tag === TAGS.db) return null;
  return new EdnList(printDatoms(datoms, of.db, names));
}

const FLOATS: ReadonlySet<string | undefined> = new Set(['double', 'float']);

/** Datoms as tagged vectors; values of floating-point attributes are no integers for whoever tells the two apart. */
function printDatoms(
  datoms: ReadonlyArray<Datom>,
  { schema }: Db,
  names: WireNames,
): ReadonlyArray<Tagged> {
  return datoms.map((datom) => {
    const { e, attribute, v, tx, added } = datom;
    const isFloat = typeof v === 'number' && FLOATS.has(schema.attribute(datom.a)?.valueType);
    return new Tagged(names.datom, [e, attribute, isFloat ? new EdnDouble(v) : v, tx, added]);
  });
}

const REPORT = {
  before: kw('db-before'),
  after: kw('db-after'),
  txData: kw('tx-data'),
  tempids: kw('tempids'),
  txMeta: kw('tx-meta'),
} as const;

function printReport(
  { before, after, txData, tempids, txMeta }: DatabaseReport,
  names: WireNames,
): Tagged {
  return new Tagged(
    names.report,
    new Map<EdnData, EdnData>([
      [REPORT.before, before.handle],
      [REPORT.after, after.handle],
      [REPORT.txData, printDatoms(txData, after.db, names)],
      [REPORT.tempids, tempids],
      [REPORT.txMeta, txMeta],
    ]),
  );
}

/** An entity with all that it says; those that it refers to as their ids. */
async function printEntity({ entity, of }: DatabaseEntity): Promise<Tagged> {
  const entries = new Map<EdnData, EdnData>([[HANDLE.db, of.handle]]);
  for (const [attribute, value] of await entity.entries()) entries.set(attribute, shown(value));
  return new Tagged(TAGS.entity, entries.set(HANDLE.eid, entity.id));
}

function shown(value: EntityValue): EdnData {
  if (value instanceof Set) return new Set(Array.from(value as ReadonlySet<EntityValue>, shown));
  return value instanceof Entity ? idOf(value) : (value as EdnData);
}

function idOf({ id }: Entity): EdnData {
  return new Map<EdnData, EdnData>([[kw('db/id'), id]]);
}

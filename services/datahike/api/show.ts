/** Answers as plain JavaScript data, in which connections, databases and entities are objects. */
import type { Datom as EngineDatom, EdnData, EdnMap } from '../../../engine/index.ts';
import { EdnList, toJs } from '../../../engine/index.ts';
import { showJs } from '../../../schema/js.ts';
import type { Tagged } from '../../../schema/value.ts';
import type { RemotePeer } from '../http/client.ts';
import type { Answer, DatabaseReport } from '../live.ts';
import {
  DatabaseEntity,
  DatabaseValue,
  FoundDatoms,
  HANDLE,
  OpenedDatabase,
  Reported,
  TAGS,
} from '../live.ts';
import { ConnectionHandle, DatabaseHandle } from './handles.ts';
import type { Database } from './handles.ts';
import type { AnyDefinition } from './schema-types.ts';

/** One fact. `a` is a keyword's text, or a number in a database with `attribute-refs?`. */
export interface Datom {
  readonly e: number;
  readonly a: string | number;
  readonly v: unknown;
  readonly tx: number;
  readonly added: boolean;
}

/** What a transaction did. */
export interface TransactionReport<S extends AnyDefinition = AnyDefinition> {
  readonly 'db-before': Database<S>;
  readonly 'db-after': Database<S>;
  readonly 'tx-data': ReadonlyArray<Datom>;
  /** The ids that tempids were given, by their texts, and `db/current-tx`. */
  readonly tempids: Readonly<Record<string, number>>;
  readonly 'tx-meta': Readonly<Record<string, unknown>>;
}

export function showDatom({ e, attribute, v, tx, added }: EngineDatom): Datom {
  return { e, a: toJs(attribute) as string | number, v: toJs(v), tx, added };
}

export function showConnection(live: OpenedDatabase): ConnectionHandle {
  return new ConnectionHandle({ live, tagged: live.handle, peer: undefined });
}

export function showDatabase(live: DatabaseValue): DatabaseHandle {
  return new DatabaseHandle({ live, tagged: live.handle, peer: undefined });
}

export function showReport({
  before,
  after,
  txData,
  tempids,
  txMeta,
}: DatabaseReport): TransactionReport {
  return {
    'db-before': showDatabase(before),
    'db-after': showDatabase(after),
    'tx-data': txData.map(showDatom),
    tempids: toJs(tempids) as Readonly<Record<string, number>>,
    'tx-meta': toJs(txMeta) as Readonly<Record<string, unknown>>,
  };
}

/** What an operation answered in this process. */
export function showAnswer(answer: Answer): unknown {
  if (answer instanceof OpenedDatabase) return showConnection(answer);
  if (answer instanceof DatabaseValue) return showDatabase(answer);
  if (answer instanceof DatabaseEntity) return { 'db/id': answer.entity.id };
  if (answer instanceof FoundDatoms) return answer.datoms.map(showDatom);
  if (answer instanceof Reported) return showReport(answer.report);
  return toJs(answer);
}

const DATABASES: ReadonlySet<string> = new Set([
  TAGS.db,
  TAGS.history,
  TAGS.asOf,
  TAGS.since,
  TAGS.valid,
]);

/** What a peer answered. A record goes by the name of its class in some formats: `datahike.datom/Datom`, `datahike.db.TxReport`. */
export function showPeerAnswer(answer: EdnData, peer: RemotePeer): unknown {
  return showJs(answer, (tagged) => showTagged(tagged, peer));
}

function showTagged(tagged: Tagged, peer: RemotePeer): unknown {
  const { tag, value } = tagged;
  if (tag === TAGS.connection) return new ConnectionHandle({ tagged, live: undefined, peer });
  if (DATABASES.has(tag)) return new DatabaseHandle({ tagged, live: undefined, peer });
  if (tag.endsWith('Datom')) {
    const items = value instanceof EdnList ? value.items : (value as ReadonlyArray<EdnData>);
    const [e, a, v, tx, added] = items.map(toJs);
    return { e, a, v, tx, added };
  }
  if (tag === TAGS.entity) return { 'db/id': (value as EdnMap).get(HANDLE.eid) };
  return showPeerAnswer(value, peer);
}

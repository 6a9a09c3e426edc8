/** A transaction as bytes: one segment of the log. What it says is enough to move any reader forward without reading anything. */
import { ByteWriter } from '../codec/bytes.ts';
import { readBlock, sealBlock } from '../codec/block.ts';
import { decodeColumns, encodeColumns } from '../codec/columns-codec.ts';
import { columnsOf } from '../datom/columns-builder.ts';
import type { Datom } from '../datom/datom.ts';
import type { Db } from '../db/db.ts';
import { EvolvingDb } from '../db/evolving-db.ts';
import { datomOf, isAssertion } from '../novelty/change.ts';
import type { Change, Retraction } from '../novelty/change.ts';
import type { Suspended } from '../shared/suspend.ts';
import { PAUSE } from '../shared/suspend.ts';

export interface Segment {
  readonly tx: number;
  readonly maxEid: number;
  readonly changes: ReadonlyArray<Change>;
}

/** Part of the format: how each change is marked. */
const ASSERTED = 0;
const RETRACTED = 1;
const FORGOTTEN = 2;

export function encodeSegment({ tx, maxEid, changes }: Segment): Uint8Array {
  const logged = changes.filter(
    (change): change is Datom | Retraction => isAssertion(change) || change.kind !== 'purge',
  );
  return sealBlock((writer) => {
    writer.varint(tx);
    writer.varint(maxEid);
    writer.bytes(encodeMarks(logged, tx));
    encodeColumns(columnsOf(logged.map(datomOf)), writer);
  });
}

/** @throws STORE_CORRUPT */
export function decodeSegment(bytes: Uint8Array): Segment {
  return readBlock(bytes, (reader) => {
    const tx = reader.varint();
    const maxEid = reader.varint();
    const marks = reader.section();
    const columns = decodeColumns(reader);
    const changes = Array.from({ length: columns.length }, (_, row): Change => {
      const datom = columns.datom(row);
      const mark = marks.byte();
      if (mark === ASSERTED) return datom;
      const assertedTx = tx - marks.signed();
      return { kind: 'retract', datom, assertedTx, keepsHistory: mark === RETRACTED };
    });
    return { tx, maxEid, changes };
  });
}

/** The next database value. A segment has to follow: `segment.tx > db.maxTx`. */
export function* applySegment(db: Db, { tx, maxEid, changes }: Segment): Suspended<Db> {
  const evolving = new EvolvingDb(db, tx);
  for (const [i, change] of changes.entries()) {
    evolving.apply(change);
    if (i % CHANGES_PER_PAUSE === CHANGES_PER_PAUSE - 1) yield PAUSE;
  }
  yield PAUSE;
  return yield* evolving.finish(maxEid);
}

/** A few milliseconds of work. */
const CHANGES_PER_PAUSE = 1_024;

function encodeMarks(changes: ReadonlyArray<Datom | Retraction>, tx: number): Uint8Array {
  const writer = new ByteWriter();
  for (const change of changes) {
    if (isAssertion(change)) writer.byte(ASSERTED);
    else {
      writer.byte(change.keepsHistory ? RETRACTED : FORGOTTEN);
      writer.signed(tx - change.assertedTx);
    }
  }
  return writer.take();
}

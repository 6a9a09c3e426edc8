/** Blocks of rows: built piece by piece, stored, and looked at in any order. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByteReader, ByteWriter } from '../../engine/codec/bytes.ts';
import { decodeColumns, encodeColumns } from '../../engine/codec/columns-codec.ts';
import type { Columns } from '../../engine/datom/columns.ts';
import { ColumnsBuilder, columnsOf } from '../../engine/datom/columns-builder.ts';
import { Datom } from '../../engine/datom/datom.ts';
import { datomsOver } from '../model/datoms.ts';
import { exactly, values } from '../model/values.ts';
import { runs } from '../support/runs.ts';

const rows = fc
  .array(fc.tuple(datomsOver(2 ** 31 - 1), values), { maxLength: 120 })
  .map((pairs) => pairs.map(([{ e, a, tx, added }, v]) => new Datom(e, a, v, tx, added)));

/** Values keep what they were asked for, which is not to be compared. */
function said({ e, a, v, tx, added }: Datom): unknown {
  return [e, a, exactly(v), tx, added];
}

function stored(columns: Columns): Columns {
  const writer = new ByteWriter();
  encodeColumns(columns, writer);
  return decodeColumns(new ByteReader(writer.take()));
}

it('a stored row says the same whichever rows were looked at before it', () => {
  fc.assert(
    fc.property(rows, fc.array(fc.nat(), { maxLength: 8 }), (datoms, looks) => {
      const columns = stored(columnsOf(datoms));
      expect(columns.length).toBe(datoms.length);
      for (const look of looks) {
        if (datoms.length === 0) break;
        const row = look % datoms.length;
        expect(said(columns.datom(row))).toEqual(said(datoms[row]!));
      }
      expect(columns.v.map(exactly)).toEqual(datoms.map(({ v }) => exactly(v)));
    }),
    runs(500),
  );
});

it('rows that are taken a few at a time are those that were pushed', () => {
  const takes = fc.array(fc.nat(40), { maxLength: 6 });
  fc.assert(
    fc.property(rows, takes, fc.integer({ min: 0, max: 5 }), (datoms, counts, spare) => {
      const builder = new ColumnsBuilder(datoms.length + spare);
      for (const datom of datoms) builder.push(datom);
      const taken: Datom[] = [];
      for (const count of [...counts, undefined]) {
        const columns = builder.take(
          count === undefined ? undefined : Math.min(count, builder.length),
        );
        for (let row = 0; row < columns.length; row++) taken.push(columns.datom(row));
      }
      expect(builder.length).toBe(0);
      expect(taken).toEqual(datoms);
    }),
    runs(500),
  );
});

it.each([0, 1, 20])('a builder that is made for %i rows takes no more', (capacity) => {
  const builder = new ColumnsBuilder(capacity);
  const row = new Datom(1, 0, 'x', 1, true);
  for (let i = 0; i < capacity; i++) builder.push(row);
  expect(() => builder.push(row)).toThrow(`Expected ${capacity} rows at most`);
});

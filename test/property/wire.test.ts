/** What the wire formats of Datahike carry comes out as it went in, as far as a format can say it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printEdn } from '../../schema/edn-print.ts';
import { readTransit, printTransit } from '../../schema/wire/transit.ts';
import { data } from '../model/values.ts';

const TAGS = new Set(['datahike/DB']);

describe('transit', () => {
  it('is read back as equal data', () => {
    fc.assert(
      fc.property(data, (datum) => {
        expect(printEdn(readTransit(printTransit(datum), { tags: TAGS }))).toBe(printEdn(datum));
      }),
      { numRuns: 2_000 },
    );
  });
});

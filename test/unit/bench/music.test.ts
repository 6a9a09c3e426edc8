import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { generateMusic, tableToText } from '../../bench/music/generate.ts';
import type { TableName } from '../../bench/music/generate.ts';

/** Of the tables at scale 1, as the generator wrote them whose figures for PostGraphile are compared with ours. */
const HASHES: ReadonlyArray<readonly [table: TableName, rows: number, sha256: string]> = [
  ['artist', 2_000, '33819f15647a80948f0d91a2552a0bb4fb1365e3fd048062b4b3da4c46894db0'],
  ['track', 100_000, '85a3762c7555ebaab07a2dc2947d0139416e2810b29182702d02ca0f8fe50364'],
  ['employee', 8, '608a6e188a07620ba564420691e4555edb64d4cc3df3f6372071513283c98799'],
  ['customer', 600, '3a612501f2e70ff84c30cb580000f54785bf391dc578cbd7a9ca4efecffcef5b'],
  ['invoice', 5_000, '775787749b81487cf2c99b5e0c603e0294c7cef71c99e70936f7f8e1aa8f59b5'],
  ['invoice_line', 27_479, '815c1903f22906d7237bf965ce08bc3b787adcef50ebc1698f97c4ccce46b875'],
  ['playlist', 18, 'b88a580498161953c3bf84370e2dea4a4ef12a35cc53b60856c7ca15b76b14a0'],
  ['playlist_track', 8_979, 'ec3457239d557d8712e34e363ef8bf6ee20db4a2617284088ab40dc4ec43270c'],
];

describe('the music of the gateway bench', () => {
  const music = generateMusic();

  it.each(HASHES)('%s is what it always was', (table, rows, sha256) => {
    expect(music[table]).toHaveLength(rows);
    expect(createHash('sha256').update(tableToText(music[table])).digest('hex')).toBe(sha256);
  });
});

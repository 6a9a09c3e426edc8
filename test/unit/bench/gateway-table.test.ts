import { describe, expect, it } from 'vitest';
import type { Measured } from '../../bench/load/load.ts';
import { gatewayFigures, measuredLines, othersLine } from '../../bench/gateway/table.ts';
import type { MeasuredShape } from '../../bench/gateway/table.ts';

function round(requestsPerSecond: number, p99Ms: number, others = 0): Measured {
  return {
    ...{ requestsPerSecond, p50Ms: 1, p99Ms, others, generator: 0.25 },
    ...{ serverMs: 0.5, postgresMs: NaN },
  };
}

const SHAPE: MeasuredShape = {
  name: 'point',
  what: 'a track by its number',
  sizes: { ours: 127, theirs: 95 },
  ours: [round(3_000, 30), round(1_000, 10), round(2_000, 20)],
  theirs: [round(500, 50, 0.1), round(400, 40), round(600, 60)],
  bare: round(40_000, 2),
};

describe('the figures of the gateway bench', () => {
  it('are medians of rounds, and their ratios', () => {
    const cells = measuredLines(SHAPE).map((line) => line.trim().split(/\s{2,}/));
    expect(cells).toEqual([
      ['point', 'ours', '2,000', '4.00', '1.00', '20.0', '2.50', '0.500', '-', '127'],
      ['PostGraphile', '500', '1.00', '50.0', '0.500', '-', '95.0'],
      ['bare node:http', '40,000', '1.00', '2.00', '0.500', '-', '127'],
    ]);
  });

  it('say what they were measured with, and beside what', () => {
    const figures = gatewayFigures([SHAPE]);
    expect(figures).toMatch(/with Node v[\d.]+, PostGraphile 5\.[\d.]+, on/);
    expect(figures).toContain(othersLine([SHAPE]));
    expect(othersLine([SHAPE])).toMatch(/ 0 % of the machine .* and 10 % in the worst.* 25 % /);
    expect(figures).toContain('- **point**: a track by its number.');
    expect(figures).toContain('| point | ours | 2,000 | 4.00 |');
  });
});
